//! The start under the hand, the address behind it, and the map under wheel and fingers.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use thalweg::experiment::Link;
use thalweg::figure::Frame;
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor::{self, MAP, START};

const RACE: &str = "problem=rosenbrock&steps=200&opt=adam;lr=0.05&opt=bfgs";

#[test]
fn every_pointer_event_of_a_drag_redraws_all_paths() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    let mut seen = vec![(visitor::start(&mut page)?, visitor::trails(&mut page)?.hash, visitor::outcomes(&mut page)?)];
    let from = page.centre(START)?;
    page.grab(from)?;
    for way in [12.0, 30.0, 55.0, 90.0] {
        page.pull_to((from.0 + way, from.1 + 0.3 * way))?;
        seen.push((visitor::start(&mut page)?, visitor::trails(&mut page)?.hash, visitor::outcomes(&mut page)?));
    }
    page.let_go((from.0 + 90.0, from.1 + 27.0))?;
    for (before, after) in seen.iter().zip(&seen[1..]) {
        ensure!(before.0 != after.0, "the start stayed at {:?}", before.0);
        ensure!(before.1 != after.1, "the trails stayed when the start moved to {:?}", after.0);
        ensure!(before.2 != after.2, "the table stayed when the start moved to {:?}", after.0);
    }
    ensure!(visitor::step(&mut page)? == 200, "time moved with the start");
    page.assert_console_silent()
}

#[test]
fn the_start_stays_under_the_hand() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE] {
        let mut page = browser::open(&view, RACE)?;
        visitor::go_to_the_end(&mut page)?;
        let from = page.centre(START)?;
        // Not in the middle of the ring: the ring must not jump.
        let hold = (from.0 + 4.0, from.1 - 3.0);
        let to = (hold.0 + 60.0, hold.1 + 45.0);
        if view.touch {
            page.swipe(hold, to)?
        } else {
            page.drag(hold, to)?
        }
        page.settle()?;
        let now = page.centre(START)?;
        // The start is rounded to what a pixel can mean.
        let off = (now.0 - from.0 - 60.0).abs().max((now.1 - from.1 - 45.0).abs());
        ensure!(off <= 1.5, "{view:?}: the ring is {off} pixels from where it was dragged");
        page.assert_console_silent()?;
    }
    Ok(())
}

#[test]
fn the_address_follows_within_a_second_and_leaves_the_history_alone() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    let entries: u32 = page.eval("history.length")?;
    // When the address is written, and when the hand lets go, by the page's own clock.
    page.eval::<Value>(
        "(() => {
            window.written = [];
            const write = history.replaceState.bind(history);
            history.replaceState = (...all) => { written.push(performance.now()); return write(...all); };
            addEventListener('pointerup', () => { window.released = performance.now(); }, true);
            return null;
        })()",
    )?;
    let from = page.centre(START)?;
    page.drag(from, (from.0 + 70.0, from.1 + 40.0))?;
    visitor::wait_for_address(&mut page, "start=")?;
    let waited: f64 = page.eval("written.at(-1) - released")?;
    ensure!(waited < 1000.0, "the address came {waited} ms after the hand let go");
    ensure!(page.eval::<u32>("history.length")? == entries, "the drag left entries in the history");
    let link = visitor::address(&mut page)?;
    let written = Link::parse(&link);
    ensure!(written.notes.is_empty(), "{link}: {:?}", written.notes);
    let [x, y] = written.experiment.start.context("the link has a start")?;
    let [shown_x, shown_y] = visitor::start(&mut page)?;
    // The handle says four digits.
    ensure!((x - shown_x).abs() < 1e-3 && (y - shown_y).abs() < 1e-3, "{link} and ({shown_x}, {shown_y})");
    page.assert_console_silent()
}

