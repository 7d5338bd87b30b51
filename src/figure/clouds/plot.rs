//! The figure of the measure lab as a file: the clouds side by side, and what became of each.

use super::super::{Anchor, EncodeImage, Frame, Surface, Svg, Text, Theme, axis_number, draw_head};
use super::scene::{CloudScene, draw_ground, target_density};
use crate::experiment::Experiment;
use crate::experiment::measure::MeasureRun;

/// Height of a line of the legend in pixels, and the space between two clouds.
const LINE: f64 = 24.0;
const GAP: f64 = 12.0;

/// The figure of a run as an SVG document: see [`draw_clouds`].
pub fn clouds_svg(
    experiment: &Experiment,
    run: &MeasureRun,
    time: f64,
    size: [f64; 2],
    theme: &'static Theme,
    encode: EncodeImage,
) -> String {
    let mut svg = Svg::new(size[0], size[1], theme, encode);
    draw_clouds(&mut svg, experiment, run, time, size, theme);
    svg.finish()
}

/// Draws a figure over a whole surface: a title, the cloud of each visible method at `time` with the layers of the
/// experiment's view, and under each its name, hyperparameters and verdict.
pub fn draw_clouds(
    surface: &mut dyn Surface,
    experiment: &Experiment,
    run: &MeasureRun,
    time: f64,
    [width, height]: [f64; 2],
    theme: &'static Theme,
) {
    let shown: Vec<_> =
        experiment.methods.iter().zip(&run.traces).enumerate().filter(|(_, (method, _))| method.visible).collect();
    let problem = &run.problem;
    surface.fill([0.0, 0.0, width, height], theme.paper);
    let top = LINE + 12.0;
    let title = Text {
        text: problem.family.title,
        at: [16.0, 0.5 * top],
        size: 15.0,
        strong: true,
        color: theme.ink,
        anchor: Anchor::Start,
        angle: 0.0,
        halo: None,
    };
    surface.text(title);
    let quiet = Text { size: 12.5, strong: false, color: theme.soft, ..title };
    let told = format!("{} particles, step {}", problem.setting.start.len(), axis_number(time.floor()));
    surface.text(Text { text: &told, at: [width - 16.0, 0.5 * top], anchor: Anchor::End, ..quiet });
    let [columns, rows] = arranged(shown.len(), [width, height - top]);
    let [cell_width, cell_height] = [width / columns as f64, (height - top) / rows as f64];
    let plan = if experiment.view.clouds.lines { problem.plan() } else { Vec::new() };
    for (k, (index, (method, trace))) in shown.into_iter().enumerate() {
        let [left, upper] = [(k % columns) as f64 * cell_width, top + (k / columns) as f64 * cell_height];
        let [inner_width, inner_height] = [cell_width - GAP, cell_height - 2.0 * LINE - GAP];
        let frame = Frame::fit(problem.setting.window, inner_width, inner_height);
        let target = target_density(problem, &frame);
        surface.inset([left + 0.5 * GAP, upper, inner_width, inner_height], &mut |surface| {
            let layers = experiment.view.clouds;
            draw_ground(surface, problem, Some(&method.base), layers, &frame, theme);
            let scene = CloudScene::new(index, problem, Some(trace), time, layers, &frame, theme);
            if let Some(([columns, rows], pixels, place)) = scene.density_pixels() {
                surface.image(place, columns as u32, rows as u32, &pixels);
            }
            scene.draw(surface, target.as_ref(), &plan);
        });
        let y = upper + inner_height + 0.5 * LINE;
        let x = left + 0.5 * GAP;
        draw_head(surface, index, [x + 8.0, y], 5.0, theme);
        surface.text(Text { text: &method.title(), at: [x + 22.0, y], size: 12.5, ..title });
        let verdict = trace.outcome.verdict();
        surface.text(Text { text: &verdict, at: [x + inner_width, y], anchor: Anchor::End, ..quiet });
        let knobs = method.base.knobs.iter().filter(|(knob, value)| *value != knob.default || knob.id == "lr");
        let settings: Vec<String> =
            knobs.map(|(knob, value)| format!("{} {}", knob.symbol, axis_number(value))).collect();
        surface.text(Text { text: &settings.join(", "), at: [x + 22.0, y + 0.8 * LINE], ..quiet });
    }
}

/// Columns and rows for `count` pictures in a rectangle, so that the smaller side of a picture is as long as possible.
fn arranged(count: usize, [width, height]: [f64; 2]) -> [usize; 2] {
    let rows = |columns: usize| count.max(1).div_ceil(columns);
    let side = |columns: usize| (width / columns as f64).min(height / rows(columns) as f64);
    let best = (1..=count.max(1)).max_by(|a, b| side(*a).total_cmp(&side(*b)).then(b.cmp(a)));
    let columns = best.expect("there is at least one column");
    [columns, rows(columns)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::Link;
    use crate::experiment::measure::run_measure;

    #[test]
    fn pictures_are_as_large_as_they_can_be() {
        assert_eq!(arranged(1, [10.0, 10.0]), [1, 1]);
        assert_eq!(arranged(4, [10.0, 9.0]), [2, 2]);
        assert_eq!(arranged(2, [10.0, 9.0]), [2, 1]);
        assert_eq!(arranged(2, [10.0, 12.0]), [1, 2]);
        assert_eq!(arranged(3, [30.0, 5.0]), [3, 1]);
        assert_eq!(arranged(0, [30.0, 5.0]), [1, 1]);
    }

    #[test]
    fn every_visible_method_has_its_picture() {
        let link = "problem=measure_mixture;n=20&steps=4&opt=langevin&opt=svgd;show=0&opt=jko&draw=density,target,lines,trails";
        let Link { experiment, notes } = Link::parse(link);
        assert!(notes.is_empty(), "{notes:?}");
        let run = run_measure(&experiment).expect("it runs");
        let svg = clouds_svg(&experiment, &run, 2.5, [900.0, 600.0], Theme::of(false), |columns, rows, pixels| {
            assert_eq!(pixels.len() as u32, 4 * columns * rows);
            format!("data:{columns}x{rows}")
        });
        // The ground and the density of each.
        assert_eq!(svg.matches("<image").count(), 4);
        assert!(svg.contains(">Langevin<") && svg.contains(">JKO, entropic<") && !svg.contains(">SVGD<"));
        assert!(svg.contains("20 particles, step 2") && !svg.contains("NaN"));
    }
}
