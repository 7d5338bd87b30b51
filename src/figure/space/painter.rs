//! The block by painting from back to front, with plotters on any of its backends: for where no hardware draws it.

use super::super::{Color, Theme, contours, levels};
use super::block::{BASE, Block};
use super::mesh::{LIGHT, Side, normal, shade};
use super::{View, relief_strength, wall_color};
use plotters::prelude::*;
use plotters::style::Color as _;

/// What is painted of a block in some colours, computed once for all views.
pub struct Painter {
    /// Colour of every cell of the grid, row by row.
    colors: Vec<Color>,
    /// Contours on the surface, with whether they are index lines.
    lines: Vec<(Vec<[f64; 3]>, bool)>,
}

/// Polygons overlap by so many pixels: the edges of two that only touch would let the ground shine through.
const OVERLAP: f64 = 0.6;

impl Painter {
    /// Prepares a block, with or without contours.
    pub fn new(block: &Block, theme: &Theme, contours: bool) -> Self {
        let [columns, rows] = block.corners();
        let mut colors = Vec::with_capacity((columns - 1) * (rows - 1));
        for j in 0..rows - 1 {
            for i in 0..columns - 1 {
                let around = [(i, j), (i + 1, j), (i, j + 1), (i + 1, j + 1)];
                let mean = |of: &dyn Fn(usize, usize) -> f64| around.map(|(i, j)| of(i, j)).iter().sum::<f64>() / 4.0;
                let tone = mean(&|i, j| block.land.tone(block.land.heights[j * columns + i]).clamp(0.0, 1.0));
                let upright = [0, 1, 2].map(|k| mean(&|i, j| normal(block, i, j)[k]));
                let light = shade(upright, relief_strength(theme));
                colors.push(lit(theme.tint(if tone.is_nan() { 0.0 } else { tone }), light));
            }
        }
        Self { colors, lines: if contours { lifted_contours(block) } else { Vec::new() } }
    }

