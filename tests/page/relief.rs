//! The land in three dimensions, with WebGPU and without: it comes, turns, follows time and colours, and is in the link.

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};
use xtask::chrome::{Graphics, Page, View};

use crate::browser;
use crate::visitor::{self, MAP};

const LINK: &str = "step=137&camera=14,50";
const LAYER: &str = ".relief.there";

/// Both ways to draw, with what the badge says of them.
const WAYS: [(Graphics, &str); 2] = [(Graphics::WithoutWebGpu, "Canvas"), (Graphics::WebGpu, "WebGPU")];

fn open(graphics: Graphics, view: &View, link: &str) -> Result<Page<'static>> {
    let mut page = browser::open_on(graphics, view, link)?;
    arrive(&mut page)?;
    Ok(page)
}

/// Waits until the layer shows a picture that nothing is about to sharpen.
fn arrive(page: &mut Page<'_>) -> Result<()> {
    page.settle()?;
    page.wait_for("document.querySelector('.relief.there[aria-busy=false]')")?;
    page.settle()
}

/// What a visitor sees of the map's middle: red, green and blue of each pixel.
fn seen(page: &mut Page<'_>) -> Result<Vec<[u8; 3]>> {
    arrive(page)?;
    let [left, top, width, height] = page.rect(MAP)?;
    let bytes = page.screenshot()?;
    let mut decoder = png::Decoder::new(&bytes[..]);
    decoder.set_transformations(png::Transformations::ALPHA | png::Transformations::STRIP_16);
    let mut reader = decoder.read_info()?;
    let mut rgba = vec![0; reader.output_buffer_size()];
    let info = reader.next_frame(&mut rgba)?;
    let ratio = page.eval::<f64>("devicePixelRatio")?;
    // Neither tools nor badge.
    let [x0, x1] = [left + 0.1 * width, left + 0.9 * width].map(|x| (x * ratio) as usize);
    let [y0, y1] = [top + 0.2 * height, top + 0.95 * height].map(|y| (y * ratio) as usize);
    let row = |y: usize| (x0..x1).map(move |x| 4 * (y * info.width as usize + x));
    Ok((y0..y1).flat_map(row).map(|at| [rgba[at], rgba[at + 1], rgba[at + 2]]).collect())
}

fn differing(a: &[[u8; 3]], b: &[[u8; 3]]) -> f64 {
    let differ = a.iter().zip(b).filter(|(a, b)| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 12)).count();
    differ as f64 / a.len() as f64
}

#[test]
fn the_switch_brings_the_block_and_the_map_back() -> Result<()> {
    for (graphics, engine) in WAYS {
        for view in [View::DESKTOP.still(), View::PHONE.still().dark()] {
            let mut page = browser::open_on(graphics, &view, "step=137")?;
            let map = visitor::ground(&mut page)?;
            visitor::click_words(&mut page, ".segments", "3D")?;
            arrive(&mut page)?;
            ensure!(page.text(".relief-badge")?.starts_with(engine), "{}", page.text(".relief-badge")?);
            visitor::wait_for_address(&mut page, "camera=14,50")?;
            let colours: HashSet<_> = seen(&mut page)?.into_iter().collect();
            ensure!(colours.len() > 1000, "{graphics:?}: {} colours", colours.len());
            visitor::click_words(&mut page, ".segments", "2D")?;
            page.wait_for("!document.querySelector('.relief') && !location.search.includes('camera')")?;
            ensure!(visitor::ground(&mut page)?.hash == map.hash, "the map is another");
            page.assert_console_silent()?;
        }
    }
    Ok(())
}

#[test]
fn hands_and_keys_turn_the_block() -> Result<()> {
    for (graphics, _) in WAYS {
        let mut page = open(graphics, &View::DESKTOP.still(), LINK)?;
        let before = seen(&mut page)?;
        let (x, y) = page.centre(LAYER)?;
        page.drag((x, y), (x + 100.0, y - 50.0))?;
        // 0.4 degrees for a pixel.
        visitor::wait_for_address(&mut page, "camera=54,30")?;
        let turned = seen(&mut page)?;
        ensure!(differing(&before, &turned) > 0.2, "{graphics:?}: turning changed little");
        page.key("ArrowLeft")?;
        page.key("ArrowUp")?;
        visitor::wait_for_address(&mut page, "camera=51,33")?;
        page.wheel((x, y), -200.0, 0)?;
        page.settle()?;
        let near = seen(&mut page)?;
        page.double_click((x, y))?;
        visitor::wait_for_address(&mut page, "camera=14,50")?;
        ensure!(differing(&near, &before) > 0.2 && differing(&seen(&mut page)?, &before) < 0.001);
        ensure!(visitor::step(&mut page)? == 137, "an arrow key moved time");
        page.assert_console_silent()?;
    }
    Ok(())
}

