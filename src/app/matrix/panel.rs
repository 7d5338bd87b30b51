//! The problem of the matrix lab with its parameters, and the menu of those there are.

use super::super::knob::NumberField;
use super::super::lab_panel::{Listed, ProblemMenu, ProblemSection, SettingsSection};
use super::super::state::State;
use leptos::prelude::*;
use thalweg::experiment::ProblemChoice;
use thalweg::problems::matrix::{FAMILIES, find};

/// Name, loss, parameters, seed, steps and tolerance.
#[component]
pub fn MatrixPanel() -> impl IntoView {
    let state = State::expect();
    let shown = state.part(|e| match e.problem {
        ProblemChoice::Matrix { id, .. } => find(id).map(Listed::from),
        _ => None,
    });
    let refused = RwSignal::new(None::<String>);
    view! {
        <ProblemSection shown refused/>
        <SettingsSection drawn="names everything that is drawn: truth, measurements, noise, start" refused>
            <div class="row" title="a relative error at or below this counts as recovered">
                <span class="knob-label">"solved at"</span>
                <NumberField
                    value=state.part(|e| e.tolerance)
                    range=(1e-15, 1e6)
                    spoken="relative error that counts as recovered"
                    on_change=Callback::new(move |tolerance| state.change(|e| e.tolerance = tolerance))
                />
            </div>
        </SettingsSection>
    }
}

/// The menu of problems.
#[component]
pub fn FamilyPicker() -> impl IntoView {
    let listed = |family| {
        let family: &'static thalweg::problems::matrix::Family = family;
        (Listed::from(family), ProblemChoice::Matrix { id: family.id, parameters: Vec::new() })
    };
    view! { <ProblemMenu title="Matrix problems" families=FAMILIES.iter().map(listed).collect()/> }
}
