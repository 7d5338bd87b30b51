//! What a map of basins says about itself: whose it is, what its colours mean, how it was computed.

use super::basins::{self, BasinMap};
use super::state::State;
use leptos::prelude::*;
use thalweg::engine::Verdict;
use thalweg::experiment::Method;
use thalweg::figure::{Theme, basin_color, read_number};

/// The choice between the land's heights and where one of the methods ends.
#[component]
pub fn BasinChoice() -> impl IntoView {
    let state = State::expect();
    let titles = state.part(|e| e.methods.iter().map(Method::title).collect::<Vec<_>>());
    let chosen = state.part(|e| e.view.basins.map_or_else(String::new, |place| place.to_string()));
    let choose = move |event| {
        let place = event_target_value(&event).parse().ok();
        state.change(|e| e.view.basins = place);
    };
    view! {
        <label class="row">
            <span>"Colours show"</span>
            <select on:change=choose prop:value=move || chosen.get()>
                <option value="" selected=move || chosen.get().is_empty()>"heights"</option>
                {move || {
                    titles
                        .get()
                        .into_iter()
                        .enumerate()
                        .map(|(place, title)| {
                            let value = place.to_string();
                            let own = value.clone();
                            view! {
                                <option value=value selected=move || chosen.get() == own>"where " {title} " ends"</option>
                            }
                        })
                        .collect_view()
                }}
            </select>
        </label>
    }
}

/// The legend with the engine's badge; nothing while the map shows heights.
#[component]
pub fn BasinBadge() -> impl IntoView {
    let state = State::expect();
    let basins = basins::expect();
    // Empty while the map shows heights.
    let title =
        state.part(|e| e.view.basins.and_then(|place| e.methods.get(place)).map_or_else(String::new, Method::title));
    // What occurs on the map, each once.
    let kinds = Memo::new(move |_| {
        let mut kinds: Vec<Verdict> = Vec::new();
        if let Some(shown) = basins.shown.get() {
            for cell in shown.cells.iter() {
                if !kinds.contains(&cell.verdict) {
                    let place = kinds.partition_point(|known| *known < cell.verdict);
                    kinds.insert(place, cell.verdict);
                }
            }
        }
        kinds
    });
    let more = Memo::new(move |_| kinds.get().len().saturating_sub(LEGEND));
    let entry = move |verdict: Verdict| {
        let theme = Theme::of(state.dark.get());
        let color = basin_color(verdict, 0.3, theme).css(1.0);
        view! {
            <li>
                <span class="swatch" style:background=color></span>
                {words(basins, verdict)}
            </li>
        }
    };
    view! {
        <Show when=move || !title.get().is_empty()>
            <div class="basin-badge" role="status" title="The stronger the colour, the fewer steps; a click on the map shows the run from there">
                <strong>"Where " {move || title.get()} " ends"</strong>
                <ul>
                    {move || kinds.get().into_iter().take(LEGEND).map(entry).collect_view()}
                    <Show when=move || more.get() != 0>
                        <li>"and " {move || more.get()} " more"</li>
                    </Show>
                </ul>
                <small>{move || basins.told.get()}</small>
            </div>
        </Show>
    }
}

/// Entries of the legend; a landscape may have dozens of minima.
const LEGEND: usize = 6;

/// What a colour means.
fn words(map: BasinMap, verdict: Verdict) -> String {
    match verdict {
        Verdict::Minimum(index) => {
            let at = map.shown.with(|grid| grid.as_ref().and_then(|grid| grid.kind.minima.get(index)));
            at.map_or_else(String::new, |[x, y]| format!("({}, {})", read_number(x), read_number(y)))
        }
        Verdict::Elsewhere => "at rest elsewhere".to_owned(),
        Verdict::Cycling => "cycling".to_owned(),
        Verdict::Moving => "still moving".to_owned(),
        Verdict::Left => "diverged".to_owned(),
    }
}
