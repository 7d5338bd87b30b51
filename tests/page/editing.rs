//! Numbers and formulas under the visitor's hands: a change is a new result, a mistake is a message beside it.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use thalweg::experiment::Link;
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor::{self, MAP};

const RACE: &str = "problem=ellipse;kappa=20&steps=100&opt=adam;lr=0.1&opt=sgd;lr=0.02";
const LR: &str = "input[aria-label='Adam, step size (learning rate)']";
const LR_NUMBER: &str = "input[aria-label='Adam, step size (learning rate), number']";
const FORMULA: &str = ".formula-editor textarea";

/// A page at its last step.
fn race(link: &str) -> Result<Page<'static>> {
    let mut page = browser::open(&View::DESKTOP, link)?;
    visitor::go_to_the_end(&mut page)?;
    Ok(page)
}

#[test]
fn a_slider_changes_the_result_at_every_stop() -> Result<()> {
    let mut page = race(RACE)?;
    page.eval::<Value>(&format!("document.querySelector(\"{LR}\").focus() ?? null"))?;
    let mut seen = vec![visitor::outcomes(&mut page)?];
    for _ in 0..4 {
        for _ in 0..12 {
            page.key("ArrowRight")?;
        }
        seen.push(visitor::outcomes(&mut page)?);
    }
    ensure!(seen.windows(2).all(|pair| pair[0] != pair[1]), "{seen:#?}");
    // And with the mouse, from one end of the track to the middle.
    let [left, top, width, height] = page.rect(LR)?;
    page.drag((left + 0.95 * width, top + 0.5 * height), (left + 0.5 * width, top + 0.5 * height))?;
    let lr: f64 = visitor::number(&page.eval::<String>(&format!("document.querySelector(\"{LR_NUMBER}\").value"))?)?;
    // Logarithmic: the middle of 1e-6 to 10 is about 3e-3, not 5.
    ensure!((1e-3..1e-2).contains(&lr), "the middle of the slider is {lr}");
    visitor::wait_for_address(&mut page, "opt=adam;lr=0.00")?;
    page.assert_console_silent()
}

/// Browsers drop what is written to the address more than 200 times in ten seconds: a hand in motion writes nothing.
#[test]
fn the_address_is_written_once_the_hand_rests() -> Result<()> {
    let mut page = race(RACE)?;
    page.wait_for("!location.search.includes('step=')")?;
    page.eval::<Value>(&format!(
        "(() => {{
            const write = history.replaceState.bind(history);
            window.writes = 0;
            history.replaceState = (...all) => {{ window.writes += 1; write(...all); }};
            const slider = document.querySelector(\"{LR}\");
            for (let move = 0; move < 300; move += 1) {{
                slider.stepDown();
                slider.dispatchEvent(new Event('input', {{ bubbles: true }}));
            }}
            return null;
        }})()"
    ))?;
    page.wait_for("window.writes > 0")?;
    let adam = |link: &str| Link::parse(link).experiment.methods[0].clone();
    ensure!(adam(&visitor::address(&mut page)?) != adam(RACE));
    let writes: u32 = page.eval("window.writes")?;
    ensure!(writes == 1, "300 moves were written {writes} times");
    page.assert_console_silent()
}

#[test]
fn a_typed_number_changes_the_result_and_is_kept_to_its_last_digit() -> Result<()> {
    let mut page = race(RACE)?;
    let before = visitor::outcomes(&mut page)?;
    page.fill(LR_NUMBER, "0.123456789012")?;
    visitor::wait_for_address(&mut page, "lr=0.123456789012")?;
    ensure!(visitor::outcomes(&mut page)? != before);
    // A comma and a typesetter's minus are numbers too.
    page.fill("input[aria-label='start x']", "\u{2212}1,5")?;
    visitor::wait_for_address(&mut page, "start=-1.5,")?;
    page.assert_console_silent()
}

