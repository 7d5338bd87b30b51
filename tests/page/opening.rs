//! The first thing a visitor sees: a race that is already running, on a landscape that is really there.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use xtask::chrome::{Graphics, Page, View};

use crate::browser;
use crate::visitor::{self, MAP};

const VIEWS: [View; 4] = [View::DESKTOP, View::DESKTOP.dark(), View::PHONE, View::PHONE.dark()];

#[test]
fn the_page_opens_on_a_running_experiment() -> Result<()> {
    for view in VIEWS {
        let mut page = browser::open(&view, "")?;
        ensure!(visitor::is_playing(&mut page)?, "{view:?}: time stands still");
        let before = visitor::step(&mut page)?;
        page.wait_for(&format!("+document.querySelector('input[aria-label=Step]').value > {before}"))?;
        page.assert_console_silent().with_context(|| format!("{view:?}"))?;
    }
    Ok(())
}

#[test]
fn time_stops_by_itself_at_the_last_step() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "steps=20&opt=adam;lr=0.05")?;
    // Four times as fast as usual, so that nobody waits for eight seconds.
    page.eval::<Value>(
        "(speed => { speed.value = '4'; speed.dispatchEvent(new Event('change', { bubbles: true })); return null; })\
        (document.querySelector('select[aria-label=Speed]'))",
    )?;
    page.wait_for("document.querySelector('[aria-label=Time] .play').getAttribute('aria-label') === 'Play'")?;
    ensure!(visitor::step(&mut page)? == 20);
    page.assert_console_silent()
}

/// Pictures of a blank canvas, or of one colour, would be easy to draw.
#[test]
fn the_map_shows_land_and_trails() -> Result<()> {
    for view in VIEWS {
        let mut page = browser::open(&view, "")?;
        let land = visitor::ground(&mut page)?;
        // The land covers all of the map; hill shade and contours have hundreds of tints.
        ensure!(land.painted == land.pixels && land.colours > 300, "{view:?}: {land:?}");
        page.key("Home")?;
        let at_start = visitor::trails(&mut page)?;
        visitor::go_to_the_end(&mut page)?;
        let whole = visitor::trails(&mut page)?;
        // The start and the heads are there from the beginning. Then come four trails, each a good part of the map long
        // and three pixels wide.
        ensure!(at_start.painted > 0, "{view:?}: no start, no heads");
        ensure!(whole.painted > at_start.painted + 2000, "{view:?}: {at_start:?}, then {whole:?}");
        // Most of the land stays visible.
        ensure!(whole.painted < whole.pixels / 4, "{view:?}: {whole:?}");
        page.assert_console_silent()?;
    }
    Ok(())
}

/// What the browser puts on the screen changes where the trails are drawn, and nearly nowhere else on the map.
#[test]
fn the_trails_are_on_the_screen_where_they_are_drawn() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "opt=adam;lr=0.05&opt=bfgs&step=0")?;
    page.settle()?;
    let before = screen(&mut page)?;
    visitor::go_to_the_end(&mut page)?;
    let after = screen(&mut page)?;
    let [left, top, width, height] = page.rect(MAP)?.map(|x| x.round() as usize);
    let (mut on, mut on_changed, mut off, mut off_changed) = (0, 0, 0, 0);
    for row in 0..height {
        let fraction = (row as f64 + 0.5) / height as f64;
        // Every twentieth row is plenty.
        if row % 20 != 0 {
            continue;
        }
        let opacities = visitor::opacities(&mut page, ".map .trails", fraction, 0.0, 1.0)?;
        for (column, opacity) in opacities.into_iter().enumerate().take(width) {
            let at = 4 * ((top + row) * before.width + left + column);
            let changed = before.rgba[at..at + 3] != after.rgba[at..at + 3];
            if opacity == 255 {
                on += 1;
                on_changed += u32::from(changed);
            } else if opacity == 0 {
                off += 1;
                off_changed += u32::from(changed);
            }
        }
    }
    ensure!(on > 50, "only {on} pixels of trails were looked at");
    // Where a trail has the land's own colour, or where the start lay before, nothing need change.
    ensure!(on_changed * 10 >= on * 8, "{on_changed} of {on} pixels under trails changed");
    // Heads that have moved away, and a button that has gone, change a little elsewhere.
    ensure!(off_changed * 50 <= off, "{off_changed} of {off} pixels beside the trails changed");
    Ok(())
}

