//! The memory of a kernel that sums a function over all pairs of points: what those who print kernels and those who fill
//! their memory agree on.
//!
//! Single precision throughout. A *group* is four targets. In this order, all addresses in bytes from the beginning:
//! ```text
//! header    eight words: the parameter of the function, then addresses of x of the targets, y of the targets, the
//!           sources, and the first, second and third sum; the last word is not used
//! targets   x of all targets, then y of all: a group's are a register
//! sources   x, y and two more numbers of each source, one source after the other
//! sums      the first sum of all targets, then the second, then the third, as the targets are
//! ```
//! Targets fill whole multiples of [`GROUPS_AT_ONCE`] groups; the places that no target has repeat the last one. Sources are
//! as many as there are: one that is repeated would count twice, even with a weight of zero where the function has a pole.

/// Where the header has the parameter.
pub const PARAMETER: u32 = 0;
/// Where the header has the addresses of the targets' coordinates.
pub const TARGETS: [u32; 2] = [4, 8];
/// Where the header has the address of the sources.
pub const SOURCES: u32 = 12;
/// Where the header has the addresses of the sums.
pub const SUMS: [u32; 3] = [16, 20, 24];
/// Bytes of the header.
pub const HEADER: u32 = 32;
/// Bytes of a source.
pub const SOURCE: u32 = 16;
/// Targets of a group.
pub const GROUP: usize = 4;
/// Groups that a kernel takes side by side. Stein's kernel in Chromium 156 on a Xeon, the least of 60 times for each in turn,
/// beside that of four: two 1.25, three 1.11, six 0.90, eight 0.92.
pub const GROUPS_AT_ONCE: usize = 6;

/// Terms that are added up before their sum is added to the total.
///
/// Every addition errs by at most half a unit in the last place, u = 2^-24. In one long row a term goes through up to n
/// of them, so that the sum of n terms may be wrong by n u times the sum of their absolute values. In blocks a term goes
/// through at most 64 + ceil(n / 64), which is 128 for 4096 terms; Higham 2002, "Accuracy and Stability of Numerical
/// Algorithms", section 4.2. (Compensated summation would do better still, but WGSL lets compilers reassociate it away.)
pub const BLOCK: usize = 64;

/// What functions of a pair are recorded with, in this order: x and y of the target, x and y of the source, two more
/// numbers of the source, the parameter.
pub const INPUTS: usize = 7;
/// The first of the inputs that differ from source to source, and the first after them.
pub const SOURCE_INPUTS: std::ops::Range<u32> = 2..6;