/// A session at the page, and its address opened by somebody else.
#[test]
fn a_reload_brings_everything_back() -> Result<()> {
    for view in [View::DESKTOP, View::DESKTOP.dark()] {
        let mut page =
            browser::open(&view, "problem=ellipse;kappa=20&opt=adam;lr=0.1&opt=sgd;lr=0.02;momentum=0.5&opt=bfgs")?;
        page.fill("input[aria-label='number of steps']", "150")?;
        page.fill("input[aria-label='Adam, step size (learning rate), number']", "0.37")?;
        page.fill("input[aria-label='parameter kappa, number']", "31")?;
        page.eval::<Value>("document.activeElement.blur() ?? null")?;
        let from = page.centre(START)?;
        page.drag(from, (from.0 - 80.0, from.1 + 50.0))?;
        // The hand has left the start with the focus, and there the arrow keys move it.
        page.eval::<Value>("document.activeElement.blur() ?? null")?;
        page.key("2")?;
        page.key("Home")?;
        for _ in 0..7 {
            page.key("ArrowRight")?;
        }
        visitor::wait_for_address(&mut page, "step=7")?;
        for part in ["problem=ellipse;kappa=31", "steps=150", "opt=adam;lr=0.37", "show=0", "start="] {
            visitor::wait_for_address(&mut page, part)?;
        }
        let (before, trails) = (visitor::all_numbers(&mut page)?, visitor::trails(&mut page)?);
        page.reload()?;
        page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
        ensure!(!visitor::is_playing(&mut page)?, "a step that was looked at is shown standing still");
        let after = visitor::all_numbers(&mut page)?;
        ensure!(before == after, "before: {before:#}\nafter: {after:#}");
        // Leave the map first: the card at the pointer is on no link.
        page.hover((640.0, 5.0))?;
        ensure!(visitor::trails(&mut page)?.painted.abs_diff(trails.painted) < 50, "the picture is another one");
        page.assert_console_silent()?;
    }
    Ok(())
}

/// Whoever edits the address by hand, or goes back, gets what the address says.
#[test]
fn another_address_is_opened_without_a_reload() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_back_to(&mut page, "problem=himmelblau&steps=77&opt=lion;lr=0.1")?;
    page.wait_for("document.querySelector('.problem-name').textContent.includes('Himmelblau')")?;
    let table = visitor::outcomes(&mut page)?;
    ensure!(table.contains("Lion") && !table.contains("Adam"), "{table}");
    visitor::wait_for_address(&mut page, "steps=77")?;
    // What follows `#` is read as well, and the address says it in one piece from then on.
    page.eval::<Value>("(location.hash = 'problem=booth', null)")?;
    page.wait_for("document.querySelector('.problem-name').textContent.includes('Booth')")?;
    page.wait_for("location.hash === '' && location.search.includes('problem=booth')")?;
    page.assert_console_silent()
}

/// The window of the map that the address names.
fn window(page: &mut Page<'_>) -> Result<Frame> {
    visitor::wait_for_address(page, "view=")?;
    let link = visitor::address(page)?;
    let [_, _, width, height] = page.rect(MAP)?;
    let window = Link::parse(&link).experiment.view.window.context("the address names a window")?;
    Ok(Frame { window, width, height })
}

/// A place on the map with nothing but land, as fractions of its width and height, and its pixel.
fn land(page: &mut Page<'_>, x: f64, y: f64) -> Result<(f64, f64)> {
    let [left, top, width, height] = page.rect(MAP)?;
    Ok((left + x * width, top + y * height))
}

/// Away and back: a pointer that stays where it is asks for no new numbers.
fn read_at(page: &mut Page<'_>, at: (f64, f64)) -> Result<[f64; 2]> {
    page.hover((at.0 + 9.0, at.1 + 9.0))?;
    page.hover(at)?;
    visitor::read_out(page)
}

fn near(a: [f64; 2], b: [f64; 2], within: f64) -> bool {
    (a[0] - b[0]).abs() <= within && (a[1] - b[1]).abs() <= within
}

#[test]
fn the_wheel_zooms_at_the_pointer_and_a_double_click_shows_the_whole() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    let (at, elsewhere) = (land(&mut page, 0.2, 0.8)?, land(&mut page, 0.8, 0.85)?);
    let (before, other) = (read_at(&mut page, at)?, read_at(&mut page, elsewhere)?);
    let whole = visitor::ground(&mut page)?;
    for _ in 0..3 {
        page.wheel(at, -120.0, 0)?;
    }
    let after = read_at(&mut page, at)?;
    // Four digits are shown of numbers of about one.
    ensure!(near(before, after, 2e-3), "{before:?} was under the pointer, now {after:?}");
    ensure!(!near(other, read_at(&mut page, elsewhere)?, 0.1), "nothing was zoomed");
    ensure!(visitor::ground(&mut page)?.hash != whole.hash, "the land was not drawn anew");
    // Six digits of the window are on the address.
    let frame = window(&mut page)?;
    let [left, top, ..] = page.rect(MAP)?;
    ensure!(near(frame.to_point([at.0 - left, at.1 - top]), before, 2e-3), "the address says otherwise: {frame:?}");
    page.double_click(at)?;
    page.wait_for("!location.search.includes('view=')")?;
    ensure!(near(read_at(&mut page, elsewhere)?, other, 1e-9), "the double click left the map zoomed");
    page.assert_console_silent()
}

