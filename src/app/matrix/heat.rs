//! Truth, estimate and difference as pictures, side by side.

use super::super::state::State;
use super::MatrixLab;
use crate::canvas::put_pixels;
use leptos::html;
use leptos::prelude::*;
use nalgebra::DMatrix;
use thalweg::figure::{Theme, exponent_number, matrix_pixels, read_number};

/// One of the three pictures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Picture {
    Truth,
    Estimate,
    Difference,
}

impl Picture {
    const ALL: [Self; 3] = [Self::Truth, Self::Estimate, Self::Difference];

    fn title(self) -> &'static str {
        match self {
            Self::Truth => "truth M",
            Self::Estimate => "estimate M̂",
            Self::Difference => "M̂ − M",
        }
    }
}

/// The three pictures at the present time, and whose they are.
#[component]
pub fn HeatMaps() -> impl IntoView {
    view! {
        <div class="heat-maps" role="group" aria-label="Truth, estimate and difference">
            {Picture::ALL.map(|picture| view! { <HeatMap picture/> }).collect_view()}
        </div>
    }
}

#[component]
fn HeatMap(
    /// Which one.
    picture: Picture,
) -> impl IntoView {
    let (state, lab) = (State::expect(), MatrixLab::expect());
    let canvas = NodeRef::<html::Canvas>::new();
    // The largest absolute entry that the colours span.
    let scale = RwSignal::new(0.0);
    // The frame that is shown; time moves more often.
    let frame = Memo::new(move |_| {
        let time = state.time.get();
        let trace = lab.chosen_trace()?;
        trace.frame_at(time).map(|frame| frame.step)
    });
    // What is drawn, and the entry under the pointer.
    let entries = StoredValue::new_local(DMatrix::<f64>::zeros(0, 0));
    let under = RwSignal::new(None::<[usize; 2]>);
    let point = move |event: web_sys::PointerEvent| {
        let Some(canvas) = canvas.get_untracked() else { return };
        let share = |at: i32, size: i32| f64::from(at) / f64::from(size.max(1));
        let (x, y) = (share(event.offset_x(), canvas.client_width()), share(event.offset_y(), canvas.client_height()));
        under.set(entries.with_value(|matrix| {
            let place = [(y * matrix.nrows() as f64) as usize, (x * matrix.ncols() as f64) as usize];
            (place[0] < matrix.nrows() && place[1] < matrix.ncols()).then_some(place)
        }));
    };
    let told = move || {
        // Drawn anew, an entry has another value.
        let span = scale.get();
        frame.with(|_| ());
        let entry = under.get().and_then(|[i, j]| {
            entries
                .with_value(|matrix| matrix.get((i, j)).map(|x| format!("({}, {}) {}", i + 1, j + 1, read_number(*x))))
        });
        entry.unwrap_or_else(|| format!("±{}", exponent_number(span, 1)))
    };
    Effect::new(move |_| {
        let theme = state.theme();
        let (Some(canvas), Some(outline)) = (canvas.get(), lab.outline.get()) else { return };
        let present = frame.get().and_then(|step| {
            let trace = lab.chosen_trace()?;
            let frame = trace.frame_at(f64::from(step))?;
            // A trace of the problem before has other parameters until the new one comes.
            let whole = state.with_untracked(|e| {
                let method = e.methods.get(lab.chosen.get_untracked())?;
                Some(thalweg::problems::matrix::works_on_the_matrix(method.base.id))
            })?;
            outline.estimate_of(&frame.parameters, whole)
        });
        let (matrix, span): (DMatrix<f64>, f64) = match (picture, present) {
            (Picture::Truth, _) => (outline.truth.clone(), outline.truth.amax()),
            (Picture::Estimate, Some(estimate)) => (estimate, outline.truth.amax()),
            (Picture::Difference, Some(estimate)) => {
                let gap = estimate - &outline.truth;
                let span = gap.amax();
                (gap, span)
            }
            (_, None) => (outline.truth.clone() * 0.0, 0.0),
        };
        scale.set(span);
        let (columns, rows) = (matrix.ncols() as u32, matrix.nrows() as u32);
        let _ = put_pixels(&canvas, columns, rows, &matrix_pixels(&matrix, span, theme));
        entries.set_value(matrix);
        let style = web_sys::HtmlElement::style(&canvas);
        let _ = style.set_property("aspect-ratio", &format!("{columns} / {rows}"));
    });
    view! {
        <figure class="heat">
            <canvas node_ref=canvas role="img" aria-label=picture.title() on:pointermove=point on:pointerleave=move |_| under.set(None)></canvas>
            <figcaption>
                {picture.title()}
                <small>{told}</small>
            </figcaption>
        </figure>
    }
}

/// The key to the colours.
#[component]
pub fn HeatKey() -> impl IntoView {
    let state = State::expect();
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move |_| {
        let theme: &Theme = state.theme();
        if let Some(canvas) = canvas.get() {
            let ramp = DMatrix::from_fn(1, 65, |_, j| (j as f64 - 32.0) / 32.0);
            let _ = put_pixels(&canvas, 65, 1, &matrix_pixels(&ramp, 1.0, theme));
        }
    });
    view! { <span class="heat-key" aria-hidden="true">"−" <canvas node_ref=canvas></canvas> "+"</span> }
}
