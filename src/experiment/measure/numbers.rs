//! A trace as lists of numbers, for the way from a worker to the page: rows as they come, and how it ended.

use super::{MeasureOutcome, MeasureTrace, Row};
use crate::experiment::numbers::Rest;
use crate::optimizers::flows::Notice;
use crate::problems::measure::MeasureCalls;
use std::sync::Arc;

/// Numbers of a row before its lists.
const FIXED: usize = 19;

impl MeasureTrace {
    /// The rows from number `from` on, with everything else there is to tell, as [`MeasureTrace::read_numbers`] reads it.
    pub fn to_numbers(&self, from: usize) -> Vec<f64> {
        let mut out = vec![from as f64, (self.rows.len() - from.min(self.rows.len())) as f64];
        for row in self.rows.iter().skip(from) {
            let [mx, my] = row.mean;
            let [xx, xy, yy] = row.covariance;
            let [lx, ly] = row.landmark.unwrap_or([f64::NAN; 2]);
            let MeasureCalls { value, gradient, pairs } = row.calls;
            out.extend([f64::from(row.step), row.time, row.energy, row.divergence, row.distance, row.w2]);
            out.extend([mx, my, xx, xy, yy, row.gauge, lx, ly, value as f64, gradient as f64, pairs as f64]);
            out.extend([row.cloud.len() as f64, row.density.0 as f64]);
            out.extend(row.cloud.as_flattened());
            out.push(row.density.1.len() as f64);
            out.extend(&row.density.1);
        }
        out.push(self.notices.len() as f64);
        out.extend(
            self.notices.iter().filter_map(|n| Notice::ALL.iter().position(|known| known == n)).map(|n| n as f64),
        );
        out.push(self.memory as f64);
        out.extend(match self.outcome {
            MeasureOutcome::Reached { distance, level } => [0.0, distance, level],
            MeasureOutcome::Gathered { at: [x, y] } => [1.0, x, y],
            MeasureOutcome::Settled { energy } => [2.0, energy, 0.0],
            MeasureOutcome::Diverged { step } => [3.0, f64::from(step), 0.0],
            MeasureOutcome::OutOfBudget => [4.0, 0.0, 0.0],
        });
        out
    }

    /// Adds what [`MeasureTrace::to_numbers`] wrote to what is known of the trace already. `None`, and nothing changed, for
    /// anything else, and where rows in between are missing.
    pub fn read_numbers(&mut self, numbers: &[f64]) -> Option<()> {
        let mut rest = Rest(numbers);
        let from = rest.count()?;
        let mut rows = Vec::new();
        for _ in 0..rest.count()? {
            let [
                step,
                time,
                energy,
                divergence,
                distance,
                w2,
                mx,
                my,
                xx,
                xy,
                yy,
                gauge,
                lx,
                ly,
                value,
                gradient,
                pairs,
                count,
                columns,
            ]: [f64; FIXED] = rest.array()?;
            let cloud = rest.take(2 * count as usize)?.chunks_exact(2).map(|c| [c[0], c[1]]).collect();
            rows.push(Arc::new(Row {
                step: step as u32,
                time,
                cloud,
                energy,
                divergence,
                distance,
                w2,
                mean: [mx, my],
                covariance: [xx, xy, yy],
                gauge,
                landmark: lx.is_finite().then_some([lx, ly]),
                calls: MeasureCalls { value: value as u64, gradient: gradient as u64, pairs: pairs as u64 },
                density: (columns as usize, rest.list()?.to_vec()),
            }));
        }
        let notices = rest.list()?.iter().filter_map(|n| Notice::ALL.get(*n as usize).copied()).collect();
        let [memory, kind, a, b] = rest.array()?;
        if from > self.rows.len() {
            return None;
        }
        self.rows.truncate(from);
        self.rows.append(&mut rows);
        self.notices = notices;
        self.memory = memory as usize;
        self.outcome = match kind as u32 {
            0 => MeasureOutcome::Reached { distance: a, level: b },
            1 => MeasureOutcome::Gathered { at: [a, b] },
            2 => MeasureOutcome::Settled { energy: a },
            3 => MeasureOutcome::Diverged { step: a as u32 },
            _ => MeasureOutcome::OutOfBudget,
        };
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Link;
    use crate::experiment::measure::run_measure;

    #[test]
    fn a_trace_comes_through_piece_by_piece() {
        let link = "problem=measure_mixture;n=20&opt=svgd&steps=30";
        let run = run_measure(&Link::parse(link).experiment).expect("a listed problem");
        let trace = &run.traces[0];
        let mut read = MeasureTrace::default();
        let first = MeasureTrace { rows: trace.rows[..7].to_vec(), ..trace.clone() };
        assert_eq!(read.read_numbers(&first.to_numbers(0)), Some(()));
        assert_eq!(read.read_numbers(&trace.to_numbers(7)), Some(()));
        // NaN does not equal itself.
        assert_eq!(format!("{read:?}"), format!("{trace:?}"));
        let numbers = trace.to_numbers(7);
        assert_eq!(read.read_numbers(&numbers[..numbers.len() - 1]), None);
        assert_eq!(MeasureTrace::default().read_numbers(&numbers), None);
        assert_eq!(read.read_numbers(&[]), None);
    }
}
