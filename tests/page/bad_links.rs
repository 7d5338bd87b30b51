//! A link is written by anybody. Whatever it says, the page works, tells what is wrong next to where it belongs, keeps
//! the console silent, and takes nothing in it for markup.

use anyhow::{Context, Result, ensure};
use serde_json::json;
use xtask::chrome::{Page, View};

use crate::browser;
use crate::visitor;

/// That the page works: time moves, the start moves, the land is there.
fn works(page: &mut Page<'_>, link: &str) -> Result<()> {
    ensure!(visitor::ground(page)?.painted > 0, "{link}: no land");
    page.key("Home")?;
    page.key("ArrowRight")?;
    page.settle()?;
    ensure!(visitor::step(page)? <= 1, "{link}: time does not move");
    let before = visitor::start(page)?;
    page.eval::<Option<bool>>("document.querySelector('[data-handle=start]').focus() ?? null")?;
    page.key("ArrowDown")?;
    page.settle()?;
    ensure!(visitor::start(page)? != before, "{link}: the start does not move");
    page.assert_console_silent().with_context(|| link.to_owned())
}

/// Each key with a mistake: the label of the part of the page beside which it is told, and a word of the message.
const MISTAKES: [(&str, &str, &str); 27] = [
    ("problem=rosenbrok", "Problem", "rosenbrock"),
    ("problem=rosenbrock;b=two", "Problem", "two"),
    ("problem=rosenbrock;q=2", "Problem", "parameters"),
    ("problem=formula;f=sinn(x)", "Problem", "sin"),
    ("problem=formula", "Problem", "formula"),
    ("problem=%ff", "Problem", "%"),
    ("start=1", "Start and noise", "two numbers"),
    ("start=NaN,1", "Start and noise", "NaN"),
    ("start=90,90", "Start and noise", "outside"),
    ("steps=many", "Start and noise", "whole number"),
    ("steps=1000000", "Start and noise", "100000"),
    ("noise=loud", "Start and noise", "gaussian"),
    ("noise=gaussian;sigma=-1", "Start and noise", "-1"),
    ("noise=own", "Start and noise", "Rosenbrock"),
    ("seed=x", "Start and noise", "whole number"),
    ("tol=0", "Start and noise", "above 0"),
    ("opt=adan", "Optimizers", "adam"),
    ("opt=adam;lr=-1", "Optimizers", "from 0"),
    ("opt=adam;learning_rate=1", "Optimizers", "hyperparameter"),
    ("opt=adam~lookahed", "Optimizers", "lookahead"),
    ("domain=2,1,0,1", "", "xmin"),
    ("view=1,2", "", "xmin"),
    ("step=-1", "", "whole number"),
    ("axis=time", "", "calls"),
    ("hide=everything", "", "transport"),
    ("colour=red", "", "not a key"),
    ("v=2", "", "version"),
];

#[test]
fn every_mistake_is_told_where_it_belongs_and_the_page_works() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    for (link, label, word) in MISTAKES {
        browser::go(&mut page, link)?;
        page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
        let place = if label.is_empty() { "main".to_owned() } else { format!("[aria-label='{label}']") };
        // A formula is explained by its editor, everything else by a note.
        let told: Option<String> = page.eval(&format!(
            "document.querySelector({})?.querySelector('.notes[role=alert], .formula-mistake .mistake')?.innerText ?? null",
            json!(place)
        ))?;
        let told = told.with_context(|| format!("{link}: nothing is told in {place}"))?;
        ensure!(told.contains(word), "{link}: {told}");
        let all: u32 = page.eval("document.querySelectorAll('.notes li, .formula-mistake .mistake').length")?;
        ensure!(all == 1, "{link}: told {all} times");
        works(&mut page, link)?;
    }
    Ok(())
}

/// On a phone one sheet is open at a time: the one with the message, then.
#[test]
fn on_a_phone_a_mistake_is_on_the_sheet_that_is_open() -> Result<()> {
    for (link, word) in [
        ("problem=rosenbrok", "rosenbrock"),
        ("problem=formula;f=sinn(x)", "sin"),
        ("opt=adan", "adam"),
        ("start=1", "two numbers"),
        ("v=2", "version"),
    ] {
        let mut page = browser::open(&View::PHONE, link)?;
        let seen: bool = page.eval(&format!(
            "Array.from(document.querySelectorAll('.notes, .mistake')).some(note => note.checkVisibility() && \
             note.innerText.includes('{word}'))"
        ))?;
        ensure!(seen, "{link}: the message is on a sheet that is not open");
        page.assert_console_silent()?;
    }
    Ok(())
}

#[test]
fn a_message_can_be_dismissed() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "opt=adan&opt=adam&steps=many")?;
    ensure!(page.eval::<u32>("document.querySelectorAll('.notes').length")? == 2);
    page.click_on("[aria-label=Optimizers] .notes [aria-label=Dismiss]")?;
    page.wait_for("document.querySelectorAll('.notes').length === 1")?;
    ensure!(page.text(".notes")?.contains("steps"), "the other message is gone");
    page.assert_console_silent()
}

/// A formula that does not parse comes with its text and a button, so that who opens the link can mend it.
#[test]
fn a_broken_formula_in_a_link_can_be_mended() -> Result<()> {
    let mut page = browser::open(&View::DESKTOP, "problem=formula;f=2x%2By^2&opt=adam;lr=0.1")?;
    ensure!(page.eval::<String>("document.querySelector('.formula-editor textarea').value")? == "2x+y^2");
    page.click_on(".formula-mistake button")?;
    visitor::wait_for_address(&mut page, "problem=formula;f=2*x%2By^2")?;
    page.wait_for("!document.querySelector('.notes')")?;
    works(&mut page, "the mended formula")
}

