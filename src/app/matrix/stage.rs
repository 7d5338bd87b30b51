//! The middle of the page: errors, singular values, the loss on a plane, and the matrices.

use super::super::optimizers::Marker;
use super::super::state::State;
use super::MatrixLab;
use super::heat::{HeatKey, HeatMaps};
use super::rates::Rates;
use super::slice::SliceMap;
use super::spectrum::Spectrum;
use leptos::prelude::*;

/// The views, and what stands in for them when nothing can be run.
#[component]
pub fn MatrixStage() -> impl IntoView {
    let (state, lab) = (State::expect(), MatrixLab::expect());
    let failure =
        move || lab.failures.with(|all| all.iter().find(|(who, _)| who.is_none()).map(|(_, why)| why.clone()));
    let titles = state.part(|e| e.methods.iter().map(|method| method.title()).collect::<Vec<_>>());
    view! {
        <div class="matrix-stage">
            <div class="stage-bar">
                <div class="chips" role="radiogroup" aria-label="Whose matrices are shown">
                    {move || {
                        titles
                            .get()
                            .into_iter()
                            .enumerate()
                            .map(|(index, title)| {
                                view! {
                                    <button
                                        class="chip"
                                        role="radio"
                                        aria-checked=move || (lab.chosen.get() == index).to_string()
                                        on:click=move |_| lab.chosen.set(index)
                                    >
                                        <Marker index/>
                                        {title}
                                    </button>
                                }
                            })
                            .collect_view()
                    }}
                </div>
                <Show when=move || lab.progress.get().is_some()>
                    <span class="progress" role="status">
                        <progress max="1" prop:value=move || lab.progress.get().unwrap_or(1.0)></progress>
                        {move || format!("{:.0} %", 100.0 * lab.progress.get().unwrap_or(1.0))}
                        <button class="link-button" on:click=move |_| lab.cancel()>"Stop"</button>
                    </span>
                </Show>
            </div>
            <Show when=move || failure().is_some()>
                <p class="mistake stage-failure" role="alert">{failure}</p>
            </Show>
            <Show when=move || titles.get().is_empty()>
                <p class="hint stage-failure">"No optimizer yet: add one to see what it recovers."</p>
            </Show>
            <Rates/>
            <div class="stage-pair">
                <Spectrum/>
                <SliceMap/>
            </div>
            <div class="stage-foot">
                <HeatMaps/>
                <HeatKey/>
            </div>
        </div>
    }
}