/// The window as the browser draws it.
struct Screen {
    width: usize,
    rgba: Vec<u8>,
}

fn screen(page: &mut Page<'_>) -> Result<Screen> {
    page.settle()?;
    let bytes = page.screenshot()?;
    let mut decoder = png::Decoder::new(&bytes[..]);
    decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info()?;
    let mut rgba = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut rgba)?;
    ensure!(info.color_type == png::ColorType::Rgba, "{:?}", info.color_type);
    Ok(Screen { width: info.width as usize, rgba })
}

/// WebGPU is a faster way to the same page.
#[test]
fn the_page_is_the_same_with_and_without_webgpu() -> Result<()> {
    for (view, link) in [(View::DESKTOP, ""), (View::DESKTOP.dark(), "problem=himmelblau&opt=adam;lr=0.1&opt=newton")] {
        let mut seen = Vec::new();
        for graphics in [Graphics::WithoutWebGpu, Graphics::WebGpu] {
            let mut page = browser::open_on(graphics, &view, link)?;
            visitor::go_to_the_end(&mut page)?;
            page.wait_for("!document.querySelector('.strip .busy')")?;
            let land = visitor::ground(&mut page)?;
            ensure!(land.painted == land.pixels && land.colours > 300, "{graphics:?}: {land:?}");
            let trails = visitor::trails(&mut page)?;
            page.assert_console_silent().with_context(|| format!("{graphics:?}"))?;
            seen.push((page.text("body")?, visitor::all_numbers(&mut page)?, trails));
        }
        ensure!(seen[0].0 == seen[1].0, "the texts differ:\n{}\n---\n{}", seen[0].0, seen[1].0);
        ensure!(seen[0].1 == seen[1].1, "the numbers differ: {:#} {:#}", seen[0].1, seen[1].1);
        // Edges of lines may be smoothed by another rasteriser: a tenth of all painted pixels at the most.
        let (a, b) = (f64::from(seen[0].2.painted), f64::from(seen[1].2.painted));
        ensure!((a - b).abs() < 0.1 * a, "the trails differ: {a} and {b} pixels");
    }
    Ok(())
}

#[test]
fn the_colours_follow_the_system_and_a_choice_is_remembered() -> Result<()> {
    let theme = "document.querySelector('.thalweg').dataset.theme";
    let mut page = browser::open(&View::DESKTOP.dark(), "")?;
    ensure!(page.eval::<String>(theme)? == "dark");
    let night = visitor::ground(&mut page)?;
    page.click_on("[aria-label='Light colours']")?;
    page.wait_for(&format!("{theme} === 'light'"))?;
    let day = visitor::ground(&mut page)?;
    ensure!(day.hash != night.hash, "the land has the colours of the night");
    page.reload()?;
    page.wait_for(&format!("{theme} === 'light'"))?;
    page.assert_console_silent()
}

#[test]
fn who_asked_for_less_motion_sees_the_end_at_once() -> Result<()> {
    for view in [View::DESKTOP.still(), View::PHONE.still()] {
        let mut page = browser::open(&view, "steps=150&opt=adam;lr=0.05")?;
        ensure!(!visitor::is_playing(&mut page)?, "time runs");
        ensure!(visitor::step(&mut page)? == 150);
        // It also stays so when another landscape is chosen, which starts the race anew for everybody else.
        if view.touch {
            visitor::click_words(&mut page, ".tabs", "Problem")?;
        }
        page.click_on(".problem-choice")?;
        page.wait_for("document.querySelector('[data-dialog=landscapes]').open")?;
        visitor::click_words(&mut page, "[data-dialog=landscapes] .gallery", "Himmelblau")?;
        page.settle()?;
        let name = page.eval::<String>("document.querySelector('.problem-name').textContent")?;
        ensure!(name.contains("Himmelblau"), "{view:?}: a choice led to {name}");
        ensure!(!visitor::is_playing(&mut page)?, "time runs after a choice");
        ensure!(visitor::step(&mut page)? == 150);
        page.assert_console_silent()?;
    }
    Ok(())
}
