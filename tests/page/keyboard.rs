//! Everything can be done without a mouse, and everything says what it is.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use thalweg::experiment::Link;
use xtask::chrome::input::held;
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor;

const RACE: &str = "problem=rosenbrock&steps=200&opt=adam;lr=0.05&opt=bfgs";

#[test]
fn space_plays_and_pauses() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "")?;
    ensure!(visitor::is_playing(&mut page)?);
    page.key(" ")?;
    page.settle()?;
    ensure!(!visitor::is_playing(&mut page)?, "space did not pause");
    let step = visitor::step(&mut page)?;
    page.settle()?;
    ensure!(visitor::step(&mut page)? == step, "time went on");
    page.key(" ")?;
    page.wait_for(&format!("+document.querySelector('input[aria-label=Step]').value > {step}"))?;
    // At the end, space plays again from the start.
    visitor::go_to_the_end(&mut page)?;
    page.key(" ")?;
    page.wait_for("+document.querySelector('input[aria-label=Step]').value < 399")?;
    ensure!(visitor::is_playing(&mut page)?);
    page.assert_console_silent()
}

#[test]
fn arrows_step_and_home_and_end_go_to_the_ends() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    for (key, modifiers, expected) in [
        ("Home", 0, 0),
        ("ArrowLeft", 0, 0),
        ("ArrowRight", 0, 1),
        ("ArrowRight", 0, 2),
        ("ArrowRight", held::SHIFT, 12),
        ("ArrowLeft", 0, 11),
        ("ArrowLeft", held::SHIFT, 1),
        ("End", 0, 200),
        ("ArrowRight", 0, 200),
        ("ArrowLeft", 0, 199),
    ] {
        page.key_with(key, modifiers)?;
        page.settle()?;
        let step = visitor::step(&mut page)?;
        ensure!(step == expected, "{key} led to step {step}, not {expected}");
        ensure!(!visitor::is_playing(&mut page)?);
    }
    page.assert_console_silent()
}

#[test]
fn digits_show_and_hide_optimizers() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    let pressed =
        "Array.from(document.querySelectorAll('.method-name'), name => name.getAttribute('aria-pressed')).join()";
    let both = visitor::trails(&mut page)?;
    page.key("1")?;
    page.settle()?;
    ensure!(page.eval::<String>(pressed)? == "false,true");
    let one = visitor::trails(&mut page)?;
    ensure!(one.painted < both.painted, "a trail is hidden and as much is painted");
    page.key("2")?;
    page.key("1")?;
    // There is no ninth: nothing happens.
    page.key("9")?;
    page.settle()?;
    ensure!(page.eval::<String>(pressed)? == "true,false");
    visitor::wait_for_address(&mut page, "opt=bfgs;show=0")?;
    page.key("2")?;
    ensure!(visitor::trails(&mut page)? == both, "the trails did not come back as they were");
    page.assert_console_silent()
}

#[test]
fn keys_zoom_and_show_the_whole() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    let whole = visitor::ground(&mut page)?;
    page.key("+")?;
    visitor::wait_for_address(&mut page, "view=")?;
    ensure!(visitor::ground(&mut page)?.hash != whole.hash);
    page.key("0")?;
    page.wait_for("!location.search.includes('view=')")?;
    ensure!(visitor::ground(&mut page)? == whole);
    page.assert_console_silent()
}

/// Every dialog opens with its key, takes the focus, keeps the page's keys for itself, and closes with Escape.
#[test]
fn dialogs_open_with_a_key_and_close_with_escape() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    for (key, id) in [("?", "help"), ("o", "landscapes"), ("a", "optimizers")] {
        page.key(key)?;
        page.wait_for(&format!("document.querySelector('[data-dialog={id}]').open"))?;
        ensure!(
            page.eval::<bool>(&format!(
                "document.querySelector('[data-dialog={id}]').contains(document.activeElement)"
            ))?
        );
        page.key("Home")?;
        page.settle()?;
        ensure!(visitor::step(&mut page)? == 200, "a key in the dialog {id} moved time");
        page.key("Escape")?;
        page.wait_for(&format!("!document.querySelector('[data-dialog={id}]').open"))?;
    }
    page.key("?")?;
    page.wait_for("document.querySelector('[data-dialog=help]').open")?;
    for word in ["play or pause", "first or last step", "copy the link"] {
        ensure!(page.text("[data-dialog=help]")?.contains(word), "the help does not speak of “{word}”");
    }
    page.click((20.0, 400.0))?;
    page.wait_for("!document.querySelector('[data-dialog=help]').open")?;
    page.assert_console_silent()
}

