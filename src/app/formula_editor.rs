//! A formula of the visitor's own: read at every keystroke, with the mistake marked and a repair offered.

use super::dom;
use super::state::State;
use leptos::prelude::*;
use thalweg::experiment::ProblemChoice;
use thalweg::formula::{Formula, FormulaError, Names, Suggestion};
use thalweg::landscapes;

/// The text of the formula. A text without a mistake is the problem from the next moment on; one with a mistake leaves
/// the last good picture where it is.
#[component]
pub fn FormulaEditor() -> impl IntoView {
    let state = State::expect();
    let broken = state.notes.with_untracked(|notes| notes.iter().find_map(|note| note.formula.clone()));
    let text = RwSignal::new(broken.unwrap_or_else(|| current_text(state)));
    let problem = state.part(|e| e.problem.clone());
    let error = RwSignal::new(None::<FormulaError>);
    let read = move |typed: String| {
        let parameters = parameters(state);
        let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        match Formula::parse(&typed, &Names { variables: &["x", "y"], parameters: &names }) {
            Ok(_) => {
                error.set(None);
                state.notes.update(|notes| notes.retain(|note| note.formula.is_none()));
                let choice = ProblemChoice::Formula { text: typed.clone(), parameters };
                let window = state.run_untracked().problem.domain;
                let start = state.run_untracked().problem.start;
                // A formula that has been read can be posed.
                state.change(|e| {
                    e.problem = choice;
                    e.domain = Some(window);
                    e.start = Some(start);
                    if e.noise == thalweg::problems::Noise::Own {
                        e.noise = thalweg::problems::Noise::None;
                    }
                });
            }
            Err(mistake) => error.set(Some(mistake)),
        }
        text.set(typed);
    };
    // Another landscape, or another parameter, chosen elsewhere brings its own text.
    Effect::new(move |first: Option<()>| {
        let problem = problem.get();
        if first.is_some() {
            let now = current_text(state);
            let typed = text.get_untracked();
            let same = Formula::parse(&typed, &names_of(&parameters(state)).as_names()).is_ok();
            if !same || !matches!(problem, ProblemChoice::Formula { text, .. } if text == typed) {
                text.set(now);
                error.set(None);
            }
        } else {
            // A formula from a link that could not be read shows its mistake at once.
            let typed = text.get_untracked();
            let mistake = Formula::parse(&typed, &names_of(&parameters(state)).as_names()).err();
            error.set(mistake);
        }
    });
    let mistake_id = dom::unique_id("formula-mistake");
    let mend = move |suggestion: Suggestion| {
        let mended = suggestion.apply(&text.get_untracked());
        read(mended);
    };
    view! {
        <div class="formula-editor">
            <label>
                <span class="visually-hidden">"Formula in x and y"</span>
                <textarea
                    rows="3"
                    spellcheck="false"
                    autocapitalize="off"
                    aria-invalid=move || error.get().is_some().to_string()
                    aria-describedby=mistake_id.clone()
                    prop:value=move || text.get()
                    on:input=move |event| read(event_target_value(&event))
                ></textarea>
            </label>
            <div class="formula-mistake" id=mistake_id role="status">
                {move || {
                    error
                        .get()
                        .map(|mistake| {
                            let text = text.get();
                            let span = mistake.span();
                            let (before, after) =
                                (text.get(..span.start).unwrap_or(""), text.get(span.end..).unwrap_or(""));
                            let marked = match span.of(&text) {
                                "" => "␣".to_owned(),
                                marked => marked.to_owned(),
                            };
                            let suggestion = mistake.suggestion();
                            view! {
                                <p class="mistake">{mistake.to_string()}"."</p>
                                <p class="mistake-place"><code>{near_end(before)}<mark>{marked}</mark>{near_start(after)}</code></p>
                                {suggestion
                                    .map(|suggestion| {
                                        let mended = suggestion.apply(&text);
                                        let shown = if mended.chars().count() <= 28 {
                                            format!("Write {mended}")
                                        } else {
                                            match suggestion.replacement.as_str() {
                                                "" => "Leave it out".to_owned(),
                                                replacement => format!("Write {replacement} here"),
                                            }
                                        };
                                        view! {
                                            <button class="button small" on:click=move |_| mend(suggestion.clone())>{shown}</button>
                                        }
                                    })}
                            }
                        })
                }}
            </div>
            <p class="hint">"x and y, + − * / ^, sin cos tan exp ln sqrt abs max min hypot atan2 floor cond …"</p>
        </div>
    }
}

/// The last thirty characters, with a sign that there are more.
fn near_end(text: &str) -> String {
    match text.char_indices().rev().nth(29) {
        Some((start, _)) if start > 0 => format!("…{}", &text[start..]),
        _ => text.to_owned(),
    }
}

/// The first thirty characters, with a sign that there are more.
fn near_start(text: &str) -> String {
    match text.char_indices().nth(30) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// Parameters of the present problem with their values: a formula may go on using them.
fn parameters(state: State) -> Vec<(String, f64)> {
    state.run_untracked().problem.parameters.clone()
}

struct OwnedNames<'a>(Vec<&'a str>);

impl OwnedNames<'_> {
    fn as_names(&self) -> Names<'_> {
        Names { variables: &["x", "y"], parameters: &self.0 }
    }
}

fn names_of(parameters: &[(String, f64)]) -> OwnedNames<'_> {
    OwnedNames(parameters.iter().map(|(name, _)| name.as_str()).collect())
}

fn current_text(state: State) -> String {
    state.with_untracked(|e| match &e.problem {
        ProblemChoice::Formula { text, .. } => text.clone(),
        ProblemChoice::Landscape { id, .. } => {
            landscapes::find(id).map_or_else(String::new, |row| row.formula.to_owned())
        }
        _ => String::new(),
    })
}
