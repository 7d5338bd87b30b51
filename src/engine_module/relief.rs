//! The land in three dimensions, in an element of the page: on a WebGPU device where there is one, else on a canvas.

use super::plain::Plain;
use super::screen::Screen;
use super::subject::Subject;
use crate::canvas::Canvas;
use js_sys::Promise;
use std::cell::RefCell;
use std::rc::Rc;
use thalweg::figure::space::{Camera, View, draw_legend, draw_marks, draw_paths};
use thalweg::figure::{MapLayers, Theme};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Document, Element, HtmlCanvasElement, HtmlElement};

/// The view in an element. It makes its canvases there, and a badge that says what draws.
#[wasm_bindgen]
pub struct Relief(Rc<RefCell<Scene>>);

#[wasm_bindgen]
impl Relief {
    /// Opens the view in an empty element. Throws only where the browser has no canvas at all.
    pub async fn open(host: HtmlElement) -> Result<Relief, JsValue> {
        let document = host.owner_document().ok_or("the element is in no document")?;
        let ground = add_canvas(&document, &host)?;
        let opened = Screen::open(ground.clone()).await;
        let overlay = add_canvas(&document, &host)?;
        let badge = document.create_element("p")?;
        badge.set_class_name("relief-badge");
        badge.set_attribute("role", "status")?;
        host.append_child(&badge)?;
        let scene = Rc::new(RefCell::new(Scene {
            host,
            document,
            ground,
            overlay,
            badge,
            painter: None,
            look: None,
            subject: None,
            swing: None,
            stale: false,
            marks: None,
            settling: false,
        }));
        match opened {
            Ok((screen, trouble)) => {
                scene.borrow().tell("WebGPU", if screen.is_software() { "in software" } else { "" });
                scene.borrow_mut().painter = Some(Painter::Hardware(Box::new(screen)));
                let scene = Rc::downgrade(&scene);
                spawn_local(async move {
                    let reason = trouble.await;
                    if let Some(scene) = scene.upgrade() {
                        scene.borrow_mut().fall_back(&reason);
                        settle(&scene);
                    }
                });
            }
            Err(reason) => scene.borrow_mut().fall_back(&reason),
        }
        Ok(Self(scene))
    }

    /// Shows the experiment of a link at a time in steps; it is run only if what it computes has changed.
    ///
    /// `window`: xmin, xmax, ymin, ymax; `size`: width and height in pixels of the page, and device pixels in one;
    /// `camera`: bearing and elevation in degrees, and distance; `layers`: contours, axes, critical points. Does nothing
    /// for lists that are too short.
    #[expect(clippy::too_many_arguments, reason = "a call from JavaScript, where a structure would be no shorter")]
    pub fn show(&self, link: &str, time: f64, window: &[f64], size: &[f64], camera: &[f64], dark: bool, layers: &[u8]) {
        let (&[x0, x1, y0, y1], &[width, height, ratio]) = (window, size) else { return };
        let (&[azimuth, elevation, distance], &[contours, axes, critical]) = (camera, layers) else { return };
        let look = Look {
            time,
            window: [x0, x1, y0, y1],
            size: [width.max(1.0), height.max(1.0)],
            ratio,
            camera: Camera { azimuth, elevation, distance },
            theme: Theme::of(dark),
            layers: MapLayers { contours: contours != 0, axes: axes != 0, critical: critical != 0, probes: false },
        };
        let mut scene = self.0.borrow_mut();
        let first = scene.look.is_none();
        scene.look = Some(look);
        scene.prepare(link);
        if first && !prefers_stillness() {
            scene.swing = Some(now());
        }
        scene.draw();
        drop(scene);
        settle(&self.0);
    }
}