#[test]
fn fingers_turn_the_block_too() -> Result<()> {
    let mut page = open(Graphics::WithoutWebGpu, &View::PHONE.still(), LINK)?;
    let (x, y) = page.centre(LAYER)?;
    let before = seen(&mut page)?;
    page.pinch((x, y), (50.0, 100.0))?;
    page.settle()?;
    ensure!(differing(&seen(&mut page)?, &before) > 0.1, "a pinch changed little");
    page.swipe((x, y), (x + 50.0, y))?;
    page.wait_for("!location.search.includes('camera=14,50')")?;
    page.assert_console_silent()
}

#[test]
fn trails_grow_with_time_and_colours_follow_the_theme() -> Result<()> {
    for (graphics, _) in WAYS {
        let mut page = open(graphics, &View::DESKTOP.still(), "step=0&camera=14,50&opt=bfgs")?;
        let start = seen(&mut page)?;
        visitor::go_to_the_end(&mut page)?;
        let end = seen(&mut page)?;
        // A trail of three pixels along half of the picture, and nothing else.
        let share = differing(&start, &end);
        ensure!((0.002..0.1).contains(&share), "{graphics:?}: {share}");
        page.click_on("[aria-label='Dark colours']")?;
        page.wait_for("document.querySelector('.thalweg').dataset.theme === 'dark'")?;
        ensure!(differing(&end, &seen(&mut page)?) > 0.9, "{graphics:?}: the colours of the day");
        page.assert_console_silent()?;
    }
    Ok(())
}

#[test]
fn a_link_restores_the_camera_and_the_knobs_reach_the_block() -> Result<()> {
    for (graphics, _) in WAYS {
        let view = View::DESKTOP.still();
        let mut page = open(graphics, &view, "problem=himmelblau&opt=adam;lr=0.1&step=60&camera=-40.5,33")?;
        let first = seen(&mut page)?;
        page.reload()?;
        ensure!(differing(&first, &seen(&mut page)?) < 0.001, "{graphics:?}: another picture after reloading");
        visitor::go_back_to(&mut page, "problem=himmelblau&opt=adam;lr=0.9&step=60&camera=-40.5,33")?;
        page.wait_for("document.querySelector('.method input[type=text], .method .number input').value === '0.9'")?;
        let knob = differing(&first, &seen(&mut page)?);
        ensure!((0.0005..0.1).contains(&knob), "{graphics:?}: the trail alone should move, {knob}");
        visitor::go_back_to(&mut page, "problem=rosenbrock&opt=adam;lr=0.1&step=60&camera=-40.5,33")?;
        page.wait_for("document.querySelector('.problem-name').textContent.includes('Rosenbrock')")?;
        ensure!(differing(&first, &seen(&mut page)?) > 0.2, "{graphics:?}: the land is the same");
        page.assert_console_silent()?;
    }
    Ok(())
}

/// A device that goes while it draws: the canvas takes over, and says why.
#[test]
fn a_lost_device_is_replaced_by_the_canvas() -> Result<()> {
    let mut page = browser::open_on(Graphics::WebGpu, &View::DESKTOP.still(), "step=137")?;
    page.eval::<Option<bool>>(
        "(() => {
            const request = GPUAdapter.prototype.requestDevice;
            GPUAdapter.prototype.requestDevice = async function (...all) {
                return (window.device = await request.apply(this, all));
            };
        })()",
    )?;
    visitor::click_words(&mut page, ".segments", "3D")?;
    arrive(&mut page)?;
    ensure!(page.text(".relief-badge")?.starts_with("WebGPU"));
    page.eval::<Option<bool>>("window.device.destroy()")?;
    page.wait_for("document.querySelector('.relief-badge').textContent.startsWith('Canvas')")?;
    let badge = page.text(".relief-badge")?;
    ensure!(badge.contains("without WebGPU"), "{badge}");
    let colours: HashSet<_> = seen(&mut page)?.into_iter().collect();
    ensure!(colours.len() > 1000, "{} colours", colours.len());
    page.assert_console_silent()
}

/// Holes, poles and level ground.
#[test]
fn hard_formulas_have_blocks_too() -> Result<()> {
    for problem in ["f=ln(x)%2By^2", "f=1/x%2By^2", "f=0*x", "f=sqrt(-1-x^2-y^2)"] {
        for (graphics, _) in WAYS {
            let link = format!("problem=formula;{problem}&start=0.5,0.5&opt=adam;lr=0.1&camera=14,50&step=9");
            let mut page = open(graphics, &View::DESKTOP.still(), &link).with_context(|| problem)?;
            page.assert_console_silent().with_context(|| problem)?;
        }
    }
    Ok(())
}

/// Who does not mind motion sees the map tilt into the block, which comes to rest.
#[test]
fn the_camera_swings_in_and_comes_to_rest() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, LINK)?;
    arrive(&mut page)?;
    let still = seen(&mut open(Graphics::WithoutWebGpu, &View::DESKTOP.still(), LINK)?)?;
    ensure!(differing(&seen(&mut page)?, &still) < 0.001, "it rests elsewhere");
    page.assert_console_silent()
}
