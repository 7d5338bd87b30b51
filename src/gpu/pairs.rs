//! Sums over all pairs of points on the graphics processor, again and again for the same numbers of points.

use super::kernel::{AT_ONCE, AT_ONCE_SOFTWARE, Buffers, Compiled, MOST_WORKGROUPS};
use super::{Gpu, GpuError};
use crate::engine::pairs::{PairLayout, PairTape};
use crate::measures::{PairSums, Point, Source};
use crate::scalar::pair_memory::BLOCK;
use crate::tape::wgsl::WORKGROUP;
use std::ops::Range;
use wgpu::BindGroup;

/// A function of a pair that is ready to be summed on the processor that compiled it, with the buffers of the last sums.
pub struct PairRunner {
    compiled: Compiled,
    /// For the numbers of points of the last sums; taken while they are in use.
    room: Option<Room>,
}

struct Room {
    layout: PairLayout,
    buffers: Buffers,
    bindings: BindGroup,
}

/// Which targets and sources a dispatch takes. Twin of `Span` in `src/tape/wgsl/pairs.wgsl`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Span {
    targets: Range<u32>,
    sources: Range<u32>,
}

impl Span {
    fn bytes(&self) -> Vec<u8> {
        let words = [self.targets.start, self.targets.end, self.sources.start, self.sources.end];
        words.into_iter().flat_map(u32::to_le_bytes).collect()
    }
}

/// Dispatches for all pairs, each of so many operations at most, or of a workgroup and a block of sources. Sources come in
/// their order, and in whole blocks, so that sums do not depend on how they are cut.
fn spans(layout: PairLayout, operations: u64, software: bool) -> Vec<Span> {
    let budget = if software { AT_ONCE_SOFTWARE } else { AT_ONCE };
    let pairs = budget / operations.max(1);
    let (all_targets, all_sources) = (layout.targets as u32, layout.sources as u32);
    // As many sources as one workgroup can take, then as many workgroups.
    let block = BLOCK as u64;
    let sources = (pairs / u64::from(WORKGROUP) / block).clamp(1, u64::from(u32::MAX) / block) * block;
    let taken = sources.min(u64::from(all_sources).max(1));
    let workgroups = (pairs / taken / u64::from(WORKGROUP)).clamp(1, MOST_WORKGROUPS) as usize;
    let parts = |end: u32, step: usize| {
        (0..end).step_by(step).map(move |first| first..end.min(first.saturating_add(step as u32)))
    };
    let mut spans = Vec::new();
    for targets in parts(all_targets, workgroups * WORKGROUP as usize) {
        spans.extend(parts(all_sources, sources as usize).map(|sources| Span { targets: targets.clone(), sources }));
    }
    spans
}

impl Gpu {
    /// Compiles a function of a pair.
    pub async fn compile_pairs(&self, tape: &PairTape) -> Result<PairRunner, GpuError> {
        let compiled = self.compile(&tape.print_wgsl(), tape.operations()).await?;
        Ok(PairRunner { compiled, room: None })
    }

    /// The sums of every target over all sources in single precision, in parts that are short. Buffers are kept for the next
    /// sums of as many points. Dropping the future ends it after the part that is under way.
    pub async fn sum_pairs(
        &self,
        runner: &mut PairRunner,
        parameter: f64,
        targets: &[Point],
        sources: &[Source],
    ) -> Result<Vec<PairSums>, GpuError> {
        if targets.is_empty() || sources.is_empty() {
            return Ok(vec![PairSums::default(); targets.len()]);
        }
        let layout = PairLayout { targets: targets.len(), sources: sources.len() };
        let room = match runner.room.take().filter(|room| room.layout == layout) {
            Some(room) => room,
            None => self.make_room(&runner.compiled, layout).await?,
        };
        self.queue.write_buffer(&room.buffers.memory, 0, &layout.image(parameter, targets, sources));
        let spans = spans(layout, runner.compiled.operations, self.is_software());
        for (place, span) in spans.iter().enumerate() {
            if place > 0 {
                self.done().await?;
            }
            let workgroups = (span.targets.end - span.targets.start).div_ceil(WORKGROUP);
            self.dispatch(&runner.compiled, &room.buffers, &room.bindings, &span.bytes(), workgroups);
        }
        let sums = layout.read(&self.read(&room.buffers, layout.sums()).await?);
        runner.room = Some(room);
        Ok(sums)
    }

    async fn make_room(&self, compiled: &Compiled, layout: PairLayout) -> Result<Room, GpuError> {
        let (bytes, most) = (layout.bytes() as u64, self.largest_memory());
        if bytes > most {
            return Err(GpuError::TooLarge { bytes, most });
        }
        let length = layout.sums().len() as u64;
        let (buffers, bindings) =
            self.tried(bytes + length, || self.set_up(compiled, bytes, length), GpuError::Failed).await?;
        Ok(Room { layout, buffers, bindings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether each pair is taken once, and by dispatches that are short.
    fn covers(layout: PairLayout, operations: u64, software: bool) -> usize {
        let spans = spans(layout, operations, software);
        let budget = if software { AT_ONCE_SOFTWARE } else { AT_ONCE };
        let mut taken = 0;
        for Span { targets, sources } in &spans {
            assert!(targets.start < targets.end && sources.start < sources.end);
            assert!((sources.start as usize).is_multiple_of(BLOCK));
            let pairs = u64::from(targets.end - targets.start) * u64::from(sources.end - sources.start);
            assert!(pairs * operations <= budget.max(operations * u64::from(WORKGROUP) * BLOCK as u64), "{layout:?}");
            assert!((targets.end - targets.start).div_ceil(WORKGROUP) as u64 <= MOST_WORKGROUPS);
            taken += pairs;
        }
        assert_eq!(taken, (layout.targets * layout.sources) as u64, "{layout:?}");
        spans.len()
    }

    #[test]
    fn dispatches_cover_all_pairs_and_are_short() {
        let cloud = |targets, sources| PairLayout { targets, sources };
        assert_eq!(covers(cloud(4096, 4096), 60, false), 1);
        assert_eq!(covers(cloud(4096, 4096), 60, true), 11);
        assert_eq!(covers(cloud(1, 1), 60, true), 1);
        assert!(covers(cloud(100, 1_000_003), 1000, true) > 100);
        assert_eq!(covers(cloud(1000, 100), u64::MAX / 10_000_000, true), 16 * 2);
        assert_eq!(covers(cloud(5_000_000, 1), 1, false), 2);
    }
}
