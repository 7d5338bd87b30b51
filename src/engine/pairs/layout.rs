//! The memory of a kernel of pairs, filled and read.

use crate::measures::{MOST_EXTRAS, PairSums, Point, SUMS, Source};
use crate::scalar::pair_memory::{self as memory, GROUP, GROUPS_AT_ONCE};
use std::ops::Range;

/// The memory for so many targets and sources. [`pair_memory`](crate::scalar::pair_memory) describes it.
///
/// Functions of a pair depend on the difference of two points alone. So points are written as seen from a place in the
/// middle of the sources, subtracted in double precision: a cloud far from the origin keeps its digits. That place
/// depends on the sources only, so that targets may be shared out among several memories with the same sources, and get
/// the same sums to the last bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairLayout {
    /// How many targets there are.
    pub targets: usize,
    /// How many sources there are.
    pub sources: usize,
}

const _: () = assert!(SUMS == memory::SUMS.len());
const _: () = assert!(2 + MOST_EXTRAS == memory::SOURCE_INPUTS.end as usize - memory::SOURCE_INPUTS.start as usize);

/// Bytes of a number.
const NUMBER: usize = 4;

impl PairLayout {
    /// How many groups the targets fill.
    pub fn groups(self) -> usize {
        Self::groups_of(self.targets)
    }

    /// How many groups so many targets fill.
    pub fn groups_of(targets: usize) -> usize {
        targets.div_ceil(GROUP).next_multiple_of(GROUPS_AT_ONCE)
    }

    /// Bytes of a number of each target.
    fn plane(self) -> usize {
        self.groups() * GROUP * NUMBER
    }

    fn sources_begin(self) -> usize {
        memory::HEADER as usize + 2 * self.plane()
    }

    /// The part of the memory that holds the sums. What comes before is the image.
    pub fn sums(self) -> Range<usize> {
        let begin = self.sources_begin() + self.sources * memory::SOURCE as usize;
        begin..begin + SUMS * self.plane()
    }

    /// How many bytes the memory has.
    pub fn bytes(self) -> usize {
        self.sums().end
    }

    /// The memory before a run, up to where the sums begin: a run writes those and does not read them.
    ///
    /// # Panics
    /// When there are other numbers of targets or sources than it was made for.
    pub fn image(self, parameter: f64, targets: &[Point], sources: &[Source]) -> Vec<u8> {
        assert_eq!((targets.len(), sources.len()), (self.targets, self.sources), "a layout for as many points");
        let middle = middle(sources);
        let plane = self.plane();
        let addresses = [
            memory::HEADER as usize,
            memory::HEADER as usize + plane,
            self.sources_begin(),
            self.sums().start,
            self.sums().start + plane,
            self.sums().start + 2 * plane,
        ];
        let mut image = Vec::with_capacity(self.sums().start);
        image.extend((parameter as f32).to_le_bytes());
        addresses.into_iter().for_each(|address| image.extend((address as u32).to_le_bytes()));
        image.resize(memory::HEADER as usize, 0);
        for (axis, middle) in middle.into_iter().enumerate() {
            // The places that no target has repeat the last one.
            let places = (0..self.groups() * GROUP).map(|place| place.min(self.targets - 1));
            places.for_each(|place| image.extend(single(targets[place][axis] - middle)));
        }
        for source in sources {
            image.extend([0, 1].into_iter().flat_map(|axis| single(source.at[axis] - middle[axis])));
            image.extend(source.extras.into_iter().flat_map(single));
        }
        image
    }

    /// The sums of every target, from [`Self::sums`] of the memory; NaN where that is cut short.
    pub fn read(self, sums: &[u8]) -> Vec<PairSums> {
        let number = |sum: usize, target: usize| {
            let bytes = sums.get(sum * self.plane() + target * NUMBER..).and_then(|rest| rest.first_chunk());
            bytes.map_or(f64::NAN, |bytes| f64::from(f32::from_le_bytes(*bytes)))
        };
        (0..self.targets).map(|target| std::array::from_fn(|sum| number(sum, target))).collect()
    }
}