#[test]
fn a_refused_number_is_told_beside_its_field_and_changes_nothing() -> Result<()> {
    let mut page = race(RACE)?;
    let before = (visitor::outcomes(&mut page)?, visitor::trails(&mut page)?);
    for (field, text, word) in [
        (LR_NUMBER, "fast", "number"),
        (LR_NUMBER, "-1", "from 0"),
        (LR_NUMBER, "1e9", "to 1000"),
        (LR_NUMBER, "", "number"),
        (LR_NUMBER, "NaN", "number"),
        ("input[aria-label='number of steps']", "2.5", "whole number"),
        ("input[aria-label='number of steps']", "1e9", "from 0"),
        ("input[aria-label='start y']", "1e99", "number"),
        ("input[aria-label='parameter kappa, number']", "x", "number"),
    ] {
        page.fill(field, text)?;
        page.settle()?;
        let told: Option<String> = page.eval(&format!(
            "document.querySelector(\"{field}\").closest('.number').querySelector('[role=alert]')?.innerText ?? null"
        ))?;
        let told = told.with_context(|| format!("{field} took “{text}” without a word"))?;
        ensure!(told.contains(word), "{field}, “{text}”: {told}");
        ensure!(
            page.eval::<bool>(&format!("document.querySelector(\"{field}\").getAttribute('aria-invalid') === 'true'"))?
        );
        ensure!(visitor::outcomes(&mut page)? == before.0, "{field} took “{text}”");
        page.eval::<Value>("document.activeElement.blur() ?? null")?;
        page.wait_for("!document.querySelector('.number [role=alert]')")?;
    }
    ensure!(visitor::trails(&mut page)? == before.1, "the last good picture is gone");
    page.assert_console_silent()
}

/// The words beside a field are of use only if they can be seen.
#[test]
fn the_message_beside_a_field_is_on_the_screen() -> Result<()> {
    let mut page = race(RACE)?;
    page.fill(LR_NUMBER, "fast")?;
    page.settle()?;
    let seen: bool = page.eval(
        "(() => {
            const message = document.querySelector('.number [role=alert]'), box = message.getBoundingClientRect();
            const hit = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return box.width > 40 && (message.contains(hit) || hit.contains(message)) && box.right <= innerWidth && box.left >= 0;
        })()",
    )?;
    ensure!(seen, "the message is covered or outside the window");
    Ok(())
}

#[test]
fn a_typed_formula_is_the_problem_at_every_keystroke() -> Result<()> {
    let mut page = race(RACE)?;
    visitor::click_words(&mut page, "[aria-label=Problem]", "Type a formula")?;
    let before = (visitor::ground(&mut page)?, visitor::outcomes(&mut page)?);
    visitor::retype(&mut page, FORMULA, "x^2+3*y^2")?;
    ensure!(page.text(".problem-name")?.contains("Your formula"));
    ensure!(visitor::ground(&mut page)?.hash != before.0.hash, "the land stayed");
    ensure!(visitor::outcomes(&mut page)? != before.1, "the results stayed");
    visitor::wait_for_address(&mut page, "problem=formula;f=x^2%2B3*y^2")?;
    page.type_text("+sin(5*x)")?;
    visitor::wait_for_address(&mut page, "sin(5*x)")?;
    ensure!(page.eval::<String>(&format!("document.querySelector('{FORMULA}').value"))? == "x^2+3*y^2+sin(5*x)");
    page.assert_console_silent()
}

#[test]
fn a_parameter_of_the_landscape_changes_land_and_result() -> Result<()> {
    let mut page = race(RACE)?;
    let mut seen = vec![(visitor::ground(&mut page)?.hash, visitor::outcomes(&mut page)?)];
    page.eval::<Value>("document.querySelector(\"input[aria-label='parameter kappa']\").focus() ?? null")?;
    for _ in 0..3 {
        for _ in 0..25 {
            page.key("ArrowLeft")?;
        }
        seen.push((visitor::ground(&mut page)?.hash, visitor::outcomes(&mut page)?));
    }
    ensure!(seen.windows(2).all(|pair| pair[0].0 != pair[1].0), "the land stayed: {seen:?}");
    ensure!(seen.windows(2).all(|pair| pair[0].1 != pair[1].1), "the results stayed: {seen:?}");
    page.assert_console_silent()
}

