//! Colours, light and dark: a topographic map by day, a sea chart by night.

use super::Shape;

/// A colour without transparency, red, green, blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// `#rrggbb` from a number such as `0x14606b`.
    pub const fn hex(rgb: u32) -> Self {
        Self((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8)
    }

    /// The way CSS writes it, with an opacity from 0 to 1.
    pub fn css(self, opacity: f64) -> String {
        let Self(r, g, b) = self;
        if opacity >= 1.0 { format!("#{r:02x}{g:02x}{b:02x}") } else { format!("rgba({r},{g},{b},{opacity})") }
    }

    /// The colour at `t` from 0 to 1 on the way from `self` to `other`.
    pub fn mix(self, other: Self, t: f64) -> Self {
        // Half is added where `round` would be called: WebAssembly has no such instruction, and maps mix a million times.
        let channel = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * t + 0.5) as u8;
        Self(channel(self.0, other.0), channel(self.1, other.1), channel(self.2, other.2))
    }
}

/// The colours of a picture.
#[derive(Debug, PartialEq)]
pub struct Theme {
    /// Whether this is the dark one.
    pub dark: bool,
    /// Tints of the land from low to high, evenly rising in lightness in the dark and falling with it in the light.
    pub tints: [Color; 8],
    /// How much of the light the relief takes away or adds.
    pub relief: f64,
    /// Contour lines.
    pub contour: Color,
    /// Opacity of contours and of index contours.
    pub contour_opacity: (f64, f64),
    /// What lies under everything: halos, edges of markers.
    pub paper: Color,
    /// Text and strong lines.
    pub ink: Color,
    /// Quiet text.
    pub soft: Color,
    /// Grid lines of charts.
    pub line: Color,
    /// The one accent.
    pub accent: Color,
    /// Colours of the trails: distinct for people who see red and green alike.
    pub trails: [Color; 8],
}

impl Theme {
    /// By day.
    pub const LIGHT: Self = Self {
        dark: false,
        tints: [
            Color::hex(0xa9d0d6),
            Color::hex(0xbfdcd4),
            Color::hex(0xd9e6d0),
            Color::hex(0xeeead2),
            Color::hex(0xf3e4cd),
            Color::hex(0xecd8c6),
            Color::hex(0xe0ccc0),
            Color::hex(0xd2c0b8),
        ],
        relief: 0.33,
        contour: Color::hex(0x7a583a),
        contour_opacity: (0.25, 0.6),
        paper: Color::hex(0xfbf9f4),
        ink: Color::hex(0x2b2a28),
        soft: Color::hex(0x6d6459),
        line: Color::hex(0xe7e1d6),
        accent: Color::hex(0x14606b),
        trails: [
            Color::hex(0x0072b2),
            Color::hex(0xd55e00),
            Color::hex(0x009e73),
            Color::hex(0xb8478a),
            Color::hex(0x8a6d00),
            Color::hex(0x5b5bd6),
            Color::hex(0x3b3b3b),
            Color::hex(0xc2453b),
        ],
    };

    /// By night.
    pub const DARK: Self = Self {
        dark: true,
        tints: [
            Color::hex(0x06141d),
            Color::hex(0x0a2230),
            Color::hex(0x123141),
            Color::hex(0x1d4050),
            Color::hex(0x2b4e5c),
            Color::hex(0x3d5c66),
            Color::hex(0x526b70),
            Color::hex(0x6b7b7b),
        ],
        relief: 0.66,
        contour: Color::hex(0xa9c4cc),
        contour_opacity: (0.2, 0.5),
        paper: Color::hex(0x0a161e),
        ink: Color::hex(0xe6eeee),
        soft: Color::hex(0x9fb4b8),
        line: Color::hex(0x1d3039),
        accent: Color::hex(0x7cc7cf),
        trails: [
            Color::hex(0x56b4e9),
            Color::hex(0xf0a33a),
            Color::hex(0x35c79a),
            Color::hex(0xe58fc0),
            Color::hex(0xe5d24a),
            Color::hex(0x9aa0ff),
            Color::hex(0xdde5e5),
            Color::hex(0xff8a7a),
        ],
    };

    /// The theme for a dark or a light page.
    pub fn of(dark: bool) -> &'static Self {
        if dark { &Self::DARK } else { &Self::LIGHT }
    }

    /// Colour of the trail of the `i`-th optimizer.
    pub fn trail(&self, i: usize) -> Color {
        self.trails[i % self.trails.len()]
    }

    /// Tint at height `t` from 0, the lowest, to 1.
    pub fn tint(&self, t: f64) -> Color {
        let place = t.clamp(0.0, 1.0) * (self.tints.len() - 1) as f64;
        let below = (place as usize).min(self.tints.len() - 2);
        self.tints[below].mix(self.tints[below + 1], place - below as f64)
    }
}

/// Marker of the `i`-th optimizer: four filled shapes, then the same hollow.
pub fn trail_shape(i: usize) -> (Shape, bool) {
    let shape = [Shape::Circle, Shape::Triangle, Shape::Square, Shape::Diamond][i % 4];
    (shape, i / 4 % 2 == 1)
}