/// What is to be seen, and how.
#[derive(Clone, Copy, PartialEq)]
pub struct Look {
    /// In steps.
    pub time: f64,
    /// xmin, xmax, ymin, ymax.
    pub window: [f64; 4],
    /// Pixels of the page.
    pub size: [f64; 2],
    /// Device pixels in a pixel of the page.
    pub ratio: f64,
    /// From where.
    pub camera: Camera,
    /// The colours.
    pub theme: &'static Theme,
    /// What is drawn besides the land.
    pub layers: MapLayers,
}

enum Painter {
    Hardware(Box<Screen>),
    Canvas(Box<Plain>),
}

struct Scene {
    host: HtmlElement,
    document: Document,
    ground: HtmlCanvasElement,
    overlay: HtmlCanvasElement,
    badge: Element,
    painter: Option<Painter>,
    look: Option<Look>,
    subject: Option<Subject>,
    /// When the camera began to swing in from above.
    swing: Option<f64>,
    /// Whether what is shown is not what should be, because a device was busy.
    stale: bool,
    /// The marks of a picture that is on its way from a device.
    marks: Option<(View, Look)>,
    /// Whether somebody sees to it that the picture comes to rest.
    settling: bool,
}

/// Cells along the longer side of the block on a device.
const FINE: usize = 300;
/// And on a device that is a program.
const MEDIUM: usize = 160;
/// Milliseconds in which the camera swings in from above.
const SWING: f64 = 1000.0;
/// Milliseconds of rest after which a canvas is painted with finer cells.
const REST: f64 = 200.0;

impl Scene {
    /// Runs, samples and lifts what has changed.
    fn prepare(&mut self, link: &str) {
        let Some(look) = self.look else { return };
        let fineness = match &self.painter {
            Some(Painter::Hardware(screen)) if !screen.is_software() => FINE,
            Some(Painter::Hardware(_)) => MEDIUM,
            _ => Plain::FINE,
        };
        let aspect = look.size[0] / look.size[1];
        if self
            .subject
            .as_ref()
            .is_some_and(|known| known.link == link && known.block.fits(look.window, aspect, fineness))
        {
            return;
        }
        let Some((subject, fresh)) = Subject::follow(self.subject.take(), link, (look.window, aspect, fineness)) else {
            return;
        };
        match &mut self.painter {
            Some(Painter::Hardware(screen)) => {
                if fresh {
                    screen.set_block(&subject.block);
                }
                screen.set_trails(&subject.trails);
            }
            Some(Painter::Canvas(plain)) if fresh => plain.forget(),
            _ => {}
        }
        self.subject = Some(subject);
    }

    /// Where the camera is now: at rest, or on its way from above.
    fn camera(&self, target: Camera) -> Camera {
        let Some(began) = self.swing else { return target };
        let t = ((now() - began) / SWING).clamp(0.0, 1.0);
        // Sets off and arrives gently.
        Camera::ABOVE.towards(target, t * t * (3.0 - 2.0 * t))
    }

    fn draw(&mut self) {
        let (Some(look), Some(subject)) = (self.look, &self.subject) else { return };
        let view = View::new(self.camera(look.camera), subject.block.half, look.size);
        self.stale = self.is_waiting();
        if self.stale {
            return;
        }
        match &mut self.painter {
            Some(Painter::Hardware(screen)) => screen.draw(&self.ground, &subject.block, &view, &look),
            Some(Painter::Canvas(plain)) => {
                plain.draw(&self.ground, &subject.run.problem, &subject.block, &view, &look);
            }
            None => {}
        }
        if self.is_waiting() {
            self.marks = Some((view, look));
        } else {
            self.draw_over(&view, &look);
        }
    }

    /// Draws what lies over the picture.
    fn draw_over(&self, view: &View, look: &Look) {
        let Some(subject) = &self.subject else { return };
        let [width, height] = look.size;
        let Some(mut over) = Canvas::new(&self.overlay, width, height, look.ratio, look.theme) else { return };
        if look.layers.axes {
            draw_legend(&mut over, &subject.block, view, look.theme);
        }
        if matches!(self.painter, Some(Painter::Canvas(_))) {
            draw_paths(&mut over, &subject.block, view, &subject.trails, look.time, look.theme);
        }
        let what = (&subject.experiment, &subject.run);
        draw_marks(&mut over, &subject.block, view, what, look.time, look.layers, look.theme);
    }

