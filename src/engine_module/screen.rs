//! The two ways in which the block comes onto a canvas.

use super::relief::{Look, Trail, now};
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingBackend, DrawingErrorKind};
use plotters_canvas::CanvasBackend;
use thalweg::figure::space::{Block, Mesh, Painter, View};
use thalweg::figure::{Spacing, Theme, spacing};
use thalweg::gpu::relief::{Look as DeviceLook, Relief};
use thalweg::gpu::trouble::Trouble;
use thalweg::problems::PlaneProblem;
use wasm_bindgen::prelude::*;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

/// A canvas that a WebGPU device draws on.
pub struct Screen {
    surface: wgpu::Surface<'static>,
    device: wgpu::Device,
    queue: wgpu::Queue,
    config: wgpu::SurfaceConfiguration,
    configured: bool,
    relief: Relief,
    contours: Option<Spacing>,
}

impl Screen {
    /// Opens a device for a canvas. The error says why there is none; the canvas is still free unless the device came.
    pub async fn open(canvas: HtmlCanvasElement) -> Result<(Self, Trouble), String> {
        if !wgpu::util::is_browser_webgpu_supported().await {
            return Err("this browser has none to offer here".to_owned());
        }
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await;
        let adapter = adapter.map_err(|_| "no graphics adapter was found")?;
        let device = adapter.request_device(&wgpu::DeviceDescriptor::default()).await;
        let (device, queue) = device.map_err(|error| error.to_string())?;
        let trouble = Trouble::of(&device);
        let surface =
            instance.create_surface(wgpu::SurfaceTarget::Canvas(canvas)).map_err(|error| error.to_string())?;
        let config =
            surface.get_default_config(&adapter, 1, 1).ok_or("the canvas takes no pictures from the device")?;
        let relief = Relief::new(&device, &queue, config.format);
        Ok((Self { surface, device, queue, config, configured: false, relief, contours: None }, trouble))
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

    /// Draws a frame. A frame that the browser does not give is left out; a lost device says so by itself.
    pub fn draw(&mut self, canvas: &HtmlCanvasElement, block: &Block, view: &View, look: &Look) {
        let contours = self.contours.filter(|_| look.layers.contours);
        let Look { ratio, time, theme, .. } = *look;
        let look = DeviceLook { view, ratio, time, theme, land: &block.land, contours };
        let [width, height] = look.pixels();
        if !self.configured || [self.config.width, self.config.height] != [width, height] {
            canvas.set_width(width);
            canvas.set_height(height);
            (self.config.width, self.config.height, self.configured) = (width, height, true);
            self.surface.configure(&self.device, &self.config);
        }
        let (wgpu::CurrentSurfaceTexture::Success(frame) | wgpu::CurrentSurfaceTexture::Suboptimal(frame)) =
            self.surface.get_current_texture()
        else {
            return;
        };
        self.relief.draw(&frame.texture.create_view(&wgpu::TextureViewDescriptor::default()), &look);
        self.queue.present(frame);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // The browser would keep its memory until it collects garbage.
        self.device.destroy();
    }
}

/// A canvas that plotters paints on: coarse cells while something moves, fine ones at rest, nothing anew as long as only
/// time runs.
#[derive(Default)]
pub struct Plain {
    painted: Option<Painted>,
    coarse: Option<(Block, Painter)>,
    fine: Option<Painter>,
    sharp: bool,
    /// When it was last painted, in milliseconds.
    since: f64,
}

/// What the canvas shows.
#[derive(PartialEq)]
struct Painted {
    view: View,
    ratio: f64,
    theme: &'static Theme,
    contours: bool,
    sharp: bool,
}

/// Units of plotters in a pixel: it counts in whole ones, and lines that begin and end at whole pixels would be ragged.
const UNITS: f64 = 8.0;

impl Plain {
    /// Cells along the longer side of the block at rest.
    pub const FINE: usize = 110;
    /// And while it turns.
    const COARSE: usize = 48;

