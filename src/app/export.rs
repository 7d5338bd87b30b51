//! What can be taken away: the link, the figure, the numbers.

use super::address;
use super::dialog::close_menu;
use super::dom;
use super::state::State;
use crate::canvas::picture;
use leptos::prelude::*;
use std::time::Duration;
#[cfg(labs)]
use thalweg::experiment::Experiment;
#[cfg(labs)]
use thalweg::experiment::matrix::{MatrixRun, matrix_csv, matrix_json};
#[cfg(labs)]
use thalweg::experiment::measure::{MeasureRun, measure_csv, measure_json};
use thalweg::experiment::{Lab, ProblemChoice, csv, json};
#[cfg(labs)]
use thalweg::figure::draw_clouds;
use thalweg::figure::{Surface, Svg, draw_figure};
use wasm_bindgen::prelude::*;

/// Width and height of an exported figure in pixels of the page; a PNG has twice as many.
const FIGURE: [f64; 2] = [1000.0, 900.0];

/// What became of copying the link.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Copied {
    /// Nobody asked.
    No,
    /// It is on the clipboard.
    Done,
    /// The browser did not allow it.
    Refused,
}

/// Copy link, and a menu of files.
#[component]
pub fn ShareMenu() -> impl IntoView {
    let state = State::expect();
    let item = move |name: &'static str, what: &'static str, save: fn(State)| {
        view! {
            <li>
                <button on:click=move |event| {
                    close_menu(&event);
                    save(state);
                }>
                    {name}
                    <small>{what}</small>
                </button>
            </li>
        }
    };
    let drawn = state.with_untracked(|e| e.lab() != Lab::Matrix);
    let pictures = drawn.then(|| {
        view! {
            {item("PNG", "the figure at twice its size", save_png)}
            {item("SVG", "the figure as lines and text", save_svg)}
        }
    });
    view! {
        <details class="menu">
            <summary class="button">"Export"</summary>
            <ul class="menu-list right">
                {pictures} {item("CSV", "every step of every optimizer", save_csv)} {item("JSON", "the experiment with its traces", save_json)}
            </ul>
        </details>
        <button class="button primary" title="Copy the link of this experiment (s)" on:click=move |_| copy_link(state)>
            {move || match state.copied.get() {
                Copied::No => "Copy link",
                Copied::Done => "Copied",
                Copied::Refused => "See the address",
            }}
        </button>
    }
}

/// Puts the whole address of the experiment on the clipboard. Where the browser does not allow that, the address bar
/// has the link all the same, and a message says so.
pub fn copy_link(state: State) {
    let link = untrack(|| address::with_query(&address::shown(state)));
    let signal = state.copied;
    let promise = dom::window().navigator().clipboard().write_text(&link);
    wasm_bindgen_futures::spawn_local(async move {
        let done = wasm_bindgen_futures::JsFuture::from(promise).await.is_ok();
        let _ = signal.try_set(if done { Copied::Done } else { Copied::Refused });
        let forget = move || {
            let _ = signal.try_set(Copied::No);
        };
        set_timeout(forget, Duration::from_millis(2500));
    });
}

/// The colours that are on the screen.
fn theme(state: State) -> &'static thalweg::figure::Theme {
    thalweg::figure::Theme::of(state.dark.get_untracked())
}

/// Draws the figure of what is on the screen.
fn draw(state: State, surface: &mut dyn Surface) {
    let (time, theme) = (state.time.get_untracked(), theme(state));
    #[cfg(labs)]
    if let Some(run) = measure_run(state) {
        return state.with_untracked(|e| draw_clouds(surface, e, &run, time, FIGURE, theme));
    }
    let run = state.run_untracked();
    state.with_untracked(|e| draw_figure(surface, e, &run, time, FIGURE, theme));
}

fn svg(state: State) -> String {
    let mut svg = Svg::new(FIGURE[0], FIGURE[1], theme(state), encode);
    draw(state, &mut svg);
    svg.finish()
}

/// The browser's own PNG of a picture; empty where it has no canvas to give.
fn encode(columns: u32, rows: u32, pixels: &[u8]) -> String {
    picture(columns, rows, pixels).and_then(|canvas| canvas.to_data_url().ok()).unwrap_or_default()
}

fn save_svg(state: State) {
    save(&name(state, "svg"), "image/svg+xml", &JsValue::from_str(&svg(state)));
}

