//! Lists of numbers read piece by piece: what crosses from a worker to the page.

/// What has not been read yet.
pub(super) struct Rest<'a>(pub &'a [f64]);

impl<'a> Rest<'a> {
    /// The next `count` numbers.
    pub fn take(&mut self, count: usize) -> Option<&'a [f64]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// The next numbers, as many as wanted.
    pub fn array<const N: usize>(&mut self) -> Option<[f64; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A length, which comes before what it is the length of.
    pub fn count(&mut self) -> Option<usize> {
        self.array().map(|[count]: [f64; 1]| count as usize)
    }

    /// A list after its length.
    pub fn list(&mut self) -> Option<&'a [f64]> {
        let count = self.count()?;
        self.take(count)
    }
}