    /// Whether it shows coarse cells.
    pub fn is_coarse(&self) -> bool {
        !self.sharp
    }

    /// When it was last painted, in milliseconds.
    pub fn since(&self) -> f64 {
        self.since
    }

    /// The next drawing is fine.
    pub fn sharpen(&mut self) {
        self.sharp = true;
    }

    /// The block has changed.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Paints what has changed. `block` has fine cells.
    pub fn draw(
        &mut self,
        canvas: &HtmlCanvasElement,
        problem: &PlaneProblem,
        block: &Block,
        view: &View,
        look: &Look,
    ) {
        let Look { ratio, theme, .. } = *look;
        let contours = look.layers.contours;
        let wanted = |sharp| Painted { view: *view, ratio, theme, contours, sharp };
        let Some(painted) = &self.painted else {
            self.repaint(canvas, problem, block, wanted(self.sharp));
            return;
        };
        if *painted == wanted(painted.sharp) && painted.sharp == self.sharp {
            return;
        }
        if painted.theme != theme || painted.contours != contours {
            self.forget();
        } else if painted.view != *view {
            self.sharp = false;
        }
        self.repaint(canvas, problem, block, wanted(self.sharp));
    }

    fn repaint(&mut self, canvas: &HtmlCanvasElement, problem: &PlaneProblem, block: &Block, picture: Painted) {
        self.since = now();
        let Painted { view, ratio, theme, contours, sharp } = picture;
        let Some(area) = area(canvas, &view, ratio, theme) else { return };
        // A canvas refuses nothing that is painted here.
        let _ = if sharp {
            let painter = self.fine.get_or_insert_with(|| Painter::new(block, theme, contours));
            painter.paint(&area, (block, &view), theme, UNITS)
        } else {
            let (block, painter) = self.coarse.get_or_insert_with(|| {
                let coarse = Block::new(problem, block.window, block.half[0] / block.half[1], Self::COARSE);
                let painter = Painter::new(&coarse, theme, contours);
                (coarse, painter)
            });
            painter.paint(&area, (block, &view), theme, UNITS)
        };
        self.painted = Some(picture);
    }
}

/// A clear canvas for plotters.
fn area(
    canvas: &HtmlCanvasElement,
    view: &View,
    ratio: f64,
    theme: &Theme,
) -> Option<DrawingArea<Eighths, plotters::coord::Shift>> {
    let [width, height] = view.size;
    let (w, h) = ((width * ratio).round() as u32, (height * ratio).round() as u32);
    // Setting the size clears the canvas, and its transform.
    canvas.set_width(w);
    canvas.set_height(h);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
    context.set_fill_style_str(&theme.paper.css(1.0));
    context.fill_rect(0.0, 0.0, f64::from(w), f64::from(h));
    let unit = ratio / UNITS;
    // Setting the transform of a context that exists cannot fail.
    let _ = context.set_transform(unit, 0.0, 0.0, unit, 0.0, 0.0);
    let backend = CanvasBackend::with_canvas_object(canvas.clone())?;
    let size = view.size.map(|side| (side * UNITS) as u32);
    Some(Eighths { backend, size: (size[0], size[1]) }.into_drawing_area())
}

/// A canvas whose units are an eighth of a pixel.
struct Eighths {
    backend: CanvasBackend,
    size: (u32, u32),
}

type CanvasError = <CanvasBackend as DrawingBackend>::ErrorType;
type Outcome = Result<(), DrawingErrorKind<CanvasError>>;

impl DrawingBackend for Eighths {
    type ErrorType = CanvasError;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Outcome {
        self.backend.ensure_prepared()
    }

    fn present(&mut self) -> Outcome {
        self.backend.present()
    }

    fn draw_pixel(&mut self, point: BackendCoord, color: BackendColor) -> Outcome {
        self.backend.draw_pixel(point, color)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.backend.draw_path(path, style)
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Outcome {
        self.backend.fill_polygon(path, style)
    }
}