fn save_csv(state: State) {
    #[cfg(labs)]
    if let Some(text) = of_labs(state, matrix_csv, measure_csv) {
        return save(&name(state, "csv"), "text/csv", &JsValue::from_str(&text));
    }
    let text = state.with_untracked(|e| csv(e, &state.run_untracked(), None));
    save(&name(state, "csv"), "text/csv", &JsValue::from_str(&text));
}

fn save_json(state: State) {
    #[cfg(labs)]
    if let Some(text) = of_labs(state, matrix_json, measure_json) {
        return save(&name(state, "json"), "application/json", &JsValue::from_str(&text));
    }
    let text = state.with_untracked(|e| json(e, &state.run_untracked(), None));
    save(&name(state, "json"), "application/json", &JsValue::from_str(&text));
}

/// The figure drawn on a canvas of twice the size, encoded by the browser.
fn save_png(state: State) {
    let Some(canvas) = picture(1, 1, &[0, 0, 0, 0]) else { return };
    let [width, height] = FIGURE;
    let Some(mut surface) = crate::canvas::Canvas::new(&canvas, width, height, 2.0, theme(state)) else { return };
    draw(state, &mut surface);
    let file = name(state, "png");
    let deliver = Closure::once_into_js(move |blob: JsValue| save_blob(&file, blob.unchecked_ref()));
    let _ = canvas.to_blob(deliver.unchecked_ref());
}

/// A name that says what is in the file.
fn name(state: State, extension: &str) -> String {
    let id = state.with_untracked(|e| match &e.problem {
        ProblemChoice::Landscape { id, .. } | ProblemChoice::Matrix { id, .. } => *id,
        ProblemChoice::Formula { .. } => "formula",
        #[cfg(labs)]
        ProblemChoice::Measure(choice) => choice.id,
    });
    format!("thalweg-{id}.{extension}")
}

/// How a run of a lab becomes text.
#[cfg(labs)]
type Written<Run> = fn(&Experiment, &Run, Option<&[u32]>) -> String;

/// What has been run, as text; `None` in the plane.
#[cfg(labs)]
fn of_labs(state: State, matrix: Written<MatrixRun>, measure: Written<MeasureRun>) -> Option<String> {
    match state.with_untracked(Experiment::lab) {
        Lab::Plane => None,
        Lab::Matrix => matrix_run(state).map(|run| state.with_untracked(|e| matrix(e, &run, None))),
        Lab::Measure => measure_run(state).map(|run| state.with_untracked(|e| measure(e, &run, None))),
    }
}

/// What has been run in the measure lab. Methods without a trace have an empty one.
#[cfg(labs)]
fn measure_run(state: State) -> Option<MeasureRun> {
    let problem = std::sync::Arc::new(state.with_untracked(Experiment::pose_measure).ok()?);
    let traces = state.measure_traces.get_untracked();
    let traces = traces.iter().map(|trace| trace.as_deref().cloned().unwrap_or_default()).collect();
    Some(MeasureRun { problem, traces })
}

/// What has been run in the matrix lab. Methods without a trace have an empty one.
#[cfg(labs)]
fn matrix_run(state: State) -> Option<MatrixRun> {
    let outline = state.with_untracked(Experiment::outline).ok()?;
    let traces = state.matrix_traces.get_untracked();
    let traces = traces.iter().map(|trace| trace.as_deref().cloned().unwrap_or_default()).collect();
    Some(MatrixRun { outline, traces })
}

fn save(name: &str, kind: &str, text: &JsValue) {
    let options = web_sys::BlobPropertyBag::new();
    options.set_type(kind);
    if let Ok(blob) = web_sys::Blob::new_with_str_sequence_and_options(&js_sys::Array::of1(text), &options) {
        save_blob(name, &blob);
    }
}

fn save_blob(name: &str, blob: &web_sys::Blob) {
    let Ok(address) = web_sys::Url::create_object_url_with_blob(blob) else { return };
    if let Ok(link) = dom::document().create_element("a") {
        let link: web_sys::HtmlAnchorElement = link.unchecked_into();
        link.set_href(&address);
        link.set_download(name);
        link.click();
    }
    // The download has begun by then; without this the file would stay in memory as long as the page.
    set_timeout(move || drop(web_sys::Url::revoke_object_url(&address)), Duration::from_secs(20));
}
