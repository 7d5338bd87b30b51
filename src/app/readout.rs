//! The numbers at the pointer.

use super::basins;
use super::optimizers::Marker;
use super::state::{Hover, State};
use leptos::prelude::*;
use thalweg::engine::{Cell, Verdict};
use thalweg::figure::read_number;
use thalweg::problems::eigen2;

/// The card that follows the pointer: on a trail the method and its numbers, elsewhere the ground's.
#[component]
pub fn Readout() -> impl IntoView {
    let state = State::expect();
    let basins = basins::expect();
    let place = move || {
        let frame = state.frame.get()?;
        let at = match state.hover.get()? {
            Hover::Ground(at) => at,
            Hover::Trail { method, step } => *state.run().traces.get(method)?.points.get(step)?,
        };
        let [x, y] = frame.to_pixel(at);
        // Beside the pointer, on the side where there is room.
        let x = if x > frame.width - 230.0 { x - 226.0 } else { x + 22.0 };
        let y = (y + 18.0).min(frame.height - 124.0).max(8.0);
        Some(format!("translate({x:.0}px, {y:.0}px)"))
    };
    let shown = Memo::new(move |_| state.hover.get().is_some());
    let body = move || {
        let run = state.run();
        let (at, head) = match state.hover.get()? {
            Hover::Ground(at) => (at, None),
            Hover::Trail { method, step } => {
                let at = *run.traces.get(method)?.points.get(step)?;
                let name = state.with(|e| e.methods.get(method).map(|m| m.title()))?;
                (at, Some((method, name, step)))
            }
        };
        let head_is_ground = head.is_none();
        let (value, gradient, hessian) = run.problem.local().second_order(at);
        let [low, high] = eigen2(hessian).0;
        let pair = |[a, b]: [f64; 2]| format!("({}, {})", read_number(a), read_number(b));
        let events = head.as_ref().map(|(method, _, step)| {
            let trace = &run.traces[*method];
            let here = trace.events.iter().filter(|(at, _)| *at as usize == *step).map(|(_, event)| event.words());
            here.collect::<Vec<_>>().join(", ")
        });
        Some(view! {
            {head.map(|(method, name, step)| view! { <p class="readout-head"><Marker index=method/><strong>{name}</strong>", step " {step}</p> })}
            <dl>
                <dt>"x"</dt>
                <dd>{pair(at)}</dd>
                {head_is_ground.then(|| basins.shown.get()?.at(at)).flatten().map(|cell| view! {
                    <dt>"from here"</dt>
                    <dd>{from_here(cell)}</dd>
                })}
                <dt>"f"</dt>
                <dd>{read_number(value)}</dd>
                <dt>"∇f"</dt>
                <dd>{pair(gradient)}</dd>
                <dt title="eigenvalues of the Hessian">"λ"</dt>
                <dd>{format!("{}, {}", read_number(low), read_number(high))}</dd>
            </dl>
            {events.filter(|events| !events.is_empty()).map(|events| view! { <p class="readout-events">{events}</p> })}
        })
    };
    view! {
        <Show when=move || shown.get()>
            <div class="readout" aria-hidden="true" style:transform=place>
                {body}
            </div>
        </Show>
    }
}

/// What became of a run from the pixel under the pointer.
fn from_here(cell: Cell) -> String {
    match cell.verdict {
        Verdict::Minimum(_) => format!("there in {} steps", cell.steps),
        Verdict::Elsewhere => format!("to rest in {} steps", cell.steps),
        Verdict::Cycling => "cycles".to_owned(),
        Verdict::Moving => "still moving at the end".to_owned(),
        Verdict::Left => format!("diverges in {} steps", cell.steps),
    }
}
