//! The land in three dimensions: a layer over the map that the engine's module draws into.
//!
//! The module is loaded when the layer is first opened. The layer knows hands and keys; what is seen is the module's.

use super::dom;
use super::state::State;
use leptos::html;
use leptos::prelude::*;
use thalweg::experiment::{Experiment, Link, View};
use thalweg::figure::space::Camera;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, PointerEvent};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(catch, js_name = "import")]
    async fn import(address: &str) -> Result<JsValue, JsValue>;

    type Engine;
    #[wasm_bindgen(method, catch, js_name = "default")]
    async fn start(this: &Engine, addresses: &JsValue) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, getter, js_name = "Relief")]
    fn relief(this: &Engine) -> Class;

    type Class;
    #[wasm_bindgen(method, catch)]
    async fn open(this: &Class, host: &HtmlElement) -> Result<JsValue, JsValue>;

    /// `Relief` in `src/engine_module/relief.rs`.
    type Relief;
    #[wasm_bindgen(method)]
    fn show(
        this: &Relief,
        link: &str,
        time: f64,
        window: &[f64],
        size: &[f64],
        camera: &[f64],
        dark: bool,
        layers: &[u8],
    );
    #[wasm_bindgen(method)]
    fn free(this: &Relief);
}

/// Loads the engine's module and opens a view in an element.
async fn open(host: &HtmlElement) -> Result<Relief, JsValue> {
    let engine: Engine = import(&dom::address("thalweg-engine", "engine.js")).await?.unchecked_into();
    let addresses = js_sys::Object::new();
    js_sys::Reflect::set(
        &addresses,
        &"module_or_path".into(),
        &dom::address("thalweg-engine-wasm", "engine_bg.wasm").into(),
    )?;
    engine.start(&addresses).await?;
    Ok(engine.relief().open(host).await?.unchecked_into())
}

/// Degrees that a pixel of a drag turns the block.
const TURN: f64 = 0.4;

/// The layer over the map; `there` tells whether it has been drawn.
#[component]
pub fn ReliefLayer(
    /// Set once there is a picture, and no longer when the layer goes.
    there: RwSignal<bool>,
) -> impl IntoView {
    let state = State::expect();
    let host = NodeRef::<html::Div>::new();
    let relief = StoredValue::new_local(None::<Relief>);
    let refused = RwSignal::new(false);
    let distance = RwSignal::new(Camera::START.distance);
    Effect::new(move |_| {
        let Some(host) = host.get() else { return };
        wasm_bindgen_futures::spawn_local(async move {
            match open(&host).await {
                Ok(opened) => match relief.try_set_value(Some(opened)) {
                    None => there.set(true),
                    // The layer has gone while the module was on its way.
                    Some(unused) => unused.iter().for_each(Relief::free),
                },
                Err(_) => {
                    refused.try_set(true);
                }
            }
        });
    });
    let link = state.part(|e| Link::write(&Experiment { view: View::default(), ..e.clone() }));
    let camera = state.part(|e| e.view.camera);
    Effect::new(move |_| {
        let (true, Some([azimuth, elevation]), Some(frame)) = (there.get(), camera.get(), state.frame.get()) else {
            return;
        };
        state.fonts.track();
        let layers = state.layers.get();
        let (link, time, distance) = (link.read(), state.time.get(), distance.get());
        let size = [frame.width, frame.height, dom::pixel_ratio()];
        let layers = [layers.contours, layers.axes, layers.critical].map(u8::from);
        relief.with_value(|relief| {
            if let Some(relief) = relief {
                let camera = [azimuth, elevation, distance];
                relief.show(&link, time, &frame.window, &size, &camera, state.dark.get(), &layers);
            }
        });
    });
    on_cleanup(move || {
        there.try_set(false);
        relief.update_value(|relief| {
            if let Some(relief) = relief.take() {
                relief.free();
            }
        });
    });

    let turn = move |by: [f64; 2]| {
        state.change(|e| {
            if let Some([azimuth, elevation]) = e.view.camera {
                let camera = Camera { azimuth: azimuth + by[0], elevation: elevation + by[1], distance: 1.0 }.tidy();
                e.view.camera = Some([camera.azimuth, camera.elevation]);
            }
        });
    };
    let zoom = move |factor: f64| {
        distance.update(|distance| {
            *distance = Camera { distance: *distance * factor, ..Camera::START }.tidy().distance;
        })
    };
    let reset = move || {
        distance.set(Camera::START.distance);
        state.change(|e| e.view.camera = Some([Camera::START.azimuth, Camera::START.elevation]));
    };
    let pointers = StoredValue::new(Vec::<(i32, [f64; 2])>::new());
    let at = |event: &PointerEvent| [f64::from(event.client_x()), f64::from(event.client_y())];
    let down = move |event: PointerEvent| {
        if let Some(host) = host.get_untracked() {
            // Moves go on arriving when the pointer leaves the layer.
            let _ = host.set_pointer_capture(event.pointer_id());
        }
        pointers.update_value(|pointers| pointers.push((event.pointer_id(), at(&event))));
    };
    let moved = move |event: PointerEvent| {
        let (to, mut others) = (at(&event), pointers.get_value());
        let Some(place) = others.iter().position(|(id, _)| *id == event.pointer_id()) else { return };
        let (_, from) = others.remove(place);
        pointers.update_value(|pointers| pointers[place].1 = to);
        match others.first() {
            Some((_, other)) => {
                let apart = |p: [f64; 2]| libm::hypot(p[0] - other[0], p[1] - other[1]).max(20.0);
                zoom(apart(from) / apart(to));
            }
            None => turn([TURN * (to[0] - from[0]), TURN * (to[1] - from[1])]),
        }
    };
    let up = move |event: PointerEvent| {
        pointers.update_value(|pointers| pointers.retain(|(id, _)| *id != event.pointer_id()));
    };
    let wheel = move |event: web_sys::WheelEvent| {
        event.prevent_default();
        event.stop_propagation();
        // Lines are about 16 pixels; a notch of a wheel is about 100.
        let pixels = if event.delta_mode() == 1 { event.delta_y() * 16.0 } else { event.delta_y() };
        zoom(libm::exp(pixels.clamp(-200.0, 200.0) * 0.0015));
    };
    let key = move |event: web_sys::KeyboardEvent| {
        let degrees = if event.shift_key() { 15.0 } else { 3.0 };
        match event.key().as_str() {
            "ArrowLeft" => turn([-degrees, 0.0]),
            "ArrowRight" => turn([degrees, 0.0]),
            "ArrowUp" => turn([0.0, degrees]),
            "ArrowDown" => turn([0.0, -degrees]),
            "+" | "=" => zoom(0.9),
            "-" | "−" => zoom(1.1),
            "0" => reset(),
            _ => return,
        }
        event.prevent_default();
        event.stop_propagation();
    };
    view! {
        <div
            class="relief"
            class:there=there
            node_ref=host
            role="application"
            tabindex="0"
            aria-label="The land in three dimensions; arrow keys turn it, plus and minus zoom, zero resets"
            on:pointerdown=down
            on:pointermove=moved
            on:pointerup=up
            on:pointercancel=up
            on:wheel=wheel
            on:dblclick=move |_| reset()
            on:keydown=key
        ></div>
        <Show when=move || refused.get()>
            <p class="relief-badge" role="status">"The part of the page that draws in three dimensions did not arrive."</p>
        </Show>
    }
}