fn single(x: f64) -> [u8; NUMBER] {
    (x as f32).to_le_bytes()
}

/// The middle of the smallest box around all sources that lie at finite places; the origin if there are none.
fn middle(sources: &[Source]) -> Point {
    [0, 1].map(|axis| {
        let places = sources.iter().map(|source| source.at[axis]).filter(|x| x.is_finite());
        let (low, high) = places.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        if low <= high { low + 0.5 * (high - low) } else { 0.0 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(image: &[u8], at: u32) -> u32 {
        u32::from_le_bytes(std::array::from_fn(|k| image[at as usize + k]))
    }

    #[test]
    fn arrays_follow_each_other_and_begin_at_registers() {
        for (targets, sources) in [(0, 0), (1, 3), (8, 1), (9, 64), (1000, 0)] {
            let layout = PairLayout { targets, sources };
            let image =
                layout.image(2.5, &vec![[1.0, 2.0]; targets], &vec![Source::weighted([3.0, 4.0], 5.0); sources]);
            assert_eq!(f32::from_bits(word(&image, memory::PARAMETER)), 2.5);
            let [x, y] = memory::TARGETS.map(|at| word(&image, at));
            let plane = y - x;
            assert_eq!(x, memory::HEADER);
            assert_eq!(plane as usize, 16 * layout.groups());
            assert_eq!(word(&image, memory::SOURCES), y + plane);
            let sums = memory::SUMS.map(|at| word(&image, at));
            assert_eq!(sums[0], y + plane + 16 * sources as u32);
            assert_eq!((sums[1], sums[2]), (sums[0] + plane, sums[0] + 2 * plane));
            assert_eq!(image.len(), sums[0] as usize);
            assert_eq!(
                (layout.sums(), layout.bytes()),
                (image.len()..image.len() + 3 * plane as usize, layout.sums().end)
            );
            assert!(layout.groups().is_multiple_of(GROUPS_AT_ONCE) && layout.groups() * GROUP >= targets);
        }
    }

    #[test]
    fn points_are_seen_from_the_middle_of_the_sources() {
        let layout = PairLayout { targets: 1, sources: 2 };
        let sources = [Source::weighted([1e9, 0.0], 7.0), Source::weighted([1e9 + 2.0, -4.0], 8.0)];
        let image = layout.image(0.0, &[[1e9 + 3.0, 1.0]], &sources);
        let number = |at: u32| f32::from_bits(word(&image, at));
        assert_eq!(memory::TARGETS.map(|at| number(word(&image, at))), [2.0, 3.0]);
        let begin = word(&image, memory::SOURCES);
        let numbers: Vec<f32> = (0..8).map(|k| number(begin + 4 * k)).collect();
        assert_eq!(numbers, [-1.0, 2.0, 7.0, 0.0, 1.0, -2.0, 8.0, 0.0]);
    }

    #[test]
    fn a_source_at_no_place_moves_no_middle() {
        let nowhere = Source::weighted([f64::NAN, f64::INFINITY], 1.0);
        assert_eq!(middle(&[nowhere, Source::weighted([2.0, 4.0], 1.0)]), [2.0, 4.0]);
        assert_eq!((middle(&[nowhere]), middle(&[])), ([0.0; 2], [0.0; 2]));
    }

    #[test]
    fn sums_that_are_cut_short_are_no_numbers() {
        let layout = PairLayout { targets: 9, sources: 1 };
        let places = layout.groups() * GROUP;
        let sums: Vec<u8> = (0..3 * places as u16).flat_map(|k| f32::from(k).to_le_bytes()).collect();
        let read = layout.read(&sums);
        let of = |target: usize| [0, 1, 2].map(|sum| (sum * places + target) as f64);
        assert_eq!((read[0], read[8]), (of(0), of(8)));
        let cut = layout.read(&sums[..4 * (places + 8)]);
        assert!(cut[7][1] == of(7)[1] && cut[8][1].is_nan() && cut[0][2].is_nan());
    }
}
