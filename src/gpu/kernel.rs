//! Kernels on the graphics processor: compiled, and run in parts that are short.

use super::later::later;
use super::{Gpu, GpuError};
use crate::tape::wgsl::{ENTRY, WORKGROUP};
use std::ops::Range;
use wgpu::{BindGroup, Buffer, BufferUsages, ComputePipeline, MapMode};

/// A kernel that is ready to run, on the processor that compiled it.
pub struct Compiled {
    pipeline: ComputePipeline,
    /// Operations of a step, for telling how long a part takes.
    pub(super) operations: u64,
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// The memory before the run, as [`Layout::image`](crate::engine::Layout::image) makes it for single precision.
    pub image: &'a [u8],
    /// Points.
    pub points: usize,
    /// Steps of each.
    pub steps: u32,
    /// Steps that were taken before: the first has the number `done + 1`.
    pub done: u32,
    /// The part of the memory to return.
    pub outputs: Range<usize>,
}

/// Which points a dispatch takes, and how far. Twin of `Span` in `wgsl/kernel.wgsl`.
struct Span {
    first: u32,
    points: u32,
    steps: u32,
    done: u32,
}

const SPAN_BYTES: u64 = 16;

impl Span {
    fn bytes(&self) -> Vec<u8> {
        [self.first, self.points, self.steps, self.done].into_iter().flat_map(u32::to_le_bytes).collect()
    }
}

/// Operations that a dispatch may take. A system ends a dispatch, and with it the device, after about two seconds, and
/// until it is done the same processor draws no page. Software adapters do some 10^9 operations in a second, the slowest
/// graphics processors of today some 10^11; so this is a tenth of a second for either.
pub(super) const AT_ONCE: u64 = 10_000_000_000;
/// The same for a software adapter.
pub(super) const AT_ONCE_SOFTWARE: u64 = 100_000_000;
/// Workgroups of a dispatch at most: what every adapter has.
pub(super) const MOST_WORKGROUPS: u64 = 65_535;

/// How many points a dispatch takes, in whole workgroups and at least one of them.
fn points_at_once(operations: u64, steps: u32, software: bool) -> u32 {
    let budget = if software { AT_ONCE_SOFTWARE } else { AT_ONCE };
    let workgroup = u64::from(WORKGROUP) * operations.max(1) * u64::from(steps.max(1));
    (budget / workgroup).clamp(1, MOST_WORKGROUPS) as u32 * WORKGROUP
}

/// Buffers of a run, freed when they are dropped, also when it ends early. Not to be left to a browser's garbage collector, which
/// sees only the small objects that stand for them.
pub(super) struct Buffers {
    pub memory: Buffer,
    span: Buffer,
    returned: Buffer,
}

impl Drop for Buffers {
    fn drop(&mut self) {
        [&self.memory, &self.span, &self.returned].into_iter().for_each(Buffer::destroy);
    }
}

impl Gpu {
    /// Compiles a shader with the bindings that [`wgsl`](crate::tape::wgsl) describes. `operations` are those of a
    /// step, roughly: the nodes of its tape.
    pub async fn compile(&self, source: &str, operations: usize) -> Result<Compiled, GpuError> {
        let compile = || {
            let source = wgpu::ShaderSource::Wgsl(source.into());
            let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: None, source });
            self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: None,
                layout: None,
                module: &module,
                entry_point: Some(ENTRY),
                compilation_options: wgpu::PipelineCompilationOptions::default(),
                cache: None,
            })
        };
        let pipeline = self.tried(0, compile, GpuError::Shader).await?;
        Ok(Compiled { pipeline, operations: operations as u64 })
    }

    /// Runs a kernel over all points, in parts that are short, and returns the outputs. Dropping the future ends the run
    /// after the part that is under way.
    ///
    /// The image and the bounds of the outputs are multiples of four bytes, as a layout's are.
    pub async fn run(&self, kernel: &Compiled, run: &Run<'_>) -> Result<Vec<u8>, GpuError> {
        let (bytes, most) = (run.image.len() as u64, self.largest_memory());
        if bytes > most {
            return Err(GpuError::TooLarge { bytes, most });
        }
        let length = run.outputs.len() as u64;
        let (buffers, bindings) =
            self.tried(bytes + length, || self.set_up(kernel, bytes, length), GpuError::Failed).await?;
        self.queue.write_buffer(&buffers.memory, 0, run.image);
        let at_once = points_at_once(kernel.operations, run.steps, self.is_software());
        let points = run.points as u32;
        for first in (0..points).step_by(at_once as usize) {
            let span = Span { first, points: at_once.min(points - first), steps: run.steps, done: run.done };
            self.dispatch(kernel, &buffers, &bindings, &span.bytes(), span.points.div_ceil(WORKGROUP));
            self.done().await?;
        }
        self.read(&buffers, run.outputs.clone()).await
    }

    /// Buffers for so many bytes of memory, of which `length` are read back.
    pub(super) fn set_up(&self, kernel: &Compiled, bytes: u64, length: u64) -> (Buffers, BindGroup) {
        let buffer = |size, usage| {
            self.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
        };
        let buffers = Buffers {
            memory: buffer(bytes, BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC),
            span: buffer(SPAN_BYTES, BufferUsages::UNIFORM | BufferUsages::COPY_DST),
            returned: buffer(length, BufferUsages::COPY_DST | BufferUsages::MAP_READ),
        };
        let bindings = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &kernel.pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: buffers.memory.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: buffers.span.as_entire_binding() },
            ],
        });
        (buffers, bindings)
    }

    /// Hands in one dispatch; `span` are the bytes of the shader's uniform.
    pub(super) fn dispatch(
        &self,
        kernel: &Compiled,
        buffers: &Buffers,
        bindings: &BindGroup,
        span: &[u8],
        workgroups: u32,
    ) {
        self.queue.write_buffer(&buffers.span, 0, span);
        let mut commands = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = commands.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&kernel.pipeline);
        pass.set_bind_group(0, bindings, &[]);
        pass.dispatch_workgroups(workgroups, 1, 1);
        drop(pass);
        self.queue.submit([commands.finish()]);
    }

    /// A part of the memory, once everything that was handed in is done.
    pub(super) async fn read(&self, buffers: &Buffers, outputs: Range<usize>) -> Result<Vec<u8>, GpuError> {
        let mut commands = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let length = outputs.len() as u64;
        commands.copy_buffer_to_buffer(&buffers.memory, outputs.start as u64, &buffers.returned, 0, length);
        self.queue.submit([commands.finish()]);
        let (sender, receiver) = later();
        buffers.returned.map_async(MapMode::Read, .., move |mapped| sender.send(mapped.is_ok()));
        self.let_callbacks_come();
        let mapped = receiver.await;
        self.intact()?;
        if mapped != Some(true) {
            return Err(GpuError::Failed("the results could not be read".to_owned()));
        }
        let range = buffers.returned.get_mapped_range(..);
        let bytes = range.map(|view| view.to_vec()).map_err(|error| GpuError::Failed(error.to_string()));
        // So that the buffer can be used again.
        buffers.returned.unmap();
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispatch_takes_whole_workgroups_and_never_too_many() {
        assert_eq!(points_at_once(100, 1000, true), 1000 / 64 * 64);
        assert_eq!(points_at_once(1000, 100_000, true), 64);
        assert_eq!(points_at_once(1, 1, false), 65_535 * 64);
        assert_eq!(points_at_once(0, 0, true), 65_535 * 64);
    }
}