    /// Goes on without the device.
    fn fall_back(&mut self, reason: &str) {
        self.tell("Canvas", &format!("coarser, without WebGPU: {reason}"));
        // A canvas that has been a device's stays one.
        let Ok(fresh) = self.document.create_element("canvas") else { return };
        if let Some(parent) = self.ground.parent_element() {
            let _ = parent.replace_child(&fresh, &self.ground);
        }
        self.ground = fresh.unchecked_into();
        self.painter = Some(Painter::Canvas(Box::default()));
        if let Some(subject) = self.subject.take() {
            let link = subject.link.clone();
            self.subject = Some(subject);
            self.prepare(&link);
            self.draw();
        }
    }

    /// Does what is due in this frame; false once nothing is.
    fn go_on(&mut self) -> bool {
        if self.is_waiting() {
            return true;
        }
        if let Some((view, look)) = self.marks.take() {
            self.draw_over(&view, &look);
        }
        if let Some(began) = self.swing {
            if now() - began >= SWING {
                self.swing = None;
            }
            self.draw();
            return true;
        }
        if self.stale {
            self.draw();
            return true;
        }
        let Some(Painter::Canvas(plain)) = &mut self.painter else { return false };
        if plain.is_coarse() && now() - plain.since() >= REST {
            plain.sharpen();
            self.draw();
            return true;
        }
        plain.is_coarse()
    }

    /// Whether a picture is on its way from a device.
    fn is_waiting(&self) -> bool {
        matches!(&self.painter, Some(Painter::Hardware(screen)) if screen.is_busy())
    }

    /// Tells those who wait for a picture, people and tests, whether one is on its way.
    fn set_busy(&mut self, busy: bool) {
        self.settling = busy;
        // Setting an attribute with a proper name cannot fail.
        let _ = self.host.set_attribute("aria-busy", if busy { "true" } else { "false" });
    }

    fn tell(&self, engine: &str, reason: &str) {
        self.badge.set_text_content(Some(engine));
        if let Ok(small) = self.document.create_element("small")
            && !reason.is_empty()
        {
            small.set_text_content(Some(reason));
            let _ = self.badge.append_child(&small);
        }
    }
}

fn add_canvas(document: &Document, host: &HtmlElement) -> Result<HtmlCanvasElement, JsValue> {
    let canvas = document.create_element("canvas")?;
    canvas.set_attribute("aria-hidden", "true")?;
    host.append_child(&canvas)?;
    Ok(canvas.unchecked_into())
}

/// Goes on from frame to frame until the picture is at rest: swings the camera in, paints a canvas with finer cells once
/// nothing has moved for a while, waits for what is on its way from the device.
fn settle(scene: &Rc<RefCell<Scene>>) {
    if scene.borrow().settling {
        return;
    }
    scene.borrow_mut().set_busy(true);
    let scene = Rc::downgrade(scene);
    spawn_local(async move {
        loop {
            next_frame().await;
            let Some(scene) = scene.upgrade() else { return };
            let mut scene = scene.borrow_mut();
            if !scene.go_on() {
                return scene.set_busy(false);
            }
        }
    });
}

async fn next_frame() {
    let frame = Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window.request_animation_frame(&resolve);
        }
    });
    let _ = JsFuture::from(frame).await;
}

/// Milliseconds since the page was opened.
pub fn now() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}

fn prefers_stillness() -> bool {
    let list =
        web_sys::window().and_then(|window| window.match_media("(prefers-reduced-motion: reduce)").ok().flatten());
    list.is_some_and(|list| list.matches())
}
