//! Hands: mouse, wheel, fingers and keys, as events of the browser's own input and not as scripted DOM events, so that
//! hit testing, pointer capture, focus and default actions are those of a visitor.

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::page::Page;

/// Modifier keys, added together.
pub mod held {
    /// Alt or Option.
    pub const ALT: u32 = 1;
    /// Ctrl; with the wheel, what a pinch on a trackpad sends.
    pub const CTRL: u32 = 2;
    /// Meta or Command.
    pub const META: u32 = 4;
    /// Shift.
    pub const SHIFT: u32 = 8;
}

/// A point in CSS pixels of the window.
pub type Point = (f64, f64);

/// Moves between the two ends of a drag or a pinch.
const MOVES: u32 = 8;

impl Page<'_> {
    /// Moves the mouse.
    pub fn hover(&mut self, at: Point) -> Result<()> {
        self.mouse("mouseMoved", at, json!({}))
    }

    /// One click of the left button.
    pub fn click(&mut self, at: Point) -> Result<()> {
        self.hover(at)?;
        self.press(at, 1)?;
        self.release(at, 1)
    }

    /// One click in the middle of an element, scrolled into view.
    pub fn click_on(&mut self, selector: &str) -> Result<()> {
        let at = self.centre(selector)?;
        self.click(at)
    }

    /// Two clicks in the time of a double click.
    pub fn double_click(&mut self, at: Point) -> Result<()> {
        self.click(at)?;
        self.press(at, 2)?;
        self.release(at, 2)
    }

    /// Drags with the left button, in several moves, and lets go.
    pub fn drag(&mut self, from: Point, to: Point) -> Result<()> {
        self.grab(from)?;
        self.pull(from, to)?;
        self.release(to, 1)
    }

    /// Presses the left button and keeps it down: for a look at the page in the middle of a drag. End it with
    /// [`Page::let_go`].
    pub fn grab(&mut self, at: Point) -> Result<()> {
        self.hover(at)?;
        self.press(at, 1)
    }

    /// Moves the mouse with the left button down, in several moves.
    pub fn pull(&mut self, from: Point, to: Point) -> Result<()> {
        for at in between(from, to) {
            self.pull_to(at)?;
        }
        Ok(())
    }

    /// One move with the left button down.
    pub fn pull_to(&mut self, at: Point) -> Result<()> {
        self.mouse("mouseMoved", at, json!({ "button": "left", "buttons": 1 }))
    }

    /// Releases the left button.
    pub fn let_go(&mut self, at: Point) -> Result<()> {
        self.release(at, 1)
    }

    /// Turns the wheel; `down` in CSS pixels, negative for up. `modifiers` from [`held`].
    pub fn wheel(&mut self, at: Point, down: f64, modifiers: u32) -> Result<()> {
        self.mouse("mouseWheel", at, json!({ "deltaX": 0, "deltaY": down, "modifiers": modifiers }))
    }

    /// Touches with one finger and lifts it.
    pub fn tap(&mut self, at: Point) -> Result<()> {
        self.touch("touchStart", &[at])?;
        self.touch("touchEnd", &[])
    }

    /// Drags one finger and lifts it.
    pub fn swipe(&mut self, from: Point, to: Point) -> Result<()> {
        self.touch("touchStart", &[from])?;
        for at in between(from, to) {
            self.touch("touchMove", &[at])?;
        }
        self.touch("touchEnd", &[])
    }

    /// Two fingers around `centre`, moved apart (or together) from the first distance to the second.
    pub fn pinch(&mut self, centre: Point, distance: (f64, f64)) -> Result<()> {
        let fingers = |wide: f64| [(centre.0 - wide / 2.0, centre.1), (centre.0 + wide / 2.0, centre.1)];
        self.touch("touchStart", &fingers(distance.0))?;
        for (wide, _) in between((distance.0, 0.0), (distance.1, 0.0)) {
            self.touch("touchMove", &fingers(wide))?;
        }
        self.touch("touchEnd", &[])
    }

    /// Two fingers that keep their distance and move together.
    pub fn two_finger_drag(&mut self, from: Point, to: Point) -> Result<()> {
        let fingers = |at: Point| [(at.0 - 40.0, at.1), (at.0 + 40.0, at.1)];
        self.touch("touchStart", &fingers(from))?;
        for at in between(from, to) {
            self.touch("touchMove", &fingers(at))?;
        }
        self.touch("touchEnd", &[])
    }

    /// One touch event, with the fingers that are down after it: for gestures not listed here.
    pub fn touch(&mut self, kind: &str, fingers: &[Point]) -> Result<()> {
        let points: Vec<Value> =
            fingers.iter().enumerate().map(|(id, at)| json!({ "x": at.0, "y": at.1, "id": id })).collect();
        self.call("Input.dispatchTouchEvent", &json!({ "type": kind, "touchPoints": points })).map(|_| ())
    }

    /// Presses and releases a key: `"a"`, `"?"`, `" "`, or a name such as `ArrowLeft`, `Home`, `Enter`, `Tab`.
    pub fn key(&mut self, key: &str) -> Result<()> {
        self.key_with(key, 0)
    }

    /// The same with modifier keys from [`held`].
    pub fn key_with(&mut self, key: &str, modifiers: u32) -> Result<()> {
        let (code, number, text) = described(key)?;
        let mut event = json!({
            "type": "keyDown", "key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": modifiers,
        });
        // With Ctrl, Alt or Meta a key is a command and types nothing.
        if let Some(text) = text.filter(|_| modifiers & !held::SHIFT == 0) {
            event["text"] = text.into();
        }
        self.call("Input.dispatchKeyEvent", &event)?;
        event["type"] = "keyUp".into();
        if let Some(fields) = event.as_object_mut() {
            fields.remove("text");
        }
        self.call("Input.dispatchKeyEvent", &event).map(|_| ())
    }

    /// Types text into whatever has the focus.
    pub fn type_text(&mut self, text: &str) -> Result<()> {
        self.call("Input.insertText", &json!({ "text": text })).map(|_| ())
    }

    /// Replaces all that a text field holds, and leaves the field with Enter.
    pub fn fill(&mut self, selector: &str, text: &str) -> Result<()> {
        self.eval::<Value>(&format!(
            "document.querySelector({0}).focus(), document.querySelector({0}).select()",
            json!(selector)
        ))?;
        self.type_text(text)?;
        self.key("Enter")
    }

    fn press(&mut self, at: Point, clicks: u32) -> Result<()> {
        self.mouse("mousePressed", at, json!({ "button": "left", "buttons": 1, "clickCount": clicks }))
    }

    fn release(&mut self, at: Point, clicks: u32) -> Result<()> {
        self.mouse("mouseReleased", at, json!({ "button": "left", "clickCount": clicks }))
    }

    fn mouse(&mut self, kind: &str, at: Point, mut event: Value) -> Result<()> {
        event["type"] = kind.into();
        event["x"] = at.0.into();
        event["y"] = at.1.into();
        self.call("Input.dispatchMouseEvent", &event).map(|_| ())
    }
}

