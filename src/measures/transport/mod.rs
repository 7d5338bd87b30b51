//! Optimal transport between clouds.

/// W2 of two clouds of as many points.
pub fn w2(_: &[super::Point], _: &[super::Point]) -> Option<f64> {
    None
}
