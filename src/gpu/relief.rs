//! The block diagram of `figure::space`, drawn by a graphics processor: surface with contours, trails as ribbons.
//!
//! What goes wrong is reported by the device ([`super::trouble`]): nothing here waits for it.

use crate::figure::space::{Bead, Mesh, Vertex, View, relief_strength, wall_color};
use crate::figure::{Color, Land, Spacing, Theme};
use pipelines::Pipelines;
use wgpu::util::{BufferInitDescriptor, DeviceExt};

mod pipelines;

/// Samples of a pixel.
const SAMPLES: u32 = 4;
/// Depth of a pixel.
const DEPTH: wgpu::TextureFormat = wgpu::TextureFormat::Depth24Plus;
/// Numbers of a bead in its buffer: place, step, length so far, whether it continues a piece, whose trail.
const BEAD_NUMBERS: usize = 7;

/// A block and its trails on a device.
pub struct Relief {
    device: wgpu::Device,
    queue: wgpu::Queue,
    format: wgpu::TextureFormat,
    ground: wgpu::RenderPipeline,
    /// The halo and the line.
    ribbons: [wgpu::RenderPipeline; 2],
    scene: wgpu::Buffer,
    binding: wgpu::BindGroup,
    mesh: Option<MeshBuffers>,
    trails: Option<TrailBuffer>,
    targets: Option<Targets>,
}

struct MeshBuffers {
    vertices: wgpu::Buffer,
    triangles: wgpu::Buffer,
    count: u32,
}

struct TrailBuffer {
    beads: wgpu::Buffer,
    /// The ribbons of each method.
    ranges: Vec<std::ops::Range<u32>>,
}

/// What is drawn into before the picture is put together.
struct Targets {
    size: [u32; 2],
    samples: wgpu::TextureView,
    depth: wgpu::TextureView,
}

/// How a picture looks.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    /// From where; its size is in pixels of the page.
    pub view: &'a View,
    /// Device pixels in a pixel of the page.
    pub ratio: f64,
    /// Up to which step trails are drawn solid.
    pub time: f64,
    /// The colours.
    pub theme: &'static Theme,
    /// The land of the block.
    pub land: &'a Land,
    /// Where its contours are; `None`: nowhere.
    pub contours: Option<Spacing>,
}

impl Look<'_> {
    /// Size of the picture in device pixels.
    pub fn pixels(&self) -> [u32; 2] {
        self.view.size.map(|side| ((side * self.ratio).round() as u32).max(1))
    }
}

impl Relief {
    /// Prepares a device to draw into pictures of a format.
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue, format: wgpu::TextureFormat) -> Self {
        let scene = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("scene"),
            size: 4 * SCENE_NUMBERS as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("scene"),
            entries: &[wgpu::BindGroupLayoutEntry {
                binding: 0,
                visibility: wgpu::ShaderStages::VERTEX_FRAGMENT,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Uniform,
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            }],
        });
        let binding = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("scene"),
            layout: &layout,
            entries: &[wgpu::BindGroupEntry { binding: 0, resource: scene.as_entire_binding() }],
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("relief"),
            bind_group_layouts: &[Some(&layout)],
            immediate_size: 0,
        });
        let pipelines = Pipelines { device, layout: &layout, format };
        Self {
            ground: pipelines.ground(),
            ribbons: [pipelines.ribbon(true), pipelines.ribbon(false)],
            device: device.clone(),
            queue: queue.clone(),
            format,
            scene,
            binding,
            mesh: None,
            trails: None,
            targets: None,
        }
    }

    /// Replaces the block.
    pub fn set_mesh(&mut self, mesh: &Mesh) {
        let vertices = bytes(mesh.vertices.iter().flat_map(Vertex::numbers));
        let triangles: Vec<u8> = mesh.triangles.iter().flatten().flat_map(|corner| corner.to_le_bytes()).collect();
        let buffer = |label, contents, usage| {
            self.device.create_buffer_init(&BufferInitDescriptor { label: Some(label), contents, usage })
        };
        self.mesh = (!mesh.triangles.is_empty()).then(|| MeshBuffers {
            vertices: buffer("vertices", &vertices, wgpu::BufferUsages::VERTEX),
            triangles: buffer("triangles", &triangles, wgpu::BufferUsages::INDEX),
            count: 3 * mesh.triangles.len() as u32,
        });
    }

    /// Replaces the trails: the pieces of each method's, with the method's place in the list.
    pub fn set_trails(&mut self, trails: &[(usize, Vec<Vec<Bead>>)]) {
        let (numbers, ranges) = bead_numbers(trails);
        let contents = bytes(numbers.into_iter());
        self.trails = (!contents.is_empty()).then(|| TrailBuffer {
            beads: self.device.create_buffer_init(&BufferInitDescriptor {
                label: Some("beads"),
                contents: &contents,
                usage: wgpu::BufferUsages::VERTEX,
            }),
            ranges,
        });
    }

    /// Draws into a picture of [`Look::pixels`].
    pub fn draw(&mut self, picture: &wgpu::TextureView, look: &Look<'_>) {
        let size = look.pixels();
        if self.targets.as_ref().is_none_or(|targets| targets.size != size) {
            self.targets = Some(self.make_targets(size));
        }
        let Some(targets) = &self.targets else { return };
        self.queue.write_buffer(&self.scene, 0, &bytes(scene(look).into_iter()));
        let [r, g, b, _] = unit(look.theme.paper).map(f64::from);
        let mut commands = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: None });
        let mut pass = commands.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("relief"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &targets.samples,
                depth_slice: None,
                resolve_target: Some(picture),
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color { r, g, b, a: 1.0 }),
                    store: wgpu::StoreOp::Discard,
                },
            })],
            depth_stencil_attachment: Some(wgpu::RenderPassDepthStencilAttachment {
                view: &targets.depth,
                depth_ops: Some(wgpu::Operations { load: wgpu::LoadOp::Clear(1.0), store: wgpu::StoreOp::Discard }),
                stencil_ops: None,
            }),
            timestamp_writes: None,
            occlusion_query_set: None,
            multiview_mask: None,
        });
        pass.set_bind_group(0, &self.binding, &[]);
        if let Some(mesh) = &self.mesh {
            pass.set_pipeline(&self.ground);
            pass.set_vertex_buffer(0, mesh.vertices.slice(..));
            pass.set_index_buffer(mesh.triangles.slice(..), wgpu::IndexFormat::Uint32);
            pass.draw_indexed(0..mesh.count, 0, 0..1);
        }
        if let Some(trails) = &self.trails {
            pass.set_vertex_buffer(0, trails.beads.slice(..));
            // The same beads, one further: a ribbon reads a bead and the next.
            pass.set_vertex_buffer(1, trails.beads.slice(4 * BEAD_NUMBERS as u64..));
            for range in &trails.ranges {
                for pipeline in &self.ribbons {
                    pass.set_pipeline(pipeline);
                    pass.draw(0..4, range.clone());
                }
            }
        }
        drop(pass);
        self.queue.submit([commands.finish()]);
    }

    fn make_targets(&self, size: [u32; 2]) -> Targets {
        let target = |format| {
            let texture = self.device.create_texture(&wgpu::TextureDescriptor {
                label: None,
                size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
                mip_level_count: 1,
                sample_count: SAMPLES,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage: wgpu::TextureUsages::RENDER_ATTACHMENT,
                view_formats: &[],
            });
            texture.create_view(&wgpu::TextureViewDescriptor::default())
        };
        Targets { size, samples: target(self.format), depth: target(DEPTH) }
    }
}

