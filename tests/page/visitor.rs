//! What visitors do and see, in the words of the tests: the numbers on the page, the pixels of its pictures.

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use xtask::chrome::Page;

/// The handle of the start.
pub const START: &str = "[data-handle=start]";
/// The map.
pub const MAP: &str = ".map";
/// The button that plays and pauses.
pub const PLAY: &str = "[aria-label=Time] .play";
/// The slider of time.
pub const SCRUB: &str = "input[aria-label=Step]";

/// A picture, summed up.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Picture {
    /// Pixels.
    pub pixels: u32,
    /// Pixels that are not transparent.
    pub painted: u32,
    /// Different colours of every sixteenth pixel: counting all of them takes longer than drawing them.
    pub colours: u32,
    /// Changes with every pixel.
    pub hash: u32,
}

/// JavaScript that has a copy of a canvas as `data`. The copy says that it will be read: reading the page's own canvas
/// would make the browser complain on the console.
fn with_pixels(selector: &str, then: &str) -> String {
    format!(
        "(() => {{
            const canvas = document.querySelector({});
            const {{ width, height }} = canvas;
            const context = new OffscreenCanvas(width, height).getContext('2d', {{ willReadFrequently: true }});
            context.drawImage(canvas, 0, 0);
            const data = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
            {then}
        }})()",
        json!(selector)
    )
}

/// A canvas as it is now.
pub fn picture(page: &mut Page<'_>, selector: &str) -> Result<Picture> {
    page.settle()?;
    page.eval(&with_pixels(
        selector,
        "let painted = 0, hash = 0;
        for (const pixel of data) {
            painted += pixel >>> 24 ? 1 : 0;
            hash = Math.imul(hash ^ pixel, 16777619) >>> 0;
        }
        return { pixels: data.length, painted, colours: new Set(data.filter((_, i) => i % 16 === 0)).size, hash };",
    ))
}

/// What lies under the trails.
pub fn ground(page: &mut Page<'_>) -> Result<Picture> {
    picture(page, ".map .ground")
}

/// The trails alone.
pub fn trails(page: &mut Page<'_>) -> Result<Picture> {
    picture(page, ".map .trails")
}

/// The opacities, from 0 to 255, of a row of a canvas: `row` and the two ends as fractions of height and width.
pub fn opacities(page: &mut Page<'_>, selector: &str, row: f64, from: f64, to: f64) -> Result<Vec<u8>> {
    page.settle()?;
    page.eval(&with_pixels(
        selector,
        &format!(
            "const start = Math.floor(height * {row}) * width;
            const part = data.subarray(start + Math.floor(width * {from}), start + Math.floor(width * {to}));
            return Array.from(part, pixel => pixel >>> 24);"
        ),
    ))
}

/// A number as the page writes it: a true minus sign, powers of ten as powers.
pub fn number(text: &str) -> Result<f64> {
    const POWERS: &str = "⁰¹²³⁴⁵⁶⁷⁸⁹";
    let plain: String = text
        .trim()
        .replace(" × 10", "e")
        .chars()
        .map(|c| match (c, POWERS.chars().position(|power| power == c)) {
            (_, Some(digit)) => char::from_digit(digit as u32, 10).unwrap_or('?'),
            ('−' | '⁻', _) => '-',
            _ => c,
        })
        .collect();
    // A bare power of ten, 10⁻⁵.
    let plain = match (text.contains(['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹', '⁻']), plain.contains('e'))
    {
        (true, false) => plain.replacen("10", "1e", 1),
        _ => plain,
    };
    plain.parse().with_context(|| format!("“{text}” is not a number"))
}

/// The two numbers of `(1.5, −2)` or `x 1.5, y −2`.
pub fn pair(text: &str) -> Result<[f64; 2]> {
    let bare = text.trim_matches(['(', ')']).replace("x ", "").replace("y ", "");
    match bare.split(',').map(number).collect::<Result<Vec<f64>>>()?[..] {
        [x, y] => Ok([x, y]),
        _ => bail!("“{text}” is not a pair of numbers"),
    }
}

/// Where the start is, to the four digits that its handle says.
pub fn start(page: &mut Page<'_>) -> Result<[f64; 2]> {
    panels(page)?;
    let text: String = page.eval("document.querySelector('[data-handle=start]').getAttribute('aria-valuetext')")?;
    pair(&text)
}

/// The step that is shown.
pub fn step(page: &mut Page<'_>) -> Result<u32> {
    page.eval("+document.querySelector('input[aria-label=Step]').value")
}

