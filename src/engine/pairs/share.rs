//! How the targets of a sum are shared out among workers.

use crate::scalar::pair_memory::{GROUP, GROUPS_AT_ONCE};

/// Targets that a kernel takes side by side: a share of other than a multiple of these has places to fill.
const UNIT: usize = GROUP * GROUPS_AT_ONCE;
/// Milliseconds below which a clock that counts them says too little.
const SHORTEST: f64 = 4.0;
/// Weight of the latest observation; those before it have the rest.
const LATEST: f64 = 0.25;
/// How much less than the fastest worker gets the slowest, at most: it goes on being observed.
const SLOWEST: f64 = 0.25;

/// How many pairs a worker sums in a millisecond, as seen lately.
///
/// Cores are not alike: some are made to be frugal, two may be threads of one, and other programs take their part. With equal
/// shares all would wait for the slowest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pace(Option<f64>);

impl Pace {
    /// What is known after so many pairs have taken so long. Times that are too short to tell change nothing.
    pub fn after(self, pairs: f64, milliseconds: f64) -> Self {
        if pairs <= 0.0 || !milliseconds.is_finite() || milliseconds < SHORTEST {
            return self;
        }
        let latest = pairs / milliseconds;
        Self(Some(self.0.map_or(latest, |before| before + LATEST * (latest - before))))
    }
}

/// How many of the targets each worker gets, in proportion to the paces: whole multiples of what a kernel takes side by
/// side, but for the last that gets any. A worker of unknown pace is as fast as the fastest.
pub fn shares(targets: usize, paces: &[Pace]) -> Vec<usize> {
    let fastest = paces.iter().filter_map(|pace| pace.0).fold(0.0, f64::max);
    let fastest = if fastest > 0.0 { fastest } else { 1.0 };
    let weights: Vec<f64> = paces.iter().map(|pace| pace.0.unwrap_or(fastest).max(SLOWEST * fastest)).collect();
    let all: f64 = weights.iter().sum();
    let (mut before, mut weight) = (0, 0.0);
    let share = |own: &f64| {
        weight += own;
        let units = (targets as f64 * weight / all / UNIT as f64).round() as usize;
        let begin = std::mem::replace(&mut before, (units * UNIT).min(targets));
        before - begin
    };
    let mut shares: Vec<usize> = weights.iter().map(share).collect();
    // Rounding may have left some over.
    if let Some(last) = shares.last_mut() {
        *last += targets - before;
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_whole_and_in_proportion() {
        let [slow, fast] = [1e5, 3e5].map(|pairs| Pace::default().after(pairs, 10.0));
        assert_eq!(shares(4096, &[Pace::default(); 2]), [2040, 2056]);
        assert_eq!(shares(4096, &[fast, slow]), [3072, 1024]);
        // The one that is not known is taken for fast.
        assert_eq!(shares(4096, &[slow, Pace::default(), fast]), [576, 1776, 1744]);
        for targets in [0, 1, 23, 24, 25, 1000] {
            let shares = shares(targets, &[fast, slow, fast]);
            assert_eq!(shares.iter().sum::<usize>(), targets);
            let end = shares.iter().rposition(|share| *share > 0).unwrap_or(0);
            assert!(shares[..end].iter().all(|share| share.is_multiple_of(UNIT)), "{shares:?}");
        }
        assert_eq!(shares(7, &[]), [] as [usize; 0]);
    }

    #[test]
    fn a_pace_follows_what_is_seen() {
        let mut pace = Pace::default().after(1e6, 10.0);
        assert_eq!(pace.after(1e6, 1.0), pace);
        assert_eq!(pace.after(1e6, f64::NAN), pace);
        (0..40).for_each(|_| pace = pace.after(5e5, 10.0));
        assert!(pace.0.is_some_and(|pairs| (pairs - 5e4).abs() < 5.0), "{pace:?}");
        // Stopped for a second, it still gets a quarter of the other's share.
        let stalled = Pace::default().after(1e3, 1e3);
        assert_eq!(shares(4800, &[pace, stalled]), [3840, 960]);
    }
}
