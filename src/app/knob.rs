//! A hyperparameter or a parameter: a slider with a number that can be typed.

use leptos::prelude::*;
use thalweg::experiment::link::number;
use thalweg::figure::axis_number;
use thalweg::optimizers::{Knob, Scale};
use thalweg::scalar::decimal;

/// Stops of a slider: fine enough for an arrow key to be a small change.
const STOPS: f64 = 1000.0;

/// Where on its slider, from 0 to 1, a value lies.
fn place(knob: &Knob, value: f64) -> f64 {
    let (low, high) = knob.range;
    let place = match knob.scale {
        Scale::Linear | Scale::Integer => (value - low) / (high - low),
        Scale::Log { from } => {
            let from = from.max(low);
            libm::log(value.max(from) / from) / libm::log(knob.slider_end() / from)
        }
        Scale::NearOne => near_one(value) / near_one(high),
    };
    place.clamp(0.0, 1.0)
}

/// The value at a place of the slider, with as many digits as a slider can mean.
fn value_at(knob: &Knob, place: f64) -> f64 {
    let (low, high) = knob.range;
    let value = match knob.scale {
        Scale::Linear | Scale::Integer => round_to(low + place * (high - low), (high - low) / STOPS),
        Scale::Log { .. } if place == 0.0 => low,
        Scale::Log { from } => {
            let from = from.max(low);
            let value = from * libm::exp(place * libm::log(knob.slider_end() / from));
            round_to(value, value * 0.01)
        }
        Scale::NearOne => {
            let distance = libm::exp(-place * near_one(high));
            1.0 - round_to(distance, distance * 0.05)
        }
    };
    knob.nearest(value)
}

fn near_one(value: f64) -> f64 {
    -libm::log(1.0 - value)
}

/// `x` to the decimal place that a unit of this size needs.
fn round_to(x: f64, unit: f64) -> f64 {
    let decimals = (-libm::floor(libm::log10(unit))).clamp(0.0, 17.0) as usize;
    decimal(&format!("{x:.decimals$}")).unwrap_or(x)
}

/// A slider with its number. The slider is logarithmic where the knob says so; any value in the knob's range can be
/// typed.
#[component]
pub fn KnobSlider(
    /// Range, scale and meaning.
    #[prop(into)]
    knob: Knob,
    /// Name before the slider, such as a symbol.
    #[prop(into)]
    label: String,
    /// What a screen reader says, such as "Adam, step size".
    #[prop(into)]
    spoken: String,
    /// Current value, in the knob's own unit.
    #[prop(into)]
    value: Signal<f64>,
    /// Called with every new value, while the slider moves and when a number has been typed.
    on_change: Callback<f64>,
) -> impl IntoView {
    let slide = move |event| {
        if let Some(stop) = decimal(&event_target_value(&event)) {
            on_change.run(value_at(&knob, stop / STOPS));
        }
    };
    if knob.is_switch() {
        let flip = move |event| on_change.run(f64::from(u8::from(event_target_checked(&event))));
        return view! {
            <label class="knob switch" title=knob.meaning>
                <span class="knob-label">{label}</span>
                <input type="checkbox" prop:checked=move || value.get() != 0.0 aria-label=spoken on:change=flip/>
            </label>
        }
        .into_any();
    }
    let whole = knob.scale == Scale::Integer;
    view! {
        <div class="knob" title=knob.meaning>
            <span class="knob-label">{label}</span>
            <input
                type="range"
                min="0"
                max=STOPS
                step="1"
                prop:value=move || (place(&knob, value.get()) * STOPS).round()
                style:--filled=move || format!("{:.1}%", place(&knob, value.get()) * 100.0)
                aria-label=spoken.clone()
                aria-valuetext=move || axis_number(value.get())
                on:input=slide
            />
            <NumberField value range=knob.range whole spoken=format!("{spoken}, number") on_change/>
        </div>
    }
    .into_any()
}

/// A number that can be typed. What is not a number, or out of range, is refused with the reason, and the last good
/// number stays in force.
#[component]
pub fn NumberField(
    /// The number in force.
    #[prop(into)]
    value: Signal<f64>,
    /// Smallest and largest accepted.
    range: (f64, f64),
    /// Whether only whole numbers are accepted.
    #[prop(optional)]
    whole: bool,
    /// What a screen reader says.
    #[prop(into)]
    spoken: String,
    /// Called with every accepted number.
    on_change: Callback<f64>,
) -> impl IntoView {
    let refused = RwSignal::new(None::<String>);
    let (low, high) = range;
    let typed = move |event| {
        let text = event_target_value(&event);
        match decimal(&text.trim().replace('−', "-").replace(',', ".")) {
            Some(number)
                if number.is_finite() && number >= low && number <= high && !(whole && number.fract() != 0.0) =>
            {
                refused.set(None);
                on_change.run(number);
            }
            _ => {
                let kind = if whole { "a whole number" } else { "a number" };
                refused.set(Some(format!("Please type {kind} from {} to {}.", axis_number(low), axis_number(high))));
            }
        }
    };
    // A number is shown as one reads it, 10⁻⁸, and typed as one types it, 1e-8. Leaving the field brings the number in
    // force back.
    let typing = RwSignal::new(false);
    let shown = move || if typing.get() { number(value.get()) } else { axis_number(value.get()) };
    let enter = move |event: web_sys::FocusEvent| {
        typing.set(true);
        let input: web_sys::HtmlInputElement = event_target(&event);
        input.set_value(&number(value.get_untracked()));
        input.select();
    };
    let leave = move |event: web_sys::FocusEvent| {
        refused.set(None);
        typing.set(false);
        let input: web_sys::HtmlInputElement = event_target(&event);
        input.set_value(&axis_number(value.get_untracked()));
    };
    view! {
        <span class="number">
            <input
                type="text"
                inputmode="decimal"
                autocomplete="off"
                spellcheck="false"
                prop:value=shown
                aria-label=spoken
                aria-invalid=move || refused.get().is_some().to_string()
                on:change=typed
                on:focus=enter
                on:blur=leave
            />
            <Show when=move || refused.get().is_some()>
                <span class="refused" role="alert">{move || refused.get()}</span>
            </Show>
        </span>
    }
}