/// Whether time runs.
pub fn is_playing(page: &mut Page<'_>) -> Result<bool> {
    page.eval("document.querySelector('[aria-label=Time] .play').getAttribute('aria-label') === 'Pause'")
}

/// Goes to the last step, where every trail is whole and nothing moves any more.
pub fn go_to_the_end(page: &mut Page<'_>) -> Result<()> {
    page.key("End")?;
    page.wait_for(
        "(slider => slider.value === slider.max)(document.querySelector('input[aria-label=Step]')) &&
        document.querySelector('[aria-label=Time] .play').getAttribute('aria-label') === 'Play'",
    )?;
    page.settle()
}

/// Waits until the panels beside the map show what the map shows: they follow at most seven times a second.
pub fn panels(page: &mut Page<'_>) -> Result<()> {
    page.settle()?;
    page.wait_for("!document.querySelector('.panel[aria-busy=true]')")?;
    page.settle()
}

/// The outcome table, whether or not its sheet is open.
pub fn outcomes(page: &mut Page<'_>) -> Result<String> {
    panels(page)?;
    page.eval("document.querySelector('[aria-label=Outcomes]').textContent")
}

/// Everything that a link has to bring back, as a visitor can read it.
pub fn all_numbers(page: &mut Page<'_>) -> Result<Value> {
    panels(page)?;
    page.eval(
        "({
            problem: document.querySelector('.problem-name').textContent,
            start: document.querySelector('[data-handle=start]').getAttribute('aria-valuetext'),
            step: document.querySelector('input[aria-label=Step]').getAttribute('aria-valuetext'),
            fields: Array.from(document.querySelectorAll('.panel.left .number input'), field =>
                `${field.getAttribute('aria-label')}: ${field.value}`),
            sliders: Array.from(document.querySelectorAll('.panel.left input[type=range]'), slider => slider.value),
            shown: Array.from(document.querySelectorAll('.method-name'), name =>
                `${name.textContent} ${name.getAttribute('aria-pressed')}`),
            outcomes: document.querySelector('[aria-label=Outcomes]').textContent,
        })",
    )
}

/// The query of the address once the page has written what was changed: it does so 300 ms after the last change, and
/// timers of a page go off in the order of their times.
pub fn address(page: &mut Page<'_>) -> Result<String> {
    page.settle()?;
    page.eval("new Promise(done => setTimeout(() => done(location.search.slice(1)), 400))")
}

/// Waits until the address says something about the experiment; what it says may still be on its way.
pub fn wait_for_address(page: &mut Page<'_>, part: &str) -> Result<()> {
    page.wait_for(&format!("location.search.includes({})", json!(part)))
}

/// Replaces the text of a field, as typing over it does, and stays in the field.
pub fn retype(page: &mut Page<'_>, selector: &str, text: &str) -> Result<()> {
    page.click_on(selector)?;
    page.eval::<Value>(&format!("document.querySelector({}).select() ?? null", json!(selector)))?;
    page.type_text(text)
}

/// Clicks a button, a summary or a link by what is written on it.
pub fn click_words(page: &mut Page<'_>, within: &str, words: &str) -> Result<()> {
    let mark = format!(
        "(() => {{
            document.querySelectorAll('[data-found]').forEach(found => found.removeAttribute('data-found'));
            const all = document.querySelector({}).querySelectorAll('button, summary, a');
            const found = Array.from(all).find(element => element.textContent.trim().startsWith({}));
            found?.setAttribute('data-found', '');
            return Boolean(found);
        }})()",
        json!(within),
        json!(words)
    );
    if !page.eval::<bool>(&mark)? {
        bail!("nothing to click in {within} says “{words}”");
    }
    // Scrolling to it may let its neighbours grow: where it is shows a frame later.
    page.centre("[data-found]")?;
    page.settle()?;
    page.click_on("[data-found]")?;
    page.settle()
}

/// What the card at the pointer says of x, once it says anything.
pub fn read_out(page: &mut Page<'_>) -> Result<[f64; 2]> {
    page.settle()?;
    page.wait_for("document.querySelector('.readout dd')")?;
    pair(&page.text(".readout dd")?)
}

/// Opens another link in the page as it stands, as going back in the history does.
pub fn go_back_to(page: &mut Page<'_>, link: &str) -> Result<()> {
    page.eval::<Value>(&format!(
        "(history.replaceState(null, '', {}), history.pushState(null, '', location.href), history.back(), null)",
        json!(format!("?{link}"))
    ))?;
    Ok(())
}
