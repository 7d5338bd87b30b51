//! The keys about many runs at once: `sweep`, `swarm`, `ensemble`, `starts` and the places of optimizers.

use super::read::{Reader, Settings, did_you_mean, expected, settings};
use super::{Severity, encode};
use crate::experiment::{Engine, Experiment, MOST_STARTS, Method, ParticleKind, Particles, Sweep, limits};
use crate::suggest::closest;

impl Reader {
    /// The place of an optimizer, counted from 1 in links.
    pub(super) fn place(&mut self, key: &str, text: &str) -> Option<usize> {
        match text.parse::<usize>() {
            Ok(place @ 1..=limits::OPTIMIZERS) => Some(place - 1),
            _ => {
                let wanted = format!("the place of an optimizer, from 1 to {}", limits::OPTIMIZERS);
                self.note(key, expected(text, &wanted), "the map shows heights".to_owned());
                None
            }
        }
    }

    pub(super) fn particles(&mut self, key: &str, text: &str) {
        let kind = if key == "swarm" { ParticleKind::Swarm } else { ParticleKind::Ensemble };
        if let Some(method) = self.place(key, text) {
            self.experiment.view.particles = Some(Particles { method, kind });
        }
    }

    pub(super) fn starts(&mut self, text: &str) {
        match text.parse() {
            Ok(starts @ 1..=MOST_STARTS) => self.experiment.view.starts = starts,
            _ => {
                let wanted = format!("a whole number from 1 to {MOST_STARTS}");
                self.note("starts", expected(text, &wanted), "the strip tries the one start".to_owned());
            }
        }
    }

    /// `1;x=lr;y=momentum;show=steps`, once the optimizers are known.
    pub(super) fn sweep(&mut self, value: &str) {
        let Settings { head, pairs } = settings(value);
        let Some(place) = self.place("sweep", head) else { return };
        let Some(method) = self.experiment.methods.get(place).cloned() else {
            let problem = format!("there is no optimizer at place {}", place + 1);
            return self.note("sweep", problem, "no map over knobs is shown".to_owned());
        };
        let Some(mut sweep) = Sweep::of(place, &method) else {
            let problem = format!("{} has fewer than two knobs", method.title());
            return self.note("sweep", problem, "no map over knobs is shown".to_owned());
        };
        let ids: Vec<&str> = method.knobs().map(|(knob, _)| knob.id).collect();
        for (key, text) in pairs {
            let own = format!("sweep;{key}");
            match (key, ids.iter().position(|id| *id == text)) {
                ("x", Some(knob)) => sweep.put(0, knob),
                ("y", Some(knob)) => sweep.put(1, knob),
                ("x" | "y", None) => {
                    let hint = did_you_mean(closest(text, ids.iter().copied()));
                    let used = ids[sweep.knobs[usize::from(key == "y")]];
                    self.note(&own, expected(text, "a knob of the optimizer") + &hint, format!("{used} is used"));
                }
                ("show", _) if text == "steps" => sweep.by_steps = true,
                ("show", _) if text == "loss" => {}
                ("show", _) => self.note(&own, expected(text, "loss or steps"), "loss is used".to_owned()),
                _ => {
                    let problem = "is not known, x, y and show are".to_owned();
                    self.push(&own, problem, "it is ignored".to_owned(), Severity::Ignored);
                }
            }
        }
        self.experiment.view.sweep = Some(sweep);
    }
}

impl Sweep {
    /// Over the first two knobs of a method that has two, the step size and a momentum mostly.
    pub fn of(method: usize, of: &Method) -> Option<Self> {
        (of.knobs().count() > 1).then_some(Self { method, knobs: [0, 1], by_steps: false })
    }

    /// Puts a knob on an axis; the other axis takes what was there, if it had the same.
    pub fn put(&mut self, axis: usize, knob: usize) {
        if self.knobs[1 - axis] == knob {
            self.knobs[1 - axis] = self.knobs[axis];
        }
        self.knobs[axis] = knob;
    }
}

/// The keys about many runs that differ from their defaults.
pub(super) fn write(experiment: &Experiment, keys: &mut Vec<String>) {
    let view = &experiment.view;
    if let Some(method) = view.basins {
        keys.push(format!("basins={}", method + 1));
    }
    if let Some(Particles { method, kind }) = view.particles {
        let key = if kind == ParticleKind::Swarm { "swarm" } else { "ensemble" };
        keys.push(format!("{key}={}", method + 1));
    }
    if let Some(sweep) = view.sweep
        && let Some(method) = experiment.methods.get(sweep.method)
    {
        let mut text = format!("sweep={}", sweep.method + 1);
        let ids: Vec<&str> = method.knobs().map(|(knob, _)| knob.id).collect();
        if sweep.knobs != [0, 1] {
            for (key, knob) in ["x", "y"].into_iter().zip(sweep.knobs) {
                text += &format!(";{key}={}", encode(ids.get(knob).unwrap_or(&"")));
            }
        }
        if sweep.by_steps {
            text += ";show=steps";
        }
        keys.push(text);
    }
    if view.starts != 1 {
        keys.push(format!("starts={}", view.starts));
    }
    if let Some((_, name)) = Engine::ALL.iter().find(|(engine, _)| view.engine == Some(*engine)) {
        keys.push(format!("engine={name}"));
    }
}
