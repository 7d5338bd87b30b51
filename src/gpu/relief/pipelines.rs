//! The pipelines of the relief.

use super::{BEAD_NUMBERS, DEPTH, SAMPLES};
use crate::figure::space::Vertex;

/// What pipelines have in common.
pub(super) struct Pipelines<'a> {
    pub device: &'a wgpu::Device,
    pub layout: &'a wgpu::PipelineLayout,
    pub format: wgpu::TextureFormat,
}

impl Pipelines<'_> {
    /// The surface and the walls.
    pub fn ground(&self) -> wgpu::RenderPipeline {
        let attributes = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x3, 2 => Float32x2];
        let vertices = wgpu::VertexBufferLayout {
            array_stride: 4 * Vertex::NUMBERS as u64,
            step_mode: wgpu::VertexStepMode::Vertex,
            attributes: &attributes,
        };
        self.pipeline(
            Stage { name: "relief", text: RELIEF, vertex: "place", fragment: "color", constants: &[], solid: true },
            &[Some(vertices)],
        )
    }

    /// The trails: their halo, or the line on it.
    pub fn ribbon(&self, halo: bool) -> wgpu::RenderPipeline {
        let first = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x4];
        let second = wgpu::vertex_attr_array![2 => Float32x3, 3 => Float32x4];
        let beads = |attributes| {
            Some(wgpu::VertexBufferLayout {
                array_stride: 4 * BEAD_NUMBERS as u64,
                step_mode: wgpu::VertexStepMode::Instance,
                attributes,
            })
        };
        let constants = [("HALO", f64::from(u8::from(halo)))];
        self.pipeline(
            Stage {
                name: "ribbon",
                text: RIBBON,
                vertex: "stretch",
                fragment: "ink",
                constants: &constants,
                solid: false,
            },
            &[beads(&first), beads(&second)],
        )
    }

    fn pipeline(&self, stage: Stage<'_>, buffers: &[Option<wgpu::VertexBufferLayout<'_>>]) -> wgpu::RenderPipeline {
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(stage.name),
            source: wgpu::ShaderSource::Wgsl(stage.text.into()),
        });
        let options = wgpu::PipelineCompilationOptions { constants: stage.constants, ..Default::default() };
        let topology =
            if stage.solid { wgpu::PrimitiveTopology::TriangleList } else { wgpu::PrimitiveTopology::TriangleStrip };
        self.device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(stage.name),
            layout: Some(self.layout),
            vertex: wgpu::VertexState {
                module: &module,
                entry_point: Some(stage.vertex),
                compilation_options: options.clone(),
                buffers,
            },
            primitive: wgpu::PrimitiveState { topology, ..Default::default() },
            depth_stencil: Some(wgpu::DepthStencilState {
                format: DEPTH,
                depth_write_enabled: Some(stage.solid),
                depth_compare: Some(wgpu::CompareFunction::LessEqual),
                stencil: Default::default(),
                bias: Default::default(),
            }),
            multisample: wgpu::MultisampleState { count: SAMPLES, ..Default::default() },
            fragment: Some(wgpu::FragmentState {
                module: &module,
                entry_point: Some(stage.fragment),
                compilation_options: options,
                targets: &[Some(wgpu::ColorTargetState {
                    format: self.format,
                    blend: Some(wgpu::BlendState::ALPHA_BLENDING),
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        })
    }
}

struct Stage<'a> {
    name: &'a str,
    text: &'a str,
    vertex: &'a str,
    fragment: &'a str,
    constants: &'a [(&'a str, f64)],
    /// Whether it hides what lies behind it.
    solid: bool,
}

const RELIEF: &str = concat!(include_str!("../wgsl/scene.wgsl"), include_str!("../wgsl/relief.wgsl"));
const RIBBON: &str = concat!(include_str!("../wgsl/scene.wgsl"), include_str!("../wgsl/ribbon.wgsl"));
