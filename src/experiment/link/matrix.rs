//! Links to the matrix lab: its problems, and what has no meaning there.

use super::Severity;
use super::read::{Reader, expected};
use crate::experiment::{Cut, Experiment, ProblemChoice, View};
use crate::problems::Noise;
use crate::problems::matrix::{Family, Outline};

impl Reader {
    /// `matrix_sensing;n=40;rank=3`.
    pub(super) fn matrix(&mut self, family: &'static Family, pairs: &[(&str, &str)]) {
        let values = self.knobs(&format!("problem={}", family.id), family.knobs, pairs);
        self.experiment.problem = ProblemChoice::Matrix { id: family.id, parameters: Vec::new() };
        values.iter().for_each(|(knob, value)| self.experiment.problem.set_parameter(knob.id, value));
    }

    /// The plane of a slice.
    pub(super) fn cut(&mut self, text: &str) {
        match Cut::ALL.iter().find(|(_, name)| *name == text) {
            Some((cut, _)) => self.experiment.view.cut = *cut,
            None => self.note("slice", expected(text, "path, truth or random"), "path is used".to_owned()),
        }
    }

    /// The steps between which a rate is read off.
    pub(super) fn fit(&mut self, text: &str) {
        let steps: Option<Vec<usize>> = text.split(',').map(|step| step.trim().parse().ok()).collect();
        match steps.as_deref() {
            Some([from, to]) if from < to => self.experiment.view.fit = Some([*from, *to]),
            _ => {
                let wanted = "two steps, the first below the second, such as fit=100,400";
                self.note("fit", expected(text, wanted), "the later half of each run is used".to_owned());
            }
        }
    }

    /// Says of the keys that are given that they have no meaning here, but for whose problems they have.
    pub(super) fn leave_out(&mut self, keys: &[(&str, bool)], whose: &str) {
        for (key, _) in keys.iter().filter(|(_, given)| *given) {
            self.push(key, format!("is a key for {whose}"), "it is ignored".to_owned(), Severity::Ignored);
        }
    }

    /// Leaves out of a link of the plane how runs of labs are looked at.
    pub(super) fn finish_plane(&mut self) {
        let plain = View::default();
        let view = &mut self.experiment.view;
        let of_labs = [("slice", view.cut != plain.cut), ("fit", view.fit.is_some()), ("axis", view.log_time)];
        (view.cut, view.fit, view.log_time) = (plain.cut, plain.fit, plain.log_time);
        self.leave_out(&of_labs, "problems of a lab");
    }

    /// Checks a problem of the matrix lab, and leaves out what belongs to problems of the plane.
    pub(super) fn finish_matrix(&mut self) {
        let Experiment { view, domain, start, noise, .. } = &self.experiment;
        let of_the_plane = [
            ("domain", domain.is_some()),
            ("start", start.is_some()),
            ("noise", *noise != Noise::None),
            ("view", view.window.is_some()),
            ("basins", view.basins.is_some()),
            ("swarm", view.particles.is_some()),
            ("sweep", view.sweep.is_some()),
            ("starts", view.starts != 1),
            ("engine", view.engine.is_some()),
            ("camera", view.camera.is_some()),
        ];
        self.leave_out(&of_the_plane, "problems of the plane");
        let View { step, by_calls, cut, fit, log_time, hide, lesson, embed, .. } =
            std::mem::take(&mut self.experiment.view);
        self.experiment.view = View { step, by_calls, cut, fit, log_time, hide, lesson, embed, ..View::default() };
        (self.experiment.domain, self.experiment.start, self.experiment.noise) = (None, None, Noise::None);
        let ProblemChoice::Matrix { id, parameters } = &self.experiment.problem else { return };
        if let Err(error) = Outline::new(id, parameters, self.experiment.seed) {
            let instead = format!("{id} is used as it is");
            self.experiment.problem = ProblemChoice::Matrix { id, parameters: Vec::new() };
            self.note("problem", error.to_string(), instead);
        }
    }
}

/// What is shown of a problem with many parameters.
pub(super) fn write(view: &View, keys: &mut Vec<String>) {
    if view.cut != Cut::default() {
        let name = Cut::ALL.iter().find(|(cut, _)| *cut == view.cut).map_or("", |(_, name)| name);
        keys.push(format!("slice={name}"));
    }
    if view.log_time {
        keys.push("axis=log".to_owned());
    }
    if let Some([from, to]) = view.fit {
        keys.push(format!("fit={from},{to}"));
    }
}
