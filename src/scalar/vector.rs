//! A vector of scalars, without the heap in two dimensions.

use super::Real;
use std::fmt;
use std::ops::{Add, AddAssign, Index, IndexMut, Mul, Neg, Sub, SubAssign};

/// A point, a gradient, a state of an optimizer: `n` scalars with elementwise arithmetic.
///
/// Two entries live inline, any other number on the heap: a step in the plane is a few dozen operations, and the
/// allocator must not be what it costs. Operations on two vectors need equal lengths and panic otherwise.
///
/// The two cases lie side by side, not in an `enum`: the compiler keeps two numbers in registers through any number
/// of operations, while it copies an `enum` through memory as bytes. All loops over the heap are out of line, cold
/// (which keeps spilled registers out of the short path) and take slices (so that no vector's address escapes). What
/// is left of a step of Adam in the plane is the latency of its arithmetic.
#[derive(Clone, PartialEq)]
pub struct Vector<R> {
    /// The entries of a vector of the plane; zeros otherwise.
    plane: [R; 2],
    /// The entries of a vector of any other length.
    heap: Option<Box<[R]>>,
}

impl<R: Real> Vector<R> {
    /// A vector of the plane.
    #[inline]
    pub const fn plane(entries: [R; 2]) -> Self {
        Self { plane: entries, heap: None }
    }

    /// A vector of any length but two.
    #[inline]
    fn heap(entries: Box<[R]>) -> Self {
        Self { plane: [R::zero(); 2], heap: Some(entries) }
    }

    /// `n` zeros.
    #[inline]
    pub fn zeros(n: usize) -> Self {
        Self::filled(n, R::zero())
    }

    /// `n` times `value`.
    #[inline]
    pub fn filled(n: usize, value: R) -> Self {
        if n == 2 { Self::plane([value; 2]) } else { Self::heap(vec![value; n].into()) }
    }

    /// Entry `i` is `entry(i)`.
    pub fn from_fn(n: usize, mut entry: impl FnMut(usize) -> R) -> Self {
        if n == 2 { Self::plane([entry(0), entry(1)]) } else { Self::heap((0..n).map(entry).collect()) }
    }

    /// A copy of the slice.
    pub fn from_slice(entries: &[R]) -> Self {
        Self::from_fn(entries.len(), |i| entries[i])
    }

    /// The entries.
    #[inline]
    pub fn as_slice(&self) -> &[R] {
        match &self.heap {
            None => &self.plane,
            Some(entries) => entries,
        }
    }

    /// The entries, to be changed in place.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [R] {
        match &mut self.heap {
            None => &mut self.plane,
            Some(entries) => entries,
        }
    }

    /// Number of entries.
    #[inline]
    pub fn len(&self) -> usize {
        self.as_slice().len()
    }

    /// Whether there is no entry at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// `f` of every entry.
    #[inline]
    pub fn map(&self, f: impl Fn(R) -> R) -> Self {
        match &self.heap {
            None => Self::plane([f(self.plane[0]), f(self.plane[1])]),
            Some(entries) => Self::heap(map_heap(entries, f)),
        }
    }

    /// `f` of every pair of entries.
    #[inline]
    pub fn zip_map(&self, other: &Self, f: impl Fn(R, R) -> R) -> Self {
        match (&self.heap, &other.heap) {
            (None, None) => Self::plane([f(self.plane[0], other.plane[0]), f(self.plane[1], other.plane[1])]),
            (Some(a), Some(b)) => Self::heap(zip_heap(a, b, f)),
            _ => different_lengths(),
        }
    }

    /// Sum of the products of the entries.
    #[inline]
    pub fn dot(&self, other: &Self) -> R {
        match (&self.heap, &other.heap) {
            (None, None) => self.plane[0] * other.plane[0] + self.plane[1] * other.plane[1],
            (Some(a), Some(b)) => dot_heap(a, b),
            _ => different_lengths(),
        }
    }

    /// Sum of the entries, from the first to the last.
    #[inline]
    pub fn sum(&self) -> R {
        self.as_slice().iter().fold(R::zero(), |sum, &a| sum + a)
    }

    /// Euclidean norm.
    #[inline]
    pub fn norm(&self) -> R {
        self.dot(self).sqrt()
    }

    /// Elementwise square.
    #[inline]
    pub fn squared(&self) -> Self {
        self.map(|a| a * a)
    }
}

#[cold]
#[inline(never)]
fn map_heap<R: Real>(a: &[R], f: impl Fn(R) -> R) -> Box<[R]> {
    a.iter().map(|&a| f(a)).collect()
}

