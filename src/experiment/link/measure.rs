//! Links to the measure lab: its problems, clouds drawn by hand, and what has no meaning there.

use super::read::{Reader, expected, finite};
use super::text::{decode, encode, number};
use crate::experiment::{CloudLayers, Experiment, Lab, ProblemChoice, View};
use crate::measures::Point;
use crate::problems::Noise;
use crate::problems::measure::{Choice, Family, MOST_DRAWN};

/// Clouds that a link has drawn, until its problem is known.
#[derive(Default)]
pub struct Drawn {
    /// Where particles start.
    pub cloud: Option<Vec<Point>>,
    /// The points that are sought.
    pub target: Option<Vec<Point>>,
}

impl Reader {
    /// `measure_clouds;n=300;from=ring;to=heart`.
    pub(super) fn measure(&mut self, family: &'static Family, pairs: &[(&str, &str)]) {
        let is_word = |name: &str| family.words.iter().any(|(known, _)| *known == name);
        let (words, numbers): (Vec<_>, Vec<_>) = pairs.iter().copied().partition(|(name, _)| is_word(name));
        let mut choice = Choice::new(family);
        for (name, text) in words {
            match decode(text) {
                Some(word) => choice.set_word(name, &word),
                None => self.note(name, "is no text".to_owned(), "it is left out".to_owned()),
            }
        }
        let values = self.knobs(&format!("problem={}", family.id), family.knobs, &numbers);
        self.experiment.problem = ProblemChoice::Measure(choice);
        values.iter().for_each(|(knob, value)| self.experiment.problem.set_parameter(knob.id, value));
    }

    /// x1,y1,x2,y2,...
    pub(super) fn points(&mut self, key: &str, text: &str) -> Option<Vec<Point>> {
        let numbers: Option<Vec<f64>> = text.split(',').map(finite).collect();
        let pairs = numbers.filter(|numbers| numbers.len() % 2 == 0 && numbers.len() <= 2 * MOST_DRAWN);
        if pairs.is_none() {
            let wanted = format!("a list x,y,x,y,... of at most {MOST_DRAWN} points");
            self.note(key, expected(text, &wanted), "nothing drawn by hand is used".to_owned());
        }
        Some(pairs?.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect())
    }

    /// What is drawn of clouds.
    pub(super) fn layers(&mut self, text: &str) {
        let mut layers = CloudLayers { density: false, target: false, lines: false, trails: false };
        for name in text.split(',').filter(|name| !name.is_empty()) {
            match CloudLayers::NAMES.iter().position(|known| *known == name) {
                Some(at) => *layers.switches()[at] = true,
                None => {
                    self.note("draw", expected(name, &CloudLayers::NAMES.join(", ")), "it is ignored".to_owned());
                }
            }
        }
        self.experiment.view.clouds = layers;
    }

    /// Checks a problem of the measure lab, and leaves out what belongs to other labs.
    pub(super) fn finish_measure(&mut self) {
        let drawn = std::mem::take(&mut self.drawn);
        if let ProblemChoice::Measure(choice) = &mut self.experiment.problem {
            (choice.cloud, choice.target) = (drawn.cloud, drawn.target);
        }
        let Experiment { view, noise, .. } = &self.experiment;
        let of_others = [
            ("noise", *noise != Noise::None),
            ("view", view.window.is_some()),
            ("basins", view.basins.is_some()),
            ("swarm", view.particles.is_some()),
            ("sweep", view.sweep.is_some()),
            ("starts", view.starts != 1),
            ("camera", view.camera.is_some()),
            ("slice", view.cut != View::default().cut),
        ];
        self.leave_out(&of_others, "problems of another lab");
        let View { step, by_calls, fit, log_time, clouds, engine, hide, lesson, embed, .. } =
            std::mem::take(&mut self.experiment.view);
        self.experiment.view =
            View { step, by_calls, fit, log_time, clouds, engine, hide, lesson, embed, ..View::default() };
        self.experiment.noise = Noise::None;
        if let Err(error) = self.experiment.pose_measure() {
            let ProblemChoice::Measure(choice) = &self.experiment.problem else { return };
            let family = choice.family();
            self.note("problem", error.to_string(), format!("{} is used as it opens", family.id));
            self.experiment.problem = ProblemChoice::Measure(Choice::new(family));
        }
    }

    /// Leaves out what belongs to the measure lab alone.
    pub(super) fn leave_out_flows(&mut self) {
        if self.experiment.lab() == Lab::Measure {
            return self.leave_out_wrappers();
        }
        let mut left: Vec<&str> = Vec::new();
        self.experiment.methods.retain(|method| {
            let flow = method.entry().is_flow();
            if flow {
                left.push(method.base.id);
            }
            !flow
        });
        for id in left {
            let problem = "moves clouds of particles, and this problem has none".to_owned();
            self.note(&format!("opt={id}"), problem, "it is left out".to_owned());
        }
        let Drawn { cloud, target } = std::mem::take(&mut self.drawn);
        let layers = self.experiment.view.clouds != CloudLayers::default();
        let drawn = [("cloud", cloud.is_some()), ("target", target.is_some()), ("draw", layers)];
        self.leave_out(&drawn, "problems of the measure lab");
        self.experiment.view.clouds = CloudLayers::default();
    }
}

impl Reader {
    /// Leaves out wrappers around what moves a whole cloud: they wrap optimizers of points.
    fn leave_out_wrappers(&mut self) {
        let mut left: Vec<String> = Vec::new();
        for method in self.experiment.methods.iter_mut().filter(|method| method.entry().is_flow()) {
            left.extend(method.wrappers.drain(..).map(|wrapper| format!("opt={}~{}", method.base.id, wrapper.id)));
        }
        for key in left {
            let problem = "wraps optimizers of points, not methods that move a whole cloud".to_owned();
            self.note(&key, problem, "it is left out".to_owned());
        }
    }
}

/// A problem with the parameters that are words; numbers follow.
pub(super) fn head(choice: &Choice) -> String {
    let words = choice.words.iter().map(|(name, word)| {
        let dense: String = word.chars().filter(|c| !c.is_whitespace()).collect();
        format!(";{name}={}", encode(&dense))
    });
    format!("{}{}", choice.id, words.collect::<String>())
}

/// Clouds drawn by hand, and what is drawn of clouds.
pub(super) fn write(experiment: &Experiment, keys: &mut Vec<String>) {
    if let ProblemChoice::Measure(choice) = &experiment.problem {
        for (key, points) in [("cloud", &choice.cloud), ("target", &choice.target)] {
            if let Some(points) = points {
                let numbers: Vec<String> = points.as_flattened().iter().map(|x| number(*x)).collect();
                keys.push(format!("{key}={}", numbers.join(",")));
            }
        }
    }
    let mut layers = experiment.view.clouds;
    if layers != CloudLayers::default() {
        let switches = layers.switches().map(|switch| *switch);
        let names = CloudLayers::NAMES.iter().zip(switches).filter(|(_, on)| *on).map(|(name, _)| *name);
        keys.push(format!("draw={}", names.collect::<Vec<_>>().join(",")));
    }
}