/// Numbers of the structure `Scene` in `wgsl/scene.wgsl`.
const SCENE_NUMBERS: usize = 16 + 7 * 4 + 2 * 8 * 4;

/// The structure `Scene` in `wgsl/scene.wgsl`.
fn scene(look: &Look<'_>) -> Vec<f32> {
    let Look { view, ratio, time, theme, land, contours } = look;
    let [width, height] = look.pixels().map(|side| side as f32);
    let mut numbers: Vec<f32> = view.matrix().into_iter().flatten().collect();
    numbers.extend(view.eye.map(|x| x as f32));
    numbers.push(f32::from(u8::from(land.logarithmic)));
    numbers.extend([width, height, *ratio as f32, *time as f32]);
    numbers.extend(match contours {
        None => [0.0; 4],
        Some(Spacing::Quarters { first, .. }) => [1.0, 0.0, 0.0, *first as f32],
        Some(Spacing::Steps { step, .. }) => [2.0, land.low as f32, (1.0 / step) as f32, f32::MIN],
    });
    let (thin, index) = theme.contour_opacity;
    // Dots as on the map: one every five and a half pixels.
    numbers.extend([thin, index, relief_strength(theme), 5.5 / view.scale()].map(|x| x as f32));
    for color in [theme.contour, wall_color(theme), theme.paper].iter().chain(&theme.tints).chain(&theme.trails) {
        numbers.extend(unit(*color));
    }
    numbers
}

/// A colour with channels from 0 to 1, as it is on the screen: pictures here have no gamma of their own.
fn unit(Color(r, g, b): Color) -> [f32; 4] {
    [f32::from(r) / 255.0, f32::from(g) / 255.0, f32::from(b) / 255.0, 1.0]
}

/// The beads as they lie in their buffer, and the ribbons of each method: a ribbon joins a bead and the next.
fn bead_numbers(trails: &[(usize, Vec<Vec<Bead>>)]) -> (Vec<f32>, Vec<std::ops::Range<u32>>) {
    let (mut numbers, mut ranges) = (Vec::new(), Vec::new());
    for (place, pieces) in trails {
        let start = numbers.len() / BEAD_NUMBERS;
        for piece in pieces {
            for (k, bead) in piece.iter().enumerate() {
                let joined = if k > 0 { 1.0 } else { 0.0 };
                numbers.extend(bead.at.map(|x| x as f32));
                numbers.extend([bead.step as f32, bead.along as f32, joined, *place as f32]);
            }
        }
        let end = numbers.len() / BEAD_NUMBERS;
        if end > start {
            ranges.push(start as u32..end as u32 - 1);
        }
    }
    (numbers, ranges)
}

fn bytes(numbers: impl Iterator<Item = f32>) -> Vec<u8> {
    numbers.flat_map(f32::to_le_bytes).collect()
}