/// The points of a straight way, its end among them and its start not.
fn between(from: Point, to: Point) -> impl Iterator<Item = Point> {
    (1..=MOVES).map(move |step| {
        let part = f64::from(step) / f64::from(MOVES);
        (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part)
    })
}

/// `code`, the Windows key number and the typed text of a key of an American keyboard.
fn described(key: &str) -> Result<(String, u32, Option<String>)> {
    let named = |number: u32| (key.to_owned(), number, None);
    Ok(match key {
        "Enter" => (key.into(), 13, Some("\r".into())),
        " " => ("Space".into(), 32, Some(" ".into())),
        "Tab" => named(9),
        "Backspace" => named(8),
        "Escape" => named(27),
        "PageUp" => named(33),
        "PageDown" => named(34),
        "End" => named(35),
        "Home" => named(36),
        "ArrowLeft" => named(37),
        "ArrowUp" => named(38),
        "ArrowRight" => named(39),
        "ArrowDown" => named(40),
        "Delete" => named(46),
        _ => {
            let mut characters = key.chars();
            let (Some(character), None) = (characters.next(), characters.next()) else {
                bail!("no key is called `{key}`");
            };
            let upper = character.to_ascii_uppercase();
            let (code, number) = match upper {
                'A'..='Z' => (format!("Key{upper}"), u32::from(upper)),
                '0'..='9' => (format!("Digit{upper}"), u32::from(upper)),
                // Where a sign sits differs between keyboards, and the page goes by the sign.
                _ => (String::new(), 0),
            };
            (code, number, Some(key.to_owned()))
        }
    })
}
