//! The map between the plane and the pixels.

/// A window of the plane and the rectangle of pixels that shows it. Pixels run right and down from the upper left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// xmin, xmax, ymin, ymax.
    pub window: [f64; 4],
    /// Width in pixels.
    pub width: f64,
    /// Height in pixels.
    pub height: f64,
}

impl Frame {
    /// The frame that shows `domain` with a margin. Units are equally long along both axes, so that contours and
    /// gradients meet at right angles, unless that would waste most of the picture.
    pub fn fit(domain: [f64; 4], width: f64, height: f64) -> Self {
        let [x0, x1, y0, y1] = domain;
        let (mut w, mut h) = ((x1 - x0) * 1.06, (y1 - y0) * 1.06);
        let stretch = (w / h) / (width / height);
        if (0.35..=2.8).contains(&stretch) {
            if stretch > 1.0 { h *= stretch } else { w /= stretch }
        }
        let (cx, cy) = (0.5 * (x0 + x1), 0.5 * (y0 + y1));
        Self { window: [cx - 0.5 * w, cx + 0.5 * w, cy - 0.5 * h, cy + 0.5 * h], width, height }
    }

    /// Where a point of the plane is drawn.
    #[inline]
    pub fn to_pixel(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [x0, x1, y0, y1] = self.window;
        [(x - x0) / (x1 - x0) * self.width, (y1 - y) / (y1 - y0) * self.height]
    }

    /// What point of the plane a pixel shows.
    #[inline]
    pub fn to_point(&self, [px, py]: [f64; 2]) -> [f64; 2] {
        let [x0, x1, y0, y1] = self.window;
        [x0 + px / self.width * (x1 - x0), y1 - py / self.height * (y1 - y0)]
    }

    /// The frame after zooming by `factor` (below one: closer) about a pixel, which keeps its point.
    pub fn zoomed(&self, factor: f64, [px, py]: [f64; 2]) -> Self {
        let [x0, x1, y0, y1] = self.window;
        let [cx, cy] = self.to_point([px, py]);
        let window =
            [cx + (x0 - cx) * factor, cx + (x1 - cx) * factor, cy + (y0 - cy) * factor, cy + (y1 - cy) * factor];
        // Beyond this rounding shows; further out nothing can be told apart.
        let fine = |a: f64, b: f64| b - a > 1e-11 * (1e-6 + a.abs().max(b.abs())) && b - a < 1e14;
        if fine(window[0], window[1]) && fine(window[2], window[3]) { Self { window, ..*self } } else { *self }
    }

    /// The frame moved by so many pixels.
    pub fn panned(&self, dx: f64, dy: f64) -> Self {
        let [x0, x1, y0, y1] = self.window;
        let (sx, sy) = (dx / self.width * (x1 - x0), dy / self.height * (y1 - y0));
        Self { window: [x0 - sx, x1 - sx, y0 + sy, y1 + sy], ..*self }
    }
}

/// Round numbers between `low` and `high`, about `count` of them, a step of 1, 2 or 5 times a power of ten apart.
pub fn ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 || count == 0 {
        return Vec::new();
    }
    let raw = span / count as f64;
    let power = libm::pow(10.0, libm::floor(libm::log10(raw)));
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= raw * 0.999).unwrap_or(raw);
    let first = libm::ceil(low / step - 1e-9) as i64;
    let last = libm::floor(high / step + 1e-9) as i64;
    (first..=last.min(first + 50)).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_and_points_are_inverse() {
        let frame = Frame::fit([-2.0, 2.0, -1.0, 3.0], 780.0, 735.0);
        let [px, py] = frame.to_pixel([0.3, 1.7]);
        let [x, y] = frame.to_point([px, py]);
        assert!((x - 0.3).abs() < 1e-12 && (y - 1.7).abs() < 1e-12);
    }

    #[test]
    fn units_are_square_where_that_fits() {
        let frame = Frame::fit([-2.0, 2.0, -1.0, 3.0], 900.0, 600.0);
        let [x0, x1, y0, y1] = frame.window;
        assert!(((x1 - x0) / 900.0 - (y1 - y0) / 600.0).abs() < 1e-12);
        let thin = Frame::fit([-2e6, 2e6, -1.0, 1.0], 900.0, 600.0);
        assert!((thin.window[3] - 1.06).abs() < 1e-12);
    }

    #[test]
    fn zooming_keeps_the_point_under_the_pointer() {
        let frame = Frame::fit([-2.0, 2.0, -1.0, 3.0], 780.0, 735.0);
        let pointer = [100.0, 600.0];
        let (before, after) = (frame.to_point(pointer), frame.zoomed(0.5, pointer).to_point(pointer));
        assert!((before[0] - after[0]).abs() < 1e-12 && (before[1] - after[1]).abs() < 1e-12);
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(-2.2, 2.2, 5), vec![-2.0, -1.0, 0.0, 1.0, 2.0]);
        assert_eq!(ticks(0.0, 1.0, 5).len(), 6);
        assert!(ticks(1.0, 1.0, 5).is_empty());
    }
}