    /// Paints the block. `unit` is the number of the backend's units in a pixel: backends count in whole units.
    pub fn paint<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, plotters::coord::Shift>,
        (block, view): (&Block, &View),
        theme: &Theme,
        unit: f64,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        self.paint_surface(area, block, view, unit)?;
        self.paint_contours(area, block, view, (theme, unit))?;
        for side in Side::all(block).iter().filter(|side| side.faces(view.eye)) {
            let light: f64 = (0..3).map(|k| side.normal[k] * LIGHT[k]).sum();
            let color = lit(wall_color(theme), 1.0 + WALL_SHADE * relief_strength(theme) * light);
            for run in side.rim.split(|p| !p[2].is_finite()).filter(|run| run.len() > 1) {
                let foot = run.iter().rev().map(|[x, y, _]| [*x, *y, BASE]);
                let wall = run.iter().copied().chain(foot).map(|p| device(view.project(p).0, unit));
                area.draw(&Polygon::new(wall.collect::<Vec<_>>(), rgb(color).filled()))?;
            }
        }
        Ok(())
    }

    fn paint_surface<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, plotters::coord::Shift>,
        block: &Block,
        view: &View,
        unit: f64,
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let [columns, rows] = block.corners();
        let fill = |points: &[[f64; 3]], color: Color| {
            let pixels: Vec<[f64; 2]> = points.iter().map(|p| view.project(*p).0).collect();
            let count = pixels.len() as f64;
            let middle = [0, 1].map(|k| pixels.iter().map(|p| p[k]).sum::<f64>() / count);
            let grown = pixels.iter().map(|p| {
                let way = [p[0] - middle[0], p[1] - middle[1]];
                let scale = 1.0 + OVERLAP / libm::hypot(way[0], way[1]).max(OVERLAP);
                device([middle[0] + way[0] * scale, middle[1] + way[1] * scale], unit)
            });
            area.draw(&Polygon::new(grown.collect::<Vec<_>>(), rgb(color).filled()))
        };
        for j in back_to_front(rows - 1, -view.eye[1] / block.half[1]) {
            for i in back_to_front(columns - 1, view.eye[0] / block.half[0]) {
                let [a, b, c, d] = [(i, j), (i + 1, j), (i, j + 1), (i + 1, j + 1)].map(|(i, j)| block.corner(i, j));
                let defined = |points: &[[f64; 3]]| points.iter().all(|p| p[2].is_finite());
                for piece in [&[a, b, d, c][..], &[a, b, c], &[b, d, c]] {
                    if defined(piece) {
                        fill(piece, self.colors[j * (columns - 1) + i])?;
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Contours come after the whole surface: cells painted later would cut into the lines of earlier ones.
    fn paint_contours<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, plotters::coord::Shift>,
        block: &Block,
        view: &View,
        (theme, unit): (&Theme, f64),
    ) -> Result<(), DrawingAreaErrorKind<DB::ErrorType>> {
        let width = (0.9 * unit).round().max(1.0) as u32;
        for (line, index) in &self.lines {
            let opacity = if *index { theme.contour_opacity.1 } else { theme.contour_opacity.0 };
            let style = ShapeStyle::from(rgb(theme.contour).mix(opacity)).stroke_width(width);
            for run in line.split(|p| block.hides(*p, view.eye)).filter(|run| run.len() > 1) {
                let pixels: Vec<(i32, i32)> = run.iter().map(|p| device(view.project(*p).0, unit)).collect();
                area.draw(&PathElement::new(pixels, style))?;
            }
        }
        Ok(())
    }
}

/// How much the light tells walls apart. The same in `src/gpu/wgsl/relief.wgsl`.
const WALL_SHADE: f64 = 0.4;

fn lit(Color(r, g, b): Color, light: f64) -> Color {
    let channel = |c: u8| (f64::from(c) * light).min(255.0) as u8;
    Color(channel(r), channel(g), channel(b))
}

fn rgb(Color(r, g, b): Color) -> RGBColor {
    RGBColor(r, g, b)
}

fn device([x, y]: [f64; 2], unit: f64) -> (i32, i32) {
    ((x * unit).round() as i32, (y * unit).round() as i32)
}

/// The numbers of cells along an axis, from both ends towards the eye, which is at `eye`; the axis reaches from -1 to 1.
fn back_to_front(count: usize, eye: f64) -> impl Iterator<Item = usize> {
    let turn = (((eye + 1.0) * 0.5 * count as f64).max(0.0) as usize).min(count);
    (0..turn).chain((turn..count).rev())
}

/// The contours of the block, on its surface.
fn lifted_contours(block: &Block) -> Vec<(Vec<[f64; 3]>, bool)> {
    let [columns, rows] = block.corners();
    let levels = levels(&block.land);
    let along = |share: f64, n: usize, half: f64| (2.0 * (share * n as f64 - 0.5) / (n - 1) as f64 - 1.0) * half;
    let lifted = contours(&block.land, &levels).into_iter().map(|contour| {
        let level = &levels[contour.level];
        let z = block.z_of(level.height);
        let place = |p: &[f64; 2]| [along(p[0], columns, block.half[0]), -along(p[1], rows, block.half[1]), z];
        (contour.points.iter().map(place).collect(), level.index)
    });
    lifted.collect()
}

#[cfg(test)]
mod tests {
    use super::super::Camera;
    use super::*;
    use crate::problems::PlaneProblem;
    use plotters_backend::{BackendColor, BackendCoord, BackendStyle, DrawingErrorKind};

    #[test]
    fn cells_are_painted_towards_the_eye() {
        let order = |eye| back_to_front(4, eye).collect::<Vec<_>>();
        assert_eq!(order(3.0), [0, 1, 2, 3]);
        assert_eq!(order(-3.0), [3, 2, 1, 0]);
        assert_eq!(order(0.0), [0, 1, 3, 2]);
    }

    #[test]
    fn contours_lie_on_the_surface() {
        let problem = PlaneProblem::landscape("himmelblau", &[]).expect("a listed landscape");
        let block = Block::new(&problem, [-5.0, 5.0, -5.0, 5.0], 1.0, 60);
        let points: Vec<[f64; 3]> = lifted_contours(&block).into_iter().flat_map(|(points, _)| points).collect();
        assert!(points.len() > 500, "{}", points.len());
        for p in points {
            // On an edge of a cell the surface is linear in height, but for the knee.
            if p[2] < 0.5 {
                assert!((block.z_at([p[0], p[1]]) - p[2]).abs() < 1e-6, "{p:?}");
            }
        }
    }

    /// Collects the colours of what is filled, and counts it.
    struct Colours(std::collections::BTreeSet<(u8, u8, u8)>, usize);

    impl DrawingBackend for Colours {
        type ErrorType = std::fmt::Error;
        fn get_size(&self) -> (u32, u32) {
            (3200, 3200)
        }
        fn ensure_prepared(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
            Ok(())
        }
        fn present(&mut self) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
            Ok(())
        }
        fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
            Ok(())
        }
        fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
            &mut self,
            _: I,
            _: &S,
        ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
            Ok(())
        }
        fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
            &mut self,
            corners: I,
            style: &S,
        ) -> Result<(), DrawingErrorKind<Self::ErrorType>> {
            let inside = |x| x > 0 && x < 3200;
            assert!(corners.into_iter().all(|(x, y)| inside(x) && inside(y)));
            self.0.insert(style.color().rgb);
            self.1 += 1;
            Ok(())
        }
    }

    #[test]
    fn every_cell_is_painted_within_the_picture_in_many_colours() {
        let problem = PlaneProblem::landscape("rosenbrock", &[]).expect("a listed landscape");
        let block = Block::new(&problem, [-2.0, 2.0, -1.0, 3.0], 1.0, 24);
        let view = View::new(Camera::START, block.half, [400.0, 400.0]);
        let colours = std::rc::Rc::new(std::cell::RefCell::new(Colours(Default::default(), 0)));
        let painter = Painter::new(&block, &Theme::LIGHT, true);
        let area = DrawingArea::from(&colours);
        painter.paint(&area, (&block, &view), &Theme::LIGHT, 8.0).expect("the backend takes everything");
        let colours = colours.borrow();
        // Two walls face the eye.
        assert_eq!(colours.1, 24 * 24 + 2);
        assert!(colours.0.len() > 200, "{}", colours.0.len());
    }
}