#[test]
fn a_link_of_a_hundred_kilobytes_is_refused_in_words() -> Result<()> {
    let link = format!("problem=formula;f={}x", "x%2B".repeat(25_000));
    // Behind `#` no server and no proxy sees it: that is how such a link arrives.
    let mut page = browser::blank(&View::DESKTOP)?;
    page.goto(&format!("{}#{link}", browser::site()?.address))?;
    page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
    let told = page.text("main .notes")?;
    ensure!(told.contains("16,384"), "{told}");
    works(&mut page, "a link of 100 KB")?;
    Ok(())
}

#[test]
fn a_link_full_of_mistakes_does_not_fill_the_page() -> Result<()> {
    for unit in ["a=1&", "opt=adan&", "hide=x&"] {
        let link = unit.repeat(16_000 / unit.len());
        let mut page = browser::blank(&View::DESKTOP)?;
        page.goto(&format!("{}#{link}", browser::site()?.address))?;
        page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
        let map = page.rect(".map")?;
        ensure!(map[3] > 300.0, "{unit}: the messages leave {} pixels of the map", map[3]);
        ensure!(page.eval::<u32>("document.querySelectorAll('.notes li').length")? <= 100, "{unit}");
        works(&mut page, unit)?;
    }
    Ok(())
}

/// Every place of a link that the page may show, with `@` for what somebody puts there.
const PLACES: [&str; 27] = [
    "problem=@",
    "problem=rosenbrock;@=1",
    "problem=rosenbrock;b=@",
    "problem=formula;f=x;@=1",
    "problem=formula;f=x*a;a=@",
    "problem=formula;f=@",
    "start=@",
    "domain=@",
    "steps=@",
    "opt=@",
    "opt=adam;@=1",
    "opt=adam;lr=@",
    "opt=adam~@",
    "noise=@",
    "noise=gaussian;sigma=@",
    "noise=gaussian;@=1",
    "seed=@",
    "tol=@",
    "view=@",
    "step=@",
    "axis=@",
    "hide=@",
    "lesson=@",
    "lesson=@;page=@",
    "v=@",
    "@=1",
    "@",
];

/// Markup as attackers write it.
const MARKUPS: [&str; 4] = [
    "<img src=x onerror=window.hacked=1>",
    "\"><script>window.hacked=1</script>",
    "'-alert(1)-'<svg/onload=window.hacked=1>",
    "</textarea><iframe srcdoc='<script>parent.hacked=1</script>'>",
];

/// All places with one markup, typed as it is, or with every character hidden behind a percent sign.
fn attack(markup: &str, coded: bool) -> String {
    let code = || markup.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    PLACES.join("&").replace('@', &if coded { code() } else { markup.to_owned() })
}

#[test]
fn nothing_in_a_link_becomes_markup() -> Result<()> {
    // None of these is on the page by itself.
    let foreign = "document.querySelectorAll('img, iframe, object, embed, base, form, audio, video, foreignObject, \
                   script:not([src])').length";
    let handlers = "Array.from(document.querySelectorAll('*')).filter(element => \
                    element.getAttributeNames().some(name => name.startsWith('on'))).length";
    let mut page = browser::open(&View::DESKTOP, "")?;
    let scripts: u32 = page.eval("document.scripts.length")?;
    for (markup, coded, mark) in MARKUPS.iter().flat_map(|m| [(m, false, '?'), (m, true, '#'), (m, true, '?')]) {
        // A page of its own, so that the link is what it opens with.
        let mut page = browser::blank(&View::DESKTOP)?;
        page.goto(&format!("{}{mark}{}", browser::site()?.address, attack(markup, coded)))?;
        page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
        page.settle()?;
        // As many messages as places would have: the attack has arrived.
        let told: u32 = page.eval("document.querySelectorAll('.notes li, .mistake').length")?;
        ensure!(told > 15, "{markup}: only {told} messages");
        ensure!(page.eval::<u32>(foreign)? == 0, "{markup}: an element has come out of it");
        ensure!(page.eval::<u32>("document.scripts.length")? == scripts, "{markup}: a script has come out of it");
        ensure!(page.eval::<u32>(handlers)? == 0, "{markup}: an attribute with code has come out of it");
        ensure!(page.eval::<bool>("window.hacked === undefined")?, "{markup}: it has run");
        page.assert_console_silent().with_context(|| (*markup).to_owned())?;
    }
    Ok(())
}

/// What is wrong in a link is shown, markup and all, as text: otherwise the test above would prove nothing.
#[test]
fn markup_in_a_link_is_shown_as_text() -> Result<()> {
    let mut page = browser::blank(&View::DESKTOP)?;
    page.goto(&format!("{}#problem=formula;f=%3Cimg%20src=x%3E", browser::site()?.address))?;
    page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
    ensure!(page.eval::<String>("document.querySelector('.formula-editor textarea').value")? == "<img src=x>");
    page.goto(&format!("{}?start=<b>1</b>", browser::site()?.address))?;
    page.wait_for(xtask::bench::FIRST_PICTURE_IS_THERE)?;
    ensure!(page.text(".notes")?.contains("<b>1</b>"), "{}", page.text(".notes")?);
    page.assert_console_silent()
}