#[test]
fn dragging_the_land_moves_it_with_the_hand() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    let (from, to) = (land(&mut page, 0.2, 0.8)?, land(&mut page, 0.35, 0.7)?);
    let (before, start) = (read_at(&mut page, from)?, visitor::start(&mut page)?);
    page.drag(from, to)?;
    let after = read_at(&mut page, to)?;
    ensure!(near(before, after, 2e-3), "{before:?} was taken, {after:?} arrived");
    ensure!(visitor::start(&mut page)? == start, "the start moved");
    window(&mut page)?;
    visitor::click_words(&mut page, MAP, "Whole landscape")?;
    page.wait_for("!location.search.includes('view=')")?;
    page.assert_console_silent()
}

/// What was under each finger is under it at the end.
#[test]
fn two_fingers_zoom_the_phones_map() -> Result<()> {
    let mut page = browser::open(&View::PHONE, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    let domain = Link::parse(RACE).experiment.pose()?.domain;
    let [left, top, width, height] = page.rect(MAP)?;
    let centre = (left + 0.5 * width, top + 0.75 * height);
    let before = Frame::fit(domain, width, height);
    page.pinch(centre, (80.0, 200.0))?;
    let after = window(&mut page)?;
    let pixel = |x: f64| [x - left, centre.1 - top];
    for side in [-1.0, 1.0] {
        let (was, is) =
            (before.to_point(pixel(centre.0 + side * 40.0)), after.to_point(pixel(centre.0 + side * 100.0)));
        // A pixel is about a hundredth wide; a finger is no finer.
        ensure!(near(was, is, 0.03), "{was:?} was under a finger, now {is:?}");
    }
    ensure!(page.eval::<f64>("visualViewport.scale")? == 1.0, "the page was zoomed, not the map");
    page.assert_console_silent()
}

#[test]
fn two_fingers_together_move_the_phones_map() -> Result<()> {
    let mut page = browser::open(&View::PHONE, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    let domain = Link::parse(RACE).experiment.pose()?.domain;
    let [left, top, width, height] = page.rect(MAP)?;
    let (from, to) = ((left + 0.4 * width, top + 0.75 * height), (left + 0.6 * width, top + 0.85 * height));
    page.two_finger_drag(from, to)?;
    let after = window(&mut page)?;
    let was = Frame::fit(domain, width, height).to_point([from.0 - left, from.1 - top]);
    let is = after.to_point([to.0 - left, to.1 - top]);
    ensure!(near(was, is, 0.03), "{was:?} was between the fingers, now {is:?}");
    ensure!(page.eval::<f64>("document.scrollingElement.scrollTop")? == 0.0, "the page scrolled, not the map");
    page.assert_console_silent()
}

/// A click on a trail goes to the step that is there, and pointing at it names it.
#[test]
fn a_trail_tells_its_name_and_takes_time_to_its_step() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "problem=himmelblau&start=-1,-1&steps=60&opt=adam;lr=0.05")?;
    visitor::go_to_the_end(&mut page)?;
    let done = thalweg::experiment::run(&Link::parse(&visitor::address(&mut page)?).experiment)?;
    let [left, top, width, height] = page.rect(MAP)?;
    let [px, py] = Frame::fit(done.problem.domain, width, height).to_pixel(done.traces[0].points[20]);
    let at = (left + px, top + py);
    page.hover(at)?;
    page.wait_for("document.querySelector('.readout-head')?.innerText.includes('Adam')")?;
    page.click(at)?;
    page.settle()?;
    // A pixel holds several steps.
    let step = visitor::step(&mut page)?;
    ensure!(step.abs_diff(20) <= 2, "the click went to step {step}, not 20");
    page.assert_console_silent()
}