#[test]
fn a_mistake_in_a_formula_is_marked_and_mended_by_a_click() -> Result<()> {
    for (typed, marked, mended) in
        [("2x+y^2", "", "2*x+y^2"), ("sinn(x)+y^2", "sinn", "sin(x)+y^2"), ("(x+1)^2+y^2)", ")", "(x+1)^2+y^2")]
    {
        let mut page = race(RACE)?;
        visitor::click_words(&mut page, "[aria-label=Problem]", "Type a formula")?;
        visitor::retype(&mut page, FORMULA, "x^2+y^2")?;
        let good = (visitor::ground(&mut page)?, visitor::outcomes(&mut page)?);
        visitor::retype(&mut page, FORMULA, typed)?;
        page.wait_for("document.querySelector('.formula-mistake .mistake')")?;
        ensure!(!page.text(".formula-mistake .mistake")?.is_empty());
        let mark = page.text(".formula-mistake mark")?;
        ensure!(marked.is_empty() || mark == marked, "{typed}: “{mark}” is marked, not “{marked}”");
        ensure!(
            page.eval::<bool>(&format!("document.querySelector('{FORMULA}').getAttribute('aria-invalid') === 'true'"))?
        );
        let now = (visitor::ground(&mut page)?, visitor::outcomes(&mut page)?);
        ensure!(now == good, "{typed}: the last good picture is gone");
        page.click_on(".formula-mistake button")?;
        page.wait_for("!document.querySelector('.formula-mistake .mistake')")?;
        let text: String = page.eval(&format!("document.querySelector('{FORMULA}').value"))?;
        ensure!(text == mended, "{typed} was mended to {text}");
        let link = format!("f={}", thalweg::experiment::link::encode(mended));
        visitor::wait_for_address(&mut page, &link)?;
        page.assert_console_silent()?;
    }
    Ok(())
}

/// Whether a row of the land alternates between paint and nothing, as a hatch does.
fn hatched(opacities: &[u8]) -> bool {
    let edges = opacities.windows(2).filter(|pair| (pair[0] < 40) != (pair[1] < 40)).count();
    // Lines 9 pixels apart have two edges each; a few may fall together with a contour or an axis.
    edges >= opacities.len() / 9
}

#[test]
fn where_a_formula_is_undefined_the_land_is_hatched() -> Result<()> {
    for view in [View::DESKTOP, View::DESKTOP.dark()] {
        let mut page = browser::open(&view, "problem=formula;f=ln(x)%2By^2&start=2,1&steps=50&opt=sgd;lr=0.1")?;
        visitor::go_to_the_end(&mut page)?;
        // A typed formula is shown from -3 to 3: the left third of the map has x < -0.9, the right one x > 0.9.
        for row in [0.3, 0.5, 0.7] {
            let left = visitor::opacities(&mut page, ".map .ground", row, 0.1, 0.33)?;
            ensure!(hatched(&left), "{view:?}, row {row}: not hatched where ln(x) is undefined");
            let right = visitor::opacities(&mut page, ".map .ground", row, 0.67, 0.9)?;
            ensure!(right.iter().all(|opacity| *opacity == 255), "{view:?}, row {row}: no land where ln(x) is defined");
        }
        page.assert_console_silent()?;
    }
    Ok(())
}

