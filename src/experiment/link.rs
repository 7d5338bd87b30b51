//! The experiment as the query of an address, both ways.
//!
//! ```text
//! problem=rosenbrock;b=100&start=-1.2,1&steps=500&opt=adam;lr=0.05&opt=sgd;lr=0.001~lookahead;k=5
//! ```
//! Keys are separated by `&`, a key's own settings by `;`, wrappers follow `~`. What has its default value is left out.
//! A link is untrusted: sizes are bounded, nothing in it can make reading fail, and everything that is not used as
//! written is reported in a [`Note`] with its key, what was expected, and what is used instead.

mod many;
#[cfg(labs)]
mod matrix;
#[cfg(labs)]
mod measure;
mod read;
mod text;
mod write;

pub use text::{decode, encode, number};

use super::Experiment;

/// A link that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// What the link asks for, with defaults where it could not be followed.
    pub experiment: Experiment,
    /// What was not used as written.
    pub notes: Vec<Note>,
}

/// Something in a link that was not used as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The key it is about, such as `start` or `opt=adam;lr`.
    pub key: String,
    /// What was found and what was expected.
    pub problem: String,
    /// What is used instead.
    pub instead: String,
    /// How serious it is.
    pub severity: Severity,
    /// A formula that did not parse, so that it can be shown and mended.
    pub formula: Option<String>,
}

/// How serious a [`Note`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Everything is used as written, but it may not be what was meant.
    Remark,
    /// A key that is not known was ignored.
    Ignored,
    /// Something else is used than what was written.
    Replaced,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}; {}", self.key, self.problem, self.instead)
    }
}

impl Link {
    /// Reads a whole address, its query, or its fragment. Never fails: what cannot be used is noted.
    pub fn parse(link: &str) -> Self {
        read::read(link)
    }

