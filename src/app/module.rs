//! The page as a JavaScript module: `run(link)` and `mount(element, link)`.

use super::shell::shell;
use js_sys::{Array, Float64Array, Object, Reflect};
use leptos::prelude::*;
use serde::Serialize as _;
#[cfg(labs)]
use thalweg::experiment::{
    Lab,
    matrix::{matrix_json, run_matrix},
    measure::{measure_json, run_measure},
};
use thalweg::experiment::{Link, Report, Runner, Severity, run as run_experiment};
use wasm_bindgen::prelude::*;

/// Runs the experiment of a link and returns what `thalweg run --json` prints, with lists of numbers as `Float64Array`
/// (points one after the other: x0, y0, x1, y1, ...). Throws when part of the link cannot be used as written.
#[wasm_bindgen]
pub fn run(link: &str) -> Result<JsValue, JsError> {
    let Link { experiment, notes } = Link::parse(link);
    if let Some(note) = notes.iter().find(|note| note.severity == Severity::Replaced) {
        return Err(JsError::new(&note.to_string()));
    }
    #[cfg(labs)]
    if experiment.lab() != Lab::Plane {
        let failed = |error: thalweg::problems::ProblemError| JsError::new(&error.to_string());
        let text = match experiment.lab() {
            Lab::Measure => measure_json(&experiment, &run_measure(&experiment).map_err(failed)?, None),
            _ => matrix_json(&experiment, &run_matrix(&experiment).map_err(failed)?, None),
        };
        return js_sys::JSON::parse(&text).map_err(unexpected);
    }
    let done = run_experiment(&experiment).map_err(|error| JsError::new(&error.to_string()))?;
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    let object = Report::new(&experiment, &done, Some(&[])).serialize(&serializer)?;
    let runs: Array = Reflect::get(&object, &"runs".into()).map_err(unexpected)?.unchecked_into();
    for (trace, entry) in done.traces.iter().zip(runs.iter()) {
        let entry: Object = entry.unchecked_into();
        let points: Vec<f64> = trace.points.iter().flatten().copied().collect();
        let steps: Vec<f64> = (0..trace.points.len()).map(|k| k as f64).collect();
        for (key, numbers) in [
            ("points", &points),
            ("values", &trace.values),
            ("gradient_norms", &trace.gradient_norms),
            ("steps", &steps),
        ] {
            Reflect::set(&entry, &key.into(), &Float64Array::from(numbers.as_slice())).map_err(unexpected)?;
        }
    }
    Ok(object)
}

/// An object that serde-wasm-bindgen has made a moment ago has ordinary properties.
fn unexpected(_: JsValue) -> JsError {
    JsError::new("the report is not an ordinary object")
}

/// Takes `steps` steps with the first optimizer of a link, without keeping anything, and returns where it arrives: what
/// a benchmark times.
#[wasm_bindgen]
pub fn advance(link: &str, steps: u32) -> Result<Float64Array, JsError> {
    let Link { experiment, .. } = Link::parse(link);
    let problem = experiment.pose().map_err(|error| JsError::new(&error.to_string()))?;
    let method = experiment.methods.first().ok_or_else(|| JsError::new("the link has no optimizer"))?;
    let mut runner = Runner::of(&problem, &experiment, method);
    for _ in 0..steps {
        runner.step();
    }
    Ok(Float64Array::from(runner.point().as_slice()))
}

/// Puts the interactive view of a link into an element of any page. Returns a function that takes it away again. The
/// view needs the page's style sheet, `thalweg.css`.
#[wasm_bindgen]
pub fn mount(element: web_sys::HtmlElement, link: &str) -> js_sys::Function {
    let link = link.to_owned();
    let handle = mount_to(element, move || shell(&link, false));
    Closure::once_into_js(move || drop(handle)).unchecked_into()
}
