//! Worksheets and other people's pages: parts taken away, the view alone, the view in somewhere else.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor::{self, START};

/// What each name in `hide=` removes.
const PARTS: [(&str, &str); 7] = [
    ("problem", ".thalweg [aria-label=Problem]"),
    ("noise", ".thalweg [aria-label='Start and noise']"),
    ("optimizers", ".thalweg [aria-label=Optimizers]"),
    ("plots", ".thalweg [aria-label=Plots]"),
    ("strip", ".thalweg [aria-label='Step sizes']"),
    ("table", ".thalweg [aria-label=Outcomes]"),
    ("transport", ".thalweg [aria-label=Time]"),
];

fn there(page: &mut Page<'_>, selector: &str) -> Result<bool> {
    page.eval(&format!("Boolean(document.querySelector({}))", json!(selector)))
}

#[test]
fn hide_removes_each_part_and_no_other() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    for (hidden, _) in PARTS {
        browser::go(&mut page, &format!("hide={hidden}"))?;
        page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
        for (name, selector) in PARTS {
            ensure!(there(&mut page, selector)? == (name != hidden), "hide={hidden}: {name}");
        }
        page.assert_console_silent()?;
    }
    let all: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
    browser::go(&mut page, &format!("hide={}", all.join(",")))?;
    page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
    for (name, selector) in PARTS {
        ensure!(!there(&mut page, selector)?, "{name} is left");
    }
    // The map is what is left, and it works.
    let from = page.centre(START)?;
    page.drag(from, (from.0 + 50.0, from.1 + 30.0))?;
    visitor::wait_for_address(&mut page, "start=")?;
    visitor::wait_for_address(&mut page, "hide=problem,noise,optimizers,plots,strip,table,transport")?;
    page.assert_console_silent()
}

#[test]
fn embed_shows_the_view_without_the_panels() -> Result<()> {
    for (view, link) in
        [(View::DESKTOP, "embed=1&opt=adam;lr=0.05"), (View::DESKTOP, "embed&opt=bfgs"), (View::PHONE, "embed=1")]
    {
        let mut page = browser::open(&view, link)?;
        for selector in [".header", ".panel", ".tabs", "dialog"] {
            ensure!(!there(&mut page, selector)?, "{link}: {selector} is there");
        }
        let map = page.rect(".map")?;
        ensure!(map[2] == f64::from(view.width), "the map is {} pixels wide", map[2]);
        // Map and transport fill the window.
        ensure!(map[3] > f64::from(view.height) - 100.0, "the map is {} pixels high", map[3]);
        page.key("End")?;
        page.settle()?;
        ensure!(visitor::trails(&mut page)?.painted > 0);
        page.assert_console_silent()?;
    }
    Ok(())
}

/// A page of somebody else with two places, the module as `thalweg`, and the style sheet.
fn host() -> Result<Page<'static>> {
    let mut page = browser::blank(&View::DESKTOP)?;
    page.goto(&format!("{}{}", browser::site()?.address, browser::HOST))?;
    page.eval::<bool>(
        "import('./thalweg.js').then(async module => {
            await module.default();
            window.thalweg = module;
            const sheet = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: './thalweg.css' });
            const loaded = new Promise(done => { sheet.onload = done; });
            document.head.append(sheet);
            for (const id of ['one', 'two']) {
                const place = Object.assign(document.createElement('div'), { id });
                place.style.height = '420px';
                document.body.append(place);
            }
            await loaded;
            return true;
        })",
    )?;
    Ok(page)
}

#[test]
fn the_view_can_be_mounted_in_another_page_and_taken_away_again() -> Result<()> {
    let mut page = host()?;
    let address: String = page.eval("location.href")?;
    page.eval::<Value>(
        "(window.unmount = thalweg.mount(document.getElementById('one'), 'problem=himmelblau&opt=adam;lr=0.1&embed=1'), null)",
    )?;
    page.wait_for("document.querySelector('#one .map .trails')?.width > 300")?;
    let land = visitor::picture(&mut page, "#one .ground")?;
    ensure!(land.painted == land.pixels && land.colours > 300, "{land:?}");
    let before = visitor::start(&mut page)?;
    let from = page.centre("#one [data-handle=start]")?;
    page.drag(from, (from.0 + 40.0, from.1 + 20.0))?;
    page.settle()?;
    ensure!(visitor::start(&mut page)? != before, "the start did not move");
    // The address and the keys of that page are its own.
    page.key("0")?;
    std::thread::sleep(std::time::Duration::from_millis(500));
    ensure!(page.eval::<String>("location.href")? == address, "the view wrote to another page's address");
    page.eval::<Value>("(unmount(), null)")?;
    page.wait_for("document.getElementById('one').childElementCount === 0")?;
    // Frames, timers and observers of the view that is gone have nothing left to do.
    page.settle()?;
    page.eval::<Value>("(window.dispatchEvent(new Event('resize')), null)")?;
    page.settle()?;
    page.assert_console_silent()
}

#[test]
fn a_view_that_is_taken_away_while_time_runs_leaves_silently() -> Result<()> {
    let mut page = host()?;
    for _ in 0..3 {
        page.eval::<Value>(
            "(window.unmount = thalweg.mount(document.getElementById('one'), 'steps=1000&opt=adam;lr=0.01'), null)",
        )?;
        page.wait_for("+document.querySelector('#one input[aria-label=Step]')?.value > 0")?;
        // In the middle of the race, of the strip's computation and of a held start.
        let at = page.centre("#one [data-handle=start]")?;
        page.grab(at)?;
        page.eval::<Value>("(unmount(), null)")?;
        page.pull_to((at.0 + 30.0, at.1))?;
        page.let_go((at.0 + 30.0, at.1))?;
        page.wait_for("document.getElementById('one').childElementCount === 0")?;
    }
    std::thread::sleep(std::time::Duration::from_millis(400));
    page.assert_console_silent()
}

/// Two views in one page, as in an article that compares: each minds its own.
#[test]
fn two_views_in_one_page_do_not_meddle() -> Result<()> {
    let mut page = host()?;
    page.eval::<Value>(
        "(thalweg.mount(document.getElementById('one'), 'problem=himmelblau&opt=adam'),
          thalweg.mount(document.getElementById('two'), 'problem=rosenbrock&opt=adam'), null)",
    )?;
    page.wait_for("document.querySelector('#two .map .trails')?.width > 100")?;
    page.click_on("#two .problem-choice")?;
    page.wait_for("document.querySelector('dialog[open]')")?;
    let owner: String = page.eval("document.querySelector('dialog[open]').closest('#one, #two').id")?;
    ensure!(owner == "two", "a click in the second view opened a dialog of the first");
    visitor::click_words(&mut page, "#two .gallery", "Booth")?;
    page.wait_for("document.querySelector('#two .problem-name').textContent.includes('Booth')")?;
    ensure!(page.eval::<bool>("document.querySelector('#one .problem-name').textContent.includes('Himmelblau')")?);
    page.assert_console_silent()
}