#[cold]
#[inline(never)]
fn zip_heap<R: Real>(a: &[R], b: &[R], f: impl Fn(R, R) -> R) -> Box<[R]> {
    assert_eq!(a.len(), b.len(), "vectors of different lengths");
    a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect()
}

#[cold]
#[inline(never)]
fn dot_heap<R: Real>(a: &[R], b: &[R]) -> R {
    assert_eq!(a.len(), b.len(), "vectors of different lengths");
    a.iter().zip(b).fold(R::zero(), |sum, (&a, &b)| sum + a * b)
}

#[cold]
#[inline(never)]
fn different_lengths() -> ! {
    panic!("vectors of different lengths")
}

impl<R: fmt::Debug> fmt::Debug for Vector<R> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match &self.heap {
            None => self.plane.fmt(f),
            Some(entries) => entries.fmt(f),
        }
    }
}

impl<R> Index<usize> for Vector<R> {
    type Output = R;
    #[inline]
    fn index(&self, i: usize) -> &R {
        match &self.heap {
            None => &self.plane[i],
            Some(entries) => &entries[i],
        }
    }
}

impl<R> IndexMut<usize> for Vector<R> {
    #[inline]
    fn index_mut(&mut self, i: usize) -> &mut R {
        match &mut self.heap {
            None => &mut self.plane[i],
            Some(entries) => &mut entries[i],
        }
    }
}

/// An operator between two vectors, for every mixture of owned and borrowed.
macro_rules! elementwise {
    ($operator:ident, $method:ident, $symbol:tt) => {
        impl<R: Real> $operator<&Vector<R>> for &Vector<R> {
            type Output = Vector<R>;
            #[inline]
            fn $method(self, other: &Vector<R>) -> Vector<R> {
                self.zip_map(other, |a, b| a $symbol b)
            }
        }
        impl<R: Real> $operator<Vector<R>> for &Vector<R> {
            type Output = Vector<R>;
            #[inline]
            fn $method(self, other: Vector<R>) -> Vector<R> {
                self $symbol &other
            }
        }
        impl<R: Real> $operator<&Vector<R>> for Vector<R> {
            type Output = Vector<R>;
            #[inline]
            fn $method(self, other: &Vector<R>) -> Vector<R> {
                &self $symbol other
            }
        }
        impl<R: Real> $operator<Vector<R>> for Vector<R> {
            type Output = Vector<R>;
            #[inline]
            fn $method(self, other: Vector<R>) -> Vector<R> {
                &self $symbol &other
            }
        }
    };
}

elementwise!(Add, add, +);
elementwise!(Sub, sub, -);

impl<R: Real> Mul<R> for &Vector<R> {
    type Output = Vector<R>;
    #[inline]
    fn mul(self, factor: R) -> Vector<R> {
        self.map(|a| a * factor)
    }
}

impl<R: Real> Mul<R> for Vector<R> {
    type Output = Vector<R>;
    #[inline]
    fn mul(self, factor: R) -> Vector<R> {
        &self * factor
    }
}

impl<R: Real> Neg for &Vector<R> {
    type Output = Vector<R>;
    #[inline]
    fn neg(self) -> Vector<R> {
        self.map(|a| -a)
    }
}

impl<R: Real> Neg for Vector<R> {
    type Output = Vector<R>;
    #[inline]
    fn neg(self) -> Vector<R> {
        -&self
    }
}

impl<R: Real> AddAssign<Vector<R>> for Vector<R> {
    #[inline]
    fn add_assign(&mut self, other: Vector<R>) {
        *self = &*self + other;
    }
}

impl<R: Real> SubAssign<Vector<R>> for Vector<R> {
    #[inline]
    fn sub_assign(&mut self, other: Vector<R>) {
        *self = &*self - other;
    }
}

impl<R: Real> From<[R; 2]> for Vector<R> {
    #[inline]
    fn from(entries: [R; 2]) -> Self {
        Self::plane(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inline_and_heap_vectors_compute_alike() {
        for n in [1, 2, 5] {
            let a = Vector::from_fn(n, |i| i as f64 + 0.5);
            let b = Vector::from_fn(n, |i| 2.0 - i as f64);
            let c = &a * 2.0 + &b - a.squared();
            for i in 0..n {
                assert_eq!(c[i], a[i] * 2.0 + b[i] - a[i] * a[i]);
            }
            assert_eq!(a.dot(&b), (0..n).map(|i| a[i] * b[i]).sum::<f64>());
        }
    }

    #[test]
    #[should_panic(expected = "different lengths")]
    fn unequal_lengths_are_a_bug() {
        let _ = Vector::<f64>::zeros(2) + Vector::<f64>::zeros(3);
    }
}
