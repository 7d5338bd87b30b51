//! A plot on the page: axes, curves and what moves, one canvas each, so that each is drawn only when it changes.

use super::dom;
use super::state::State;
use crate::canvas::Canvas;
use leptos::html;
use leptos::prelude::*;
use plotters::drawing::IntoDrawingArea;
use plotters_canvas::CanvasBackend;
use thalweg::figure::{Axes, Chart, Theme, draw_curves, draw_mesh};

/// The canvases of a plot, undermost first, and what is on them.
#[derive(Clone, Copy)]
pub struct Plot {
    /// Axes with their numbers.
    pub mesh: NodeRef<html::Canvas>,
    /// The curves.
    pub curves: NodeRef<html::Canvas>,
    /// What moves with time, and what the pointer touches.
    pub above: NodeRef<html::Canvas>,
    /// Width and height in pixels of the page, once they are known.
    pub size: RwSignal<Option<(f64, f64)>>,
    /// The chart with its axes, once drawn.
    pub drawn: RwSignal<Option<(Chart, Axes)>>,
}

/// Everything that the mesh depends on besides colours: curves move at every pointer event, axes seldom do.
#[derive(Clone, PartialEq)]
struct MeshKey {
    axes: Axes,
    log: [bool; 2],
    mark: Option<(f64, &'static str)>,
    size: (f64, f64),
}

impl Plot {
    /// A plot of what `chart` returns, reactively, drawn by effects of the component that calls this.
    pub fn new(state: State, chart: impl Fn(&'static Theme) -> Chart + 'static) -> Self {
        let plot = Self {
            mesh: NodeRef::new(),
            curves: NodeRef::new(),
            above: NodeRef::new(),
            size: RwSignal::new(None),
            drawn: RwSignal::new(None),
        };
        plot.measure();
        Effect::new(move |_| {
            let Some((width, height)) = plot.size.get() else { return };
            let chart = chart(state.theme());
            let axes = chart.axes(width as u32, height as u32);
            let new = Some((chart, axes));
            if plot.drawn.with_untracked(|drawn| *drawn != new) {
                plot.drawn.set(new);
            }
        });
        let mesh = Memo::new(move |_| {
            let (drawn, size) = (plot.drawn.read(), plot.size.get()?);
            let (chart, axes) = drawn.as_ref()?;
            Some(MeshKey { axes: *axes, log: [chart.log_x, chart.log_y], mark: chart.mark, size })
        });
        Effect::new(move |_| {
            state.fonts.track();
            let (Some(canvas), Some(key)) = (plot.mesh.get(), mesh.get()) else { return };
            draw_mesh_on(&canvas, &key, state.theme());
        });
        Effect::new(move |_| {
            let drawn = plot.drawn.read();
            let (Some(mut surface), Some((chart, axes))) = (plot.surface(plot.curves, state), &*drawn) else { return };
            draw_curves(&mut surface, chart, axes);
        });
        plot
    }

    /// A clear canvas of the plot's size; tracks the canvas and the size, not the colours.
    pub fn surface(self, canvas: NodeRef<html::Canvas>, state: State) -> Option<Canvas> {
        let (canvas, (width, height)) = (canvas.get()?, self.size.get()?);
        Canvas::new(&canvas, width, height, dom::pixel_ratio(), Theme::of(state.dark.get_untracked()))
    }

    /// Keeps `size` up to date.
    fn measure(self) {
        Effect::new(move |_| {
            if let Some(parent) = self.mesh.get().and_then(|canvas| canvas.parent_element()) {
                let measured = parent.clone();
                dom::on_resize(&parent, move || {
                    let size = (f64::from(measured.client_width()), f64::from(measured.client_height()));
                    if size.0 > 60.0 && size.1 > 40.0 && self.size.get_untracked() != Some(size) {
                        self.size.set(Some(size));
                    }
                });
            }
        });
    }
}

/// Draws the axes with plotters. A browser that gives no canvas to draw on shows the curves without them.
fn draw_mesh_on(canvas: &web_sys::HtmlCanvasElement, key: &MeshKey, theme: &Theme) {
    let ratio = dom::pixel_ratio();
    // Setting the size clears the canvas.
    canvas.set_width((key.size.0 * ratio).round() as u32);
    canvas.set_height((key.size.1 * ratio).round() as u32);
    if let Some(backend) = CanvasBackend::with_canvas_object(canvas.clone()) {
        let _ = draw_mesh(&backend.into_drawing_area(), &key.axes, key.log, key.mark, theme, ratio);
    }
}
