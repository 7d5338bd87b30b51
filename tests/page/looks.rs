//! Text that can be read, and a phone on which everything can be reached.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use xtask::chrome::View;

use crate::browser;
use crate::visitor::{self, PLAY, SCRUB, START};

/// A piece of text with too little contrast.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is there to be printed")]
struct Faint {
    text: String,
    ratio: f64,
    color: String,
    ground: String,
}

/// JavaScript: every visible text with its contrast to the nearest opaque ground behind it, by the formula of WCAG 2.
const CONTRASTS: &str = "(() => {
    const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgba = color => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return Array.from(canvas.getImageData(0, 0, 1, 1).data);
    };
    const light = ([r, g, b]) => {
        const linear = [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const over = ([r, g, b, a], [R, G, B]) => [r, g, b].map((v, i) => v * a / 255 + [R, G, B][i] * (1 - a / 255));
    const ground = element => {
        const layers = [];
        for (let e = element; e; e = e.parentElement) {
            const color = rgba(getComputedStyle(e).backgroundColor);
            if (color[3]) layers.push(color);
            if (color[3] === 255) break;
        }
        return layers.reverse().reduce((below, above) => over(above, below), [255, 255, 255]);
    };
    const all = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const text = texts.currentNode.textContent.trim(), element = texts.currentNode.parentElement;
        if (!text || !element.checkVisibility() || element.closest('.visually-hidden, :disabled, script, noscript')) continue;
        const below = ground(element), color = over(rgba(getComputedStyle(element).color), below);
        const [a, b] = [light(color), light(below)].sort((a, b) => b - a);
        all.push({ text: text.slice(0, 40), ratio: (a + 0.05) / (b + 0.05), color: color.join(), ground: below.join() });
    }
    return all;
})()";

#[test]
fn all_text_can_be_read_by_day_and_by_night() -> Result<()> {
    for view in [View::DESKTOP, View::DESKTOP.dark(), View::PHONE, View::PHONE.dark()] {
        // Some of everything: a message, a formula, a lesson, an optimizer that is off, an outcome that is bad.
        for link in ["", "problem=formula;f=2x&opt=adan&opt=sgd;lr=1;show=0", "lesson=step_size"] {
            let mut page = browser::open(&view, link)?;
            visitor::go_to_the_end(&mut page)?;
            page.eval::<Value>(
                "document.querySelectorAll('.thalweg details').forEach(d => { d.open = true; }) ?? null",
            )?;
            page.settle()?;
            let all: Vec<Faint> = page.eval(CONTRASTS)?;
            ensure!(all.len() > 20, "only {} texts", all.len());
            // 4.5 is WCAG's AA for text of ordinary size.
            let faint: Vec<&Faint> = all.iter().filter(|text| text.ratio < 4.5).collect();
            ensure!(faint.is_empty(), "{view:?}, {link:?}: {faint:#?}");
        }
    }
    Ok(())
}

#[test]
fn the_page_fits_the_window() -> Result<()> {
    for view in [View::PHONE, View::DESKTOP, View { width: 1600, height: 1000, ..View::DESKTOP }] {
        for link in ["", "lesson=step_size", "opt=adan&start=1&problem=nothing", "problem=formula;f=sin(x)%2Bcos(y)"] {
            let mut page = browser::open(&view, link)?;
            for tab in ["Optimizers", "Plots", "Problem"] {
                if view.touch {
                    visitor::click_words(&mut page, ".tabs", tab)?;
                }
                let [width, height]: [f64; 2] =
                    page.eval("[document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]")?;
                ensure!(width <= f64::from(view.width), "{view:?}, {link}, {tab}: {width} pixels wide");
                ensure!(height <= f64::from(view.height), "{view:?}, {link}, {tab}: {height} pixels high");
                let wide: Vec<String> = page.eval(
                    "Array.from(document.querySelectorAll('.thalweg *'))
                        .filter(element => element.checkVisibility() && !element.closest('.map, dialog, .visually-hidden, math'))
                        .filter(element => { const box = element.getBoundingClientRect();
                            return box.width > 0 && (box.right > innerWidth + 0.5 || box.left < -0.5); })
                        .map(element => `${element.localName}.${element.className} ${element.textContent.slice(0, 30)}`)",
                )?;
                ensure!(wide.is_empty(), "{view:?}, {link}, {tab}: outside the window: {wide:#?}");
            }
            page.assert_console_silent().with_context(|| format!("{view:?} {link}"))?;
        }
    }
    Ok(())
}