/// A window as narrow as a phone has a keyboard too: a key opens its dialog whatever sheet is open.
#[test]
fn in_a_narrow_window_the_dialogs_can_be_seen() -> Result<()> {
    let mut page = browser::open(&View { width: 600, height: 800, ..View::DESKTOP }, RACE)?;
    for tab in ["Optimizers", "Plots", "Problem"] {
        visitor::click_words(&mut page, ".tabs", tab)?;
        for key in ["?", "o", "a"] {
            page.key(key)?;
            page.wait_for("document.querySelector('dialog[open]')")?;
            let [_, _, width, height] = page.rect("dialog[open]")?;
            ensure!(
                width > 200.0 && height > 200.0,
                "on the tab {tab}, {key} opens a dialog that is not on the screen"
            );
            page.key("Escape")?;
            page.wait_for("!document.querySelector('dialog[open]')")?;
        }
    }
    page.assert_console_silent()
}

#[test]
fn s_copies_the_whole_link() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    page.allow_clipboard()?;
    page.call("Page.bringToFront", &json!({}))?;
    page.key("Home")?;
    page.key("ArrowRight")?;
    page.key("s")?;
    page.wait_for("document.querySelector('.header .primary').textContent === 'Copied'")?;
    let copied: String = page.eval("navigator.clipboard.readText()")?;
    let experiment = Link::parse(&format!("{RACE}&step=1")).experiment;
    ensure!(copied == format!("{}?{}", browser::site()?.address, Link::write(&experiment)), "{copied}");
    // And the words of the button come back.
    page.wait_for("document.querySelector('.header .primary').textContent === 'Copy link'")?;
    page.assert_console_silent()
}

/// A browser that does not let the page write to the clipboard is not an error: the address has the link.
#[test]
fn a_refused_clipboard_is_said_and_no_error() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    page.eval::<Value>("(navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')), null)")?;
    page.click_on(".header .primary")?;
    page.wait_for("document.querySelector('.header .primary').textContent === 'See the address'")?;
    page.assert_console_silent()
}

#[test]
fn arrow_keys_move_the_start_when_it_has_the_focus() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    let (before, table) = (visitor::start(&mut page)?, visitor::outcomes(&mut page)?);
    page.eval::<Value>("document.querySelector('[data-handle=start]').focus() ?? null")?;
    page.key("ArrowRight")?;
    page.key("ArrowUp")?;
    page.settle()?;
    let after = visitor::start(&mut page)?;
    ensure!(after[0] > before[0] && after[1] > before[1], "{before:?}, then {after:?}");
    ensure!(visitor::outcomes(&mut page)? != table, "the results stayed");
    ensure!(visitor::step(&mut page)? == 200, "the arrow moved time as well");
    page.key_with("ArrowLeft", held::SHIFT)?;
    page.settle()?;
    let far = visitor::start(&mut page)?;
    ensure!(after[0] - far[0] > 2.0 * (after[0] - before[0]), "with shift it goes faster: {after:?}, then {far:?}");
    visitor::wait_for_address(&mut page, "start=")?;
    page.assert_console_silent()
}