    /// The query that [`Link::parse`] reads back as the same experiment. Empty for the default experiment.
    pub fn write(experiment: &Experiment) -> String {
        write::write(experiment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Method, Panel};
    use crate::problems::Noise;

    fn clean(link: &str) -> Experiment {
        let link = Link::parse(link);
        assert!(link.notes.is_empty(), "{:?}", link.notes);
        link.experiment
    }

    fn only_note(link: &str) -> Note {
        let mut link = Link::parse(link);
        assert_eq!(link.notes.len(), 1, "{:?}", link.notes);
        link.notes.remove(0)
    }

    #[test]
    fn the_default_experiment_is_the_empty_link() {
        assert_eq!(Link::write(&Experiment::default()), "");
        assert_eq!(clean(""), Experiment::default());
        assert_eq!(clean("https://example.org/thalweg/"), Experiment::default());
    }

    #[test]
    fn links_of_the_design_round_trip() {
        for link in [
            "problem=rosenbrock;b=50&start=-1.2,1.5&steps=500&opt=adam;lr=0.05&opt=sgd;lr=0.002;momentum=0.9",
            "problem=formula;f=(1-x)^2%2B100*(y-x^2)^2&domain=-2,2,-1,3&opt=newton&opt=adam;lr=0.1~lookahead;k=7",
            "problem=himmelblau&noise=gaussian;sigma=0.5&seed=7&run=3&hide=problem,noise&opt=lion",
            "problem=formula;f=a*x^2%2By^2;a=3&opt=none",
            "problem=reddi_online&noise=own&opt=adam;lr=0.3&tol=0.001",
            "opt=sgd&opt=adam&basins=2&swarm=1&sweep=2;x=beta1;y=beta2;show=steps&starts=64&engine=kernel",
            "opt=sgd&ensemble=1&sweep=1&engine=gpu",
            "opt=adam;lr=0.1;show=0&view=-1,1,-1,1&step=17&axis=calls&basins=1&camera=-28.5,42&lesson=step_size;page=2&embed=1",
        ] {
            let experiment = clean(link);
            let written = Link::write(&experiment);
            assert_eq!(clean(&written), experiment, "{written}");
            assert_eq!(written, link);
        }
    }

    #[test]
    fn whole_addresses_and_fragments_are_read() {
        let expected = clean("problem=himmelblau");
        for link in [
            "?problem=himmelblau",
            "#problem=himmelblau",
            "https://example.org/a/?problem=himmelblau",
            "https://example.org/a/#problem=himmelblau",
        ] {
            assert_eq!(clean(link), expected, "{link}");
        }
    }

    #[test]
    fn values_arrive_where_they_belong() {
        let experiment = clean("problem=ellipse;kappa=7&start=1,2&opt=adam;lr=0.5&noise=gaussian;sigma=2&hide=strip");
        assert_eq!(experiment.problem.parameters(), &[("kappa".to_owned(), 7.0)]);
        assert_eq!(experiment.start, Some([1.0, 2.0]));
        assert_eq!(experiment.methods, vec![Method::new("adam", &[("lr", 0.5)]).expect("registered")]);
        assert_eq!(experiment.noise, Noise::Gaussian { sigma: 2.0 });
        assert!(experiment.view.hide.contains(&Panel::Strip));
    }

    #[test]
    fn every_mistake_names_its_key_and_what_is_used_instead() {
        for (link, key) in [
            ("problem=rosenbrok", "problem"),
            ("problem=rosenbrock;bb=2", "problem=rosenbrock;bb"),
            ("problem=rosenbrock;b=two", "problem=rosenbrock;b"),
            ("problem=formula;f=sinn(x)", "problem=formula;f"),
            ("problem=formula", "problem=formula;f"),
            ("start=1", "start"),
            ("start=a,b", "start"),
            ("start=NaN,1", "start"),
            ("start=9,9", "start"),
            ("domain=2,1,0,1", "domain"),
            ("domain=0,1", "domain"),
            ("steps=many", "steps"),
            ("steps=1000000", "steps"),
            ("opt=adan", "opt"),
            ("opt=adam;lr=-1", "opt=adam;lr"),
            ("opt=adam;lr=1e9", "opt=adam;lr"),
            ("opt=adam;learning_rate=1", "opt=adam;learning_rate"),
            ("opt=adam~lookahed", "opt=adam~lookahed"),
            ("noise=loud", "noise"),
            ("noise=gaussian;sigma=-1", "noise=gaussian;sigma"),
            ("noise=own", "noise"),
            ("seed=x", "seed"),
            ("run=-1", "run"),
            ("tol=0", "tol"),
            ("hide=everything", "hide"),
            ("axis=time", "axis"),
            ("step=-1", "step"),
            ("basins=0", "basins"),
            ("swarm=x", "swarm"),
            ("ensemble=17", "ensemble"),
            ("sweep=9", "sweep"),
            ("sweep=1;x=lrr", "sweep;x"),
            ("sweep=1;show=all", "sweep;show"),
            ("sweep=1;z=lr", "sweep;z"),
            ("starts=0", "starts"),
            ("engine=steam", "engine"),
            ("view=1,2", "view"),
            ("camera=40", "camera"),
            ("camera=0,0", "camera"),
            ("camera=270,30", "camera"),
            ("camera=north,30", "camera"),
            ("colour=red", "colour"),
            ("v=2", "v"),
            ("problem=%ff", "problem"),
        ] {
            let note = only_note(link);
            assert_eq!(note.key, key, "{link}: {note}");
            assert!(!note.problem.is_empty() && !note.instead.is_empty());
        }
    }

    #[test]
    fn misspelt_names_get_a_suggestion() {
        assert!(only_note("problem=rosenbrok").problem.contains("rosenbrock"));
        assert!(only_note("opt=adm").problem.contains("adam"));
        assert!(only_note("opt=adam;beta_1=0.5").problem.contains("beta1"));
    }

    #[test]
    fn a_formula_that_does_not_parse_is_kept_for_mending() {
        assert_eq!(only_note("problem=formula;f=2x").formula.as_deref(), Some("2x"));
    }

    #[test]
    fn knobs_out_of_range_are_set_to_the_bound() {
        let link = Link::parse("opt=adam;beta1=1.5");
        assert_eq!(link.notes.len(), 1);
        assert_eq!(link.experiment.methods[0].base.knobs.get("beta1"), 0.999_999);
    }

    #[test]
    fn a_huge_link_is_refused_whole() {
        let note = only_note(&format!("problem=formula;f={}", "x+".repeat(50_000)));
        assert!(note.problem.contains("16,384"), "{note}");
    }

    #[test]
    fn too_many_optimizers_are_cut() {
        let link = Link::parse(&["opt=adam"; 40].join("&"));
        assert_eq!(link.experiment.methods.len(), 16);
        assert_eq!(link.notes.len(), 1);
    }

    #[test]
    fn total_work_is_bounded() {
        let link = Link::parse(&format!("steps=100000&{}", ["opt=adam"; 10].join("&")));
        assert_eq!(link.experiment.steps, 40_000);
        assert_eq!(link.notes.len(), 1);
    }
}