#[test]
fn on_a_phone_the_tabs_open_one_sheet_each() -> Result<()> {
    let mut page = browser::open(&View::PHONE, "")?;
    let sheets = [("Optimizers", "Optimizers"), ("Plots", "Outcomes"), ("Problem", "Problem")];
    for (tab, label) in sheets {
        let at: (f64, f64) = page.eval(&format!(
            "(box => [box.x + box.width / 2, box.y + box.height / 2])\
             (Array.from(document.querySelectorAll('.tabs button')).find(tab => tab.textContent === '{tab}').getBoundingClientRect())"
        ))?;
        page.tap(at)?;
        page.wait_for(&format!("document.querySelector('.tabs [aria-selected=true]').textContent === '{tab}'"))?;
        for (_, other) in sheets {
            let seen: bool =
                page.eval(&format!("document.querySelector(\"[aria-label='{other}']\").checkVisibility()"))?;
            ensure!(seen == (other == label), "on the tab {tab}: {other}");
        }
    }
    page.assert_console_silent()
}

/// What a finger must hit is on the screen, on top, and as large as a finger (24 pixels is WCAG's least).
#[test]
fn on_a_phone_everything_important_is_in_reach() -> Result<()> {
    let mut page = browser::open(&View::PHONE, "")?;
    for selector in [PLAY, SCRUB, "[aria-label='A step back']", "[aria-label='A step on']", ".tabs button", START] {
        let (hit, width, height): (bool, f64, f64) = page.eval(&format!(
            "(() => {{
                const element = document.querySelector({}), box = element.getBoundingClientRect();
                const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
                return [element.contains(top), box.width, box.height];
            }})()",
            serde_json::json!(selector)
        ))?;
        ensure!(hit, "{selector} is covered or outside the window");
        ensure!(width >= 24.0 && height >= 16.0, "{selector} is {width} x {height}");
    }
    let play = page.centre(PLAY)?;
    page.tap(play)?;
    page.wait_for("document.querySelector('[aria-label=Time] .play').getAttribute('aria-label') === 'Play'")?;
    page.assert_console_silent()
}

/// A finger on the scrubber moves time.
#[test]
fn on_a_phone_time_is_under_the_finger() -> Result<()> {
    let mut page = browser::open(&View::PHONE, "steps=100&opt=adam;lr=0.05")?;
    let [left, top, width, height] = page.rect(SCRUB)?;
    let middle = top + 0.5 * height;
    page.swipe((left + 0.1 * width, middle), (left + 0.5 * width, middle))?;
    page.settle()?;
    let step = visitor::step(&mut page)?;
    ensure!((40..=60).contains(&step), "the middle of 100 steps is {step}");
    ensure!(!visitor::is_playing(&mut page)?);
    page.assert_console_silent()
}

/// Fields of 16 pixels or more keep a phone from zooming in when they are tapped.
#[test]
fn on_a_phone_a_tap_on_a_field_does_not_zoom_the_page() -> Result<()> {
    let mut page = browser::open(&View::PHONE, "")?;
    let allowed: String = page.eval("document.querySelector('meta[name=viewport]').content")?;
    ensure!(
        !allowed.contains("user-scalable=no") && !allowed.contains("maximum-scale=1"),
        "zooming is forbidden: {allowed}"
    );
    page.eval::<Value>("document.querySelector('.number input').focus() ?? null")?;
    page.settle()?;
    ensure!(page.eval::<f64>("visualViewport.scale")? == 1.0);
    Ok(())
}
