//! Where optimizers start, how long they run, and what noise their gradients have.

use super::knob::{KnobSlider, NumberField};
use super::notes::{Notes, Place};
use super::state::State;
use leptos::prelude::*;
use thalweg::experiment::{Experiment, limits};
use thalweg::optimizers::{Knob, Scale};
use thalweg::problems::Noise;
use thalweg::scalar::decimal;

/// The knob of the noise's standard deviation.
const SIGMA: Knob = Knob {
    id: "sigma",
    symbol: "σ",
    default: 0.1,
    range: (0.0, 1e6),
    scale: Scale::Log { from: 1e-4 },
    meaning: "standard deviation of the noise on each coordinate of the gradient",
};

/// Start, steps, and behind a disclosure noise, seed and tolerance.
#[component]
pub fn Settings() -> impl IntoView {
    let state = State::expect();
    let start = Memo::new(move |_| state.seen().run.problem.start);
    let coordinate = move |i: usize, name: &'static str| {
        let value = Signal::derive(move || tidy(start.get()[i]));
        let set = Callback::new(move |x: f64| {
            let mut at = state.run_untracked().problem.start;
            at[i] = x;
            state.move_start(at);
        });
        view! { <NumberField value range=(-limits::NUMBER, limits::NUMBER) spoken=format!("start {name}") on_change=set/> }
    };
    let steps = state.part(|e| f64::from(e.steps));
    let most = state.part(|e| f64::from(Experiment::step_limit(e.methods.len())));
    let noise = state.part(|e| e.noise);
    let kind = move || match noise.get() {
        Noise::None => "none",
        Noise::Gaussian { .. } => "gaussian",
        Noise::Own => "own",
    };
    let choose = move |event| {
        let chosen = match event_target_value(&event).as_str() {
            "gaussian" => Noise::Gaussian { sigma: 0.1 },
            "own" => Noise::Own,
            _ => Noise::None,
        };
        state.change(|e| e.noise = chosen);
    };
    let sigma = Signal::derive(move || match noise.get() {
        Noise::Gaussian { sigma } => sigma,
        Noise::None | Noise::Own => SIGMA.default,
    });
    let has_own = Memo::new(move |_| state.run().problem.has_own_noise());
    let noisy = Memo::new(move |_| noise.get() != Noise::None);
    view! {
        <section class="section settings" aria-label="Start and noise">
            <div class="row">
                <span class="knob-label">"start"</span>
                <span class="pair">{coordinate(0, "x")} {coordinate(1, "y")}</span>
            </div>
            <Notes place=Place::Start/>
            <div class="row">
                <span class="knob-label">"steps"</span>
                {move || {
                    view! {
                        <NumberField
                            value=steps
                            range=(0.0, most.get())
                            whole=true
                            spoken="number of steps"
                            on_change=Callback::new(move |n: f64| state.change(|e| e.steps = n as u32))
                        />
                    }
                }}
            </div>
            <Notes place=Place::Settings/>
            <details open=noisy.get_untracked()>
                <summary>"Noise and tolerance"</summary>
                <label class="row">
                    <span class="knob-label">"noise"</span>
                    <select on:change=choose prop:value=kind>
                        <option value="none">"none"</option>
                        <option value="gaussian">"Gaussian on the gradient"</option>
                        <Show when=move || has_own.get()>
                            <option value="own">"the landscape's own"</option>
                        </Show>
                    </select>
                </label>
                <Show when=move || matches!(noise.get(), Noise::Gaussian { .. })>
                    <KnobSlider
                        knob=SIGMA
                        label="σ"
                        spoken="standard deviation of the noise"
                        value=sigma
                        on_change=Callback::new(move |sigma| state.change(|e| e.noise = Noise::Gaussian { sigma }))
                    />
                </Show>
                <Show when=move || noisy.get()>
                    <div class="row">
                        <span class="knob-label">"seed"</span>
                        <NumberField
                            value=Signal::derive(move || state.with(|e| e.seed as f64))
                            range=(0.0, 9_007_199_254_740_991.0)
                            whole=true
                            spoken="seed of the noise"
                            on_change=Callback::new(move |seed: f64| state.change(|e| e.seed = seed as u64))
                        />
                    </div>
                </Show>
                <div class="row" title="f − f* at or below this counts as solved">
                    <span class="knob-label">"solved at"</span>
                    <NumberField
                        value=Signal::derive(move || state.with(|e| e.tolerance))
                        range=(1e-15, 1e6)
                        spoken="value of f minus f star that counts as solved"
                        on_change=Callback::new(move |tolerance| state.change(|e| e.tolerance = tolerance))
                    />
                </div>
            </details>
        </section>
    }
}

/// Six significant digits: what a dragged start needs on a screen. The number in the experiment keeps all of its own.
fn tidy(x: f64) -> f64 {
    decimal(&format!("{x:.5e}")).unwrap_or(x)
}