/// Tab leads through the page: header, panels, the start on the map, time; nothing that takes the focus hides it, and no
/// corner keeps it for ever.
#[test]
fn tab_leads_to_everything_and_around() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, RACE)?;
    visitor::go_to_the_end(&mut page)?;
    // A focus ring is an outline, a shadow or another border: something that the element has not otherwise.
    page.eval::<Value>(
        "(() => {
            window.look = element => { const s = getComputedStyle(element); return [s.outlineStyle === 'none' ? '' :
                s.outlineWidth + s.outlineColor, s.boxShadow, s.borderColor, s.textDecorationLine, s.backgroundColor].join('|'); };
            window.resting = new Map(Array.from(document.querySelectorAll('*'), element => [element, look(element)]));
            return null;
        })()",
    )?;
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    for _ in 0..150 {
        page.key("Tab")?;
        let here: String = page.eval(
            "(() => {
                const element = document.activeElement;
                if (!element || element === document.body) return 'the end';
                const name = element.getAttribute('aria-label') || element.textContent.trim() || element.outerHTML;
                const ring = look(element) !== resting.get(element) ? '' : ' (no ring)';
                const number = Array.from(document.querySelectorAll('*')).indexOf(element);
                return `${number} ${element.tagName} ${name.slice(0, 60)}${ring}`;
            })()",
        )?;
        if here == "the end" || !seen.insert(here.clone()) {
            break;
        }
        order.push(here);
    }
    ensure!(order.len() < 150, "Tab does not come to an end: {order:#?}");
    for word in [
        "Thalweg, start afresh",
        "Export",
        "Start of all optimizers",
        "Play",
        "Step",
        "+ Add an optimizer",
        "step size",
    ] {
        ensure!(order.iter().any(|stop| stop.contains(word)), "Tab does not lead to “{word}”: {order:#?}");
    }
    let hidden: Vec<_> = order.iter().filter(|stop| stop.ends_with("(no ring)")).collect();
    ensure!(hidden.is_empty(), "these do not show that they have the focus: {hidden:#?}");
    page.assert_console_silent()
}

/// Roles that somebody operates.
const OPERATED: [&str; 13] = [
    "button",
    "link",
    "slider",
    "textbox",
    "searchbox",
    "combobox",
    "checkbox",
    "radio",
    "tab",
    "spinbutton",
    "menuitem",
    "switch",
    "DisclosureTriangle",
];

/// Roles of everything that somebody operates and that has no name, by the browser's own account.
fn nameless(page: &mut Page<'_>) -> Result<(usize, Vec<String>)> {
    page.settle()?;
    let tree = page.call("Accessibility.getFullAXTree", &json!({}))?;
    let nodes = tree["nodes"].as_array().context("the browser tells the tree")?;
    let operated = nodes.iter().filter(|node| {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        node["ignored"] == false && OPERATED.contains(&role)
    });
    let operated: Vec<&Value> = operated.collect();
    let without = operated.iter().filter(|node| node["name"]["value"].as_str().unwrap_or_default().trim().is_empty());
    Ok((operated.len(), without.map(|node| node.to_string()).collect()))
}

#[test]
fn everything_that_is_operated_has_a_name() -> Result<()> {
    for view in [View::DESKTOP, View::PHONE] {
        let mut page = browser::open(&view, "noise=gaussian;sigma=0.1&opt=adam~lookahead&opt=lbfgs&view=-1,1,-1,1")?;
        // Open every disclosure, so that what is behind it is heard too.
        page.eval::<Value>("document.querySelectorAll('.thalweg details').forEach(d => { d.open = true; }) ?? null")?;
        let (count, without) = nameless(&mut page)?;
        // At least the header, the transport and a few fields are there: an empty tree would prove nothing.
        ensure!(count > 15, "{view:?}: only {count} things to operate");
        ensure!(without.is_empty(), "{view:?}: {without:#?}");
        for key in ["o", "a", "?"] {
            // A phone has no keys; there, the dialogs are those of the sheet that is open.
            if view.touch {
                visitor::click_words(&mut page, ".tabs", if key == "o" { "Problem" } else { "Optimizers" })?;
            }
            page.key(key)?;
            page.wait_for("document.querySelector('dialog[open]')")?;
            // A large dialog takes the browser a moment to tell.
            let mut heard = nameless(&mut page)?;
            for _ in 0..50 {
                if heard.0 > 0 {
                    break;
                }
                heard = nameless(&mut page)?;
            }
            ensure!(heard.0 > 0 && heard.1.is_empty(), "{view:?}, behind {key}: {heard:#?}");
            page.click_on("dialog[open] [aria-label=Close]")?;
            page.wait_for("!document.querySelector('dialog[open]')")?;
        }
        page.assert_console_silent()?;
    }
    Ok(())
}

/// Two of the same id break labels, descriptions and dialogs.
#[test]
fn no_id_occurs_twice() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "problem=formula;f=x^2%2By^2&opt=adam&opt=adam")?;
    let twice: Vec<String> = page.eval(
        "Array.from(document.querySelectorAll('[id]'), element => element.id).filter((id, i, all) => all.indexOf(id) < i)",
    )?;
    ensure!(twice.is_empty(), "{twice:?}");
    Ok(())
}