#[test]
fn a_run_that_is_undefined_from_the_first_step_is_told_in_words() -> Result<()> {
    let mut page = race("problem=formula;f=ln(x)%2By^2&start=-1,1&steps=50&opt=sgd;lr=0.1&opt=bfgs&opt=nelder_mead")?;
    let table = visitor::outcomes(&mut page)?;
    ensure!(table.matches("left the domain of f at step 0").count() == 3, "{table}");
    ensure!(!table.contains("NaN"), "{table}");
    // Dragging the start to where the formula is defined is all that is needed.
    let from = page.centre(visitor::START)?;
    let [left, top, width, height] = page.rect(MAP)?;
    page.drag(from, (left + 0.8 * width, top + 0.4 * height))?;
    ensure!(!visitor::outcomes(&mut page)?.contains("at step 0"));
    page.assert_console_silent()
}

#[test]
fn a_run_that_diverges_says_when() -> Result<()> {
    let mut page = race("problem=ellipse;kappa=10&start=4,1&steps=300&opt=sgd;lr=0.3")?;
    let table = visitor::outcomes(&mut page)?;
    let done = thalweg::experiment::run(&Link::parse(&visitor::address(&mut page)?).experiment)?;
    let verdict = done.traces[0].outcome.verdict();
    ensure!(verdict.starts_with("diverged at step"), "{verdict}");
    ensure!(table.contains(&verdict), "{table} should say {verdict}");
    page.assert_console_silent()
}

#[test]
fn noise_can_be_switched_on_and_named_by_its_seed() -> Result<()> {
    let mut page = race(RACE)?;
    visitor::click_words(&mut page, "[aria-label='Start and noise']", "Noise and tolerance")?;
    let quiet = visitor::outcomes(&mut page)?;
    page.eval::<Value>(
        "(noise => { noise.value = 'gaussian'; noise.dispatchEvent(new Event('change', { bubbles: true })); return null; })\
        (document.querySelector('[aria-label=\"Start and noise\"] select'))",
    )?;
    visitor::wait_for_address(&mut page, "noise=gaussian;sigma=0.1")?;
    let first = visitor::outcomes(&mut page)?;
    page.fill("input[aria-label='seed of the noise']", "7")?;
    visitor::wait_for_address(&mut page, "seed=7")?;
    let second = visitor::outcomes(&mut page)?;
    ensure!(quiet != first && first != second, "{quiet}\n{first}\n{second}");
    page.fill("input[aria-label='seed of the noise']", "0")?;
    page.wait_for("!location.search.includes('seed=')")?;
    ensure!(visitor::outcomes(&mut page)? == first, "the same seed gave other draws");
    page.assert_console_silent()
}

/// The step-size strip: one click tries the step size under the pointer.
#[test]
fn a_click_on_the_strip_tries_a_step_size() -> Result<()> {
    let mut page = race("problem=ellipse;kappa=10&start=4,1&steps=100&opt=sgd;lr=0.0001")?;
    page.wait_for("!document.querySelector('.strip .busy')")?;
    let [left, top, width, height] = page.rect(".strip .above")?;
    let before = visitor::outcomes(&mut page)?;
    page.click((left + 0.7 * width, top + 0.5 * height))?;
    page.wait_for("!location.search.includes('lr=0.0001')")?;
    ensure!(visitor::outcomes(&mut page)? != before);
    let method = Link::parse(&visitor::address(&mut page)?).experiment.methods.remove(0);
    let lr = method.base.knobs.get("lr");
    // The strip runs from 1e-5 to 10 over most of its width.
    ensure!((0.005..1.0).contains(&lr), "{lr}");
    page.assert_console_silent()
}

/// Pointing along a plot moves time.
#[test]
fn pointing_at_a_plot_moves_time() -> Result<()> {
    let mut page = race(RACE)?;
    let [left, top, width, height] = page.rect(".charts .above")?;
    page.hover((left + 0.3 * width, top + 0.5 * height))?;
    page.settle()?;
    let early = visitor::step(&mut page)?;
    page.hover((left + 0.8 * width, top + 0.5 * height))?;
    page.settle()?;
    let late = visitor::step(&mut page)?;
    ensure!(early < late && late < 100, "{early}, then {late}");
    page.assert_console_silent()
}
