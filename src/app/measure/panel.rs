//! The problem of the measure lab with its parameters, and the menu of those there are.

use super::super::lab_panel::{Listed, ProblemMenu, ProblemSection, SettingsSection};
use super::super::state::State;
use super::{choice, choose};
use leptos::prelude::*;
use thalweg::experiment::ProblemChoice;
use thalweg::landscapes;
use thalweg::problems::measure::{Choice, FAMILIES, Family, Kind, SHAPES, find};

/// Interactions that can be chosen: their names and W(r).
const INTERACTIONS: [(&str, &str); 5] = [
    ("ring: r⁴/4 − r²/2", "r^4/4-r^2/2"),
    ("disc: r²/2 − ln r", "r^2/2-ln(r)"),
    ("lattice: r²/2 + e^(−4r)", "r^2/2+exp(-4*r)"),
    ("Morse: far pull, near push", "2*exp(-2*r)-exp(-r)"),
    ("Keller-Segel: ln r, collapse", "ln(r)"),
];

/// Name, energy, parameters, seed and steps.
#[component]
pub fn MeasurePanel() -> impl IntoView {
    let state = State::expect();
    let id = state.part(|e| choice(e).map(|choice| choice.id));
    let family = move || id.get().and_then(find);
    let shown = Signal::derive(move || family().map(Listed::from));
    let refused = RwSignal::new(None::<String>);
    view! {
        <ProblemSection shown refused>{move || family().map(|family| view! { <Words family refused/> })}</ProblemSection>
        <SettingsSection drawn="names everything that is drawn: start, points that are sought, noise" refused/>
    }
}

/// The parameters that are words: shapes, landscapes, formulas.
#[component]
fn Words(
    /// The family that they belong to.
    family: &'static Family,
    /// Where it is said why a change was not taken.
    refused: RwSignal<Option<String>>,
) -> impl IntoView {
    let state = State::expect();
    let set = move |name: &'static str, word: &str| {
        let posed = state.edit(|e| choose(e, |choice| choice.set_word(name, word)));
        refused.set(posed.err().map(|error| error.to_string()));
    };
    let word =
        move |name: &'static str| state.part(move |e| choice(e).map_or_else(String::new, |c| c.word(name).to_owned()));
    // Chooses the potential; `without` stands for no landscape of the list.
    let landscape = move |without: &'static str| {
        let (on, f) = (word("on"), word("f"));
        let rows: Vec<_> =
            landscapes::offered().map(|row| view! { <option value=row.id>{row.name}</option> }).collect();
        view! {
            <label class="row">
                <span class="knob-label">"f"</span>
                <select
                    prop:value=move || if f.with(String::is_empty) { on.get() } else { String::new() }
                    on:change=move |event| {
                        let id = event_target_value(&event);
                        // Where there must be a potential, the formula is yet to be typed.
                        if !id.is_empty() || family.kind == Kind::Interaction {
                            set("f", "");
                            set("on", &id);
                        }
                    }
                >
                    <option value="">{without}</option>
                    {rows}
                </select>
            </label>
            <Typed now=f placeholder="or a formula in x and y" spoken="formula of the potential" set=Callback::new(move |text: String| set("f", &text))/>
        }
    };
    match family.kind {
        Kind::Clouds => [("from", "from"), ("to", "to")]
            .map(|(name, label)| {
                let now = word(name);
                let options = SHAPES.map(|(shape, _)| view! { <option value=shape>{shape}</option> }).collect_view();
                view! {
                    <label class="row">
                        <span class="knob-label">{label}</span>
                        <select prop:value=move || now.get() on:change=move |event| set(name, &event_target_value(&event))>
                            {options}
                        </select>
                    </label>
                }
            })
            .collect_view()
            .into_any(),
        Kind::Potential => landscape("your formula").into_any(),
        Kind::Interaction => {
            let w = word("w");
            view! {
                <label class="row">
                    <span class="knob-label">"W(r)"</span>
                    <select
                        prop:value=move || w.get()
                        on:change=move |event| {
                            let formula = event_target_value(&event);
                            if !formula.is_empty() {
                                set("w", &formula);
                            }
                        }
                    >
                        <option value="">"your formula"</option>
                        {INTERACTIONS.map(|(name, text)| view! { <option value=text>{name}</option> }).collect_view()}
                    </select>
                </label>
                <Typed now=w placeholder="a formula in r" spoken="W as a formula in r" set=Callback::new(move |text: String| set("w", &text))/>
                {landscape("none, or your formula")}
            }
            .into_any()
        }
        _ => ().into_any(),
    }
}

/// A field for a formula, taken when it is left or confirmed.
#[component]
fn Typed(
    /// The formula as it is now.
    now: Memo<String>,
    /// What stands in it while it is empty.
    placeholder: &'static str,
    /// What it is called by a screen reader.
    spoken: &'static str,
    /// Takes a formula.
    set: Callback<String>,
) -> impl IntoView {
    view! {
        <input
            class="formula-line"
            type="text"
            spellcheck="false"
            autocomplete="off"
            maxlength="400"
            placeholder=placeholder
            aria-label=spoken
            prop:value=move || now.get()
            on:change=move |event| set.run(event_target_value(&event))
        />
    }
}

/// The menu of problems.
#[component]
pub fn FamilyPicker() -> impl IntoView {
    let listed = |family| (Listed::from(family), ProblemChoice::Measure(Choice::new(family)));
    view! { <ProblemMenu title="Problems of the measure lab" families=FAMILIES.iter().map(listed).collect()/> }
}
