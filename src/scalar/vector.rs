//! A vector of scalars, without the heap in two dimensions.

use super::Real;
use std::ops::{Add, AddAssign, Index, IndexMut, Mul, Neg, Sub, SubAssign};

/// A point, a gradient, a state of an optimizer: `n` scalars with elementwise arithmetic.
///
/// Two entries live inline, any other number on the heap: a step in the plane is a few dozen operations, and the
/// allocator must not be what it costs. Operations on two vectors need equal lengths and panic otherwise.
#[derive(Clone, Debug)]
pub enum Vector<R> {
    /// A vector of the plane.
    Plane([R; 2]),
    /// A vector of any other length.
    Heap(Vec<R>),
}

impl<R: Real> Vector<R> {
    /// `n` zeros.
    #[inline]
    pub fn zeros(n: usize) -> Self {
        Self::filled(n, R::zero())
    }

    /// `n` times `value`.
    #[inline]
    pub fn filled(n: usize, value: R) -> Self {
        if n == 2 { Self::Plane([value; 2]) } else { Self::Heap(vec![value; n]) }
    }

    /// Entry `i` is `entry(i)`.
    pub fn from_fn(n: usize, mut entry: impl FnMut(usize) -> R) -> Self {
        if n == 2 { Self::Plane([entry(0), entry(1)]) } else { Self::Heap((0..n).map(entry).collect()) }
    }

    /// A copy of the slice.
    pub fn from_slice(entries: &[R]) -> Self {
        Self::from_fn(entries.len(), |i| entries[i])
    }

    /// The entries.
    #[inline]
    pub fn as_slice(&self) -> &[R] {
        match self {
            Self::Plane(entries) => entries,
            Self::Heap(entries) => entries,
        }
    }

    /// The entries, to be changed in place.
    #[inline]
    pub fn as_mut_slice(&mut self) -> &mut [R] {
        match self {
            Self::Plane(entries) => entries,
            Self::Heap(entries) => entries,
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
        match self {
            Self::Plane([a, b]) => Self::Plane([f(*a), f(*b)]),
            Self::Heap(entries) => Self::Heap(entries.iter().map(|&a| f(a)).collect()),
        }
    }

    /// `f` of every pair of entries.
    #[inline]
    pub fn zip_map(&self, other: &Self, f: impl Fn(R, R) -> R) -> Self {
        match (self, other) {
            (Self::Plane([a, b]), Self::Plane([c, d])) => Self::Plane([f(*a, *c), f(*b, *d)]),
            _ => {
                assert_eq!(self.len(), other.len(), "vectors of different lengths");
                Self::Heap(self.as_slice().iter().zip(other.as_slice()).map(|(&a, &b)| f(a, b)).collect())
            }
        }
    }

    /// Sum of the products of the entries.
    #[inline]
    pub fn dot(&self, other: &Self) -> R {
        match (self, other) {
            (Self::Plane([a, b]), Self::Plane([c, d])) => *a * *c + *b * *d,
            _ => self.zip_map(other, |a, b| a * b).sum(),
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

impl<R> Index<usize> for Vector<R> {
    type Output = R;
    #[inline]
    fn index(&self, i: usize) -> &R {
        match self {
            Self::Plane(entries) => &entries[i],
            Self::Heap(entries) => &entries[i],
        }
    }
}

impl<R> IndexMut<usize> for Vector<R> {
    #[inline]
    fn index_mut(&mut self, i: usize) -> &mut R {
        match self {
            Self::Plane(entries) => &mut entries[i],
            Self::Heap(entries) => &mut entries[i],
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
    fn from(entries: [R; 2]) -> Self {
        Self::Plane(entries)
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
