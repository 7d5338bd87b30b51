//! A canvas that a WebGPU device draws on.

use super::relief::Look;
use super::subject::Trail;
use std::cell::Cell;
use std::rc::Rc;
use thalweg::figure::space::{Block, Mesh, View};
use thalweg::figure::{Spacing, spacing};
use thalweg::gpu::relief::{Look as DeviceLook, Relief};
use thalweg::gpu::trouble::Trouble;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, ImageData};

/// A canvas that a WebGPU device draws on.
pub struct Screen {
    device: wgpu::Device,
    queue: wgpu::Queue,
    relief: Relief,
    contours: Option<Spacing>,
    way: Way,
    software: bool,
}

/// How pictures come from the device onto the canvas.
enum Way {
    /// The canvas takes them itself.
    Direct(wgpu::Surface<'static>, wgpu::SurfaceConfiguration, bool),
    /// They are copied, where the device is a program: Chromium's graphics process ends when SwiftShader hands a picture
    /// to a canvas (seen with Chromium 156), and with it goes the content of every canvas of the page.
    Copied(Option<Rc<Copier>>),
}

impl Screen {
    /// Opens a device for a canvas. The error says why there is none; the canvas is still free unless the device came.
    pub async fn open(canvas: HtmlCanvasElement) -> Result<(Self, Trouble), String> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await;
        let adapter = adapter.map_err(|_| "this browser offers none here")?;
        let software = adapter.get_info().device_type == wgpu::DeviceType::Cpu;
        let device = adapter.request_device(&wgpu::DeviceDescriptor::default()).await;
        let (device, queue) = device.map_err(|error| error.to_string())?;
        let trouble = Trouble::of(&device);
        let (way, format) = if software {
            (Way::Copied(None), wgpu::TextureFormat::Rgba8Unorm)
        } else {
            let surface =
                instance.create_surface(wgpu::SurfaceTarget::Canvas(canvas)).map_err(|error| error.to_string())?;
            let config = surface.get_default_config(&adapter, 1, 1).ok_or("the canvas takes no pictures")?;
            let format = config.format;
            (Way::Direct(surface, config, false), format)
        };
        let relief = Relief::new(&device, &queue, format);
        Ok((Self { device, queue, relief, contours: None, way, software }, trouble))
    }

    /// Whether the device is a program on the ordinary processor.
    pub fn is_software(&self) -> bool {
        self.software
    }

    /// Whether a picture is on its way.
    pub fn is_busy(&self) -> bool {
        matches!(&self.way, Way::Copied(Some(copier)) if copier.busy.get())
    }

    /// Replaces the block.
    pub fn set_block(&mut self, block: &Block) {
        self.contours = spacing(&block.land);
        self.relief.set_mesh(&Mesh::new(block));
    }

    /// Replaces the trails.
    pub fn set_trails(&mut self, trails: &[Trail]) {
        self.relief.set_trails(trails);
    }

    /// Draws a frame, unless one is still on its way: see [`Screen::is_busy`]. A frame that the browser does not give is left
    /// out; a lost device says so by itself.
    pub fn draw(&mut self, canvas: &HtmlCanvasElement, block: &Block, view: &View, look: &Look) {
        if self.is_busy() {
            return;
        }
        let contours = self.contours.filter(|_| look.layers.contours);
        let Look { ratio, time, theme, .. } = *look;
        let look = DeviceLook { view, ratio, time, theme, land: &block.land, contours };
        let size @ [width, height] = look.pixels();
        if [canvas.width(), canvas.height()] != size {
            canvas.set_width(width);
            canvas.set_height(height);
        }
        match &mut self.way {
            Way::Direct(surface, config, configured) => {
                if !*configured || [config.width, config.height] != size {
                    (config.width, config.height, *configured) = (width, height, true);
                    surface.configure(&self.device, config);
                }
                let (wgpu::CurrentSurfaceTexture::Success(frame) | wgpu::CurrentSurfaceTexture::Suboptimal(frame)) =
                    surface.get_current_texture()
                else {
                    return;
                };
                self.relief.draw(&frame.texture.create_view(&wgpu::TextureViewDescriptor::default()), &look);
                self.queue.present(frame);
            }
            Way::Copied(copier) => {
                let copier = match copier.take().filter(|copier| copier.size == size) {
                    Some(copier) => copier,
                    None => Rc::new(Copier::new(&self.device, &self.queue, canvas, size)),
                };
                self.relief.draw(&copier.picture.create_view(&wgpu::TextureViewDescriptor::default()), &look);
                Copier::copy(&copier);
                self.way = Way::Copied(Some(copier));
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The browser would keep its memory until it collects garbage.
        self.device.destroy();
    }
}

/// Brings pictures of one size from a device to a canvas.
struct Copier {
    device: wgpu::Device,
    queue: wgpu::Queue,
    canvas: HtmlCanvasElement,
    size: [u32; 2],
    picture: wgpu::Texture,
    buffer: wgpu::Buffer,
    /// Whether a picture is on its way.
    busy: Cell<bool>,
}

impl Copier {
    fn new(device: &wgpu::Device, queue: &wgpu::Queue, canvas: &HtmlCanvasElement, size: [u32; 2]) -> Self {
        let picture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("picture"),
            size: wgpu::Extent3d { width: size[0], height: size[1], depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::Rgba8Unorm,
            usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("picture"),
            size: u64::from(row_bytes(size)) * u64::from(size[1]),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let (device, queue, canvas) = (device.clone(), queue.clone(), canvas.clone());
        Self { device, queue, canvas, size, picture, buffer, busy: Cell::new(false) }
    }

    /// Copies the picture. One at a time: a buffer that is being read takes no other.
    fn copy(this: &Rc<Self>) {
        this.busy.set(true);
        let mut commands = this.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: None });
        let bytes_per_row = Some(row_bytes(this.size));
        let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row, rows_per_image: None };
        commands.copy_texture_to_buffer(
            this.picture.as_image_copy(),
            wgpu::TexelCopyBufferInfo { buffer: &this.buffer, layout },
            this.picture.size(),
        );
        this.queue.submit([commands.finish()]);
        let arrived = this.clone();
        this.buffer.map_async(wgpu::MapMode::Read, .., move |mapped| {
            if mapped.is_ok() {
                arrived.put();
                arrived.buffer.unmap();
            }
            arrived.busy.set(false);
        });
    }

    /// Puts what has been read onto the canvas, unless that has another size by now.
    fn put(&self) -> Option<()> {
        let [width, height] = self.size;
        if [self.canvas.width(), self.canvas.height()] != self.size {
            return None;
        }
        let bytes = self.buffer.get_mapped_range(..).ok()?;
        let rows = bytes.chunks_exact(row_bytes(self.size) as usize);
        let pixels: Vec<u8> = rows.flat_map(|row| &row[..4 * width as usize]).copied().collect();
        let context: CanvasRenderingContext2d = self.canvas.get_context("2d").ok()??.unchecked_into();
        let picture =
            ImageData::new_with_u8_clamped_array_and_sh(wasm_bindgen::Clamped(&pixels), width, height).ok()?;
        context.put_image_data(&picture, 0.0, 0.0).ok()
    }
}

/// Bytes of a row of a picture in a buffer: the device wants a multiple of 256.
fn row_bytes([width, _]: [u32; 2]) -> u32 {
    (4 * width).next_multiple_of(256)
}
