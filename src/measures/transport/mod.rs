//! Optimal transport between clouds.
