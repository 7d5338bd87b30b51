//! What problems and methods of the measure lab must do together.

mod free_energy;

use thalweg::experiment::measure::{MeasureOutcome, MeasureRun, refusal, run_measure};
use thalweg::experiment::{Experiment, Link};
use thalweg::measures::Gaussian;
use thalweg::optimizers::REGISTRY;
use thalweg::problems::measure::FAMILIES;

fn clean(link: &str) -> Experiment {
    let Link { experiment, notes } = Link::parse(link);
    assert!(notes.is_empty(), "{link}: {notes:?}");
    experiment
}

fn run(link: &str) -> MeasureRun {
    run_measure(&clean(link)).unwrap_or_else(|error| panic!("{link}: {error}"))
}

/// Every family opens with methods that run, from its shortest link, and the link of what it opens with is that link again.
#[test]
fn every_problem_opens_with_something_to_see() {
    for family in FAMILIES {
        let link = format!("problem={}", family.id);
        let experiment = clean(&link);
        assert_eq!(Link::write(&experiment), link);
        assert!(!experiment.methods.is_empty() && experiment.steps == family.steps, "{link}");
        let problem = experiment.pose_measure().expect("as it opens");
        for method in &experiment.methods {
            assert_eq!(refusal(method.entry(), &problem), None, "{link}");
        }
    }
}

#[test]
fn links_come_back_as_they_were() {
    for link in [
        "problem=measure_clouds;from=moons;to=heart;n=100;size=1.5&cloud=0,1,0.5,-0.25&target=1,1,2,2&opt=sinkhorn_flow;lr=0.2",
        "problem=measure_potential;f=x%5E4-x%5E2%2By%5E2;temperature=0.5&domain=-2,2,-2,2&start=1,0.5&opt=langevin&seed=3&steps=50",
        "problem=measure_interaction;w=r%5E2/2-ln(r);softening=0.1&step=20&draw=density,trails&opt=adam~clip",
        "problem=measure_interaction;w=ln(r);on=double_well;softening=0.1&opt=blob;temperature=0.1",
        "problem=measure_interaction;f=x%5E2&opt=langevin;temperature=0.1",
        "problem=measure_mixture;modes=6;skew=2&hide=table&axis=calls&engine=kernel&opt=svgd;bandwidth=0.5&run=4",
    ] {
        let experiment = clean(link);
        let written = Link::write(&experiment);
        assert_eq!(clean(&written), experiment, "{link}\n{written}");
    }
}

#[test]
fn what_a_link_has_wrong_is_told_and_replaced() {
    for (link, key) in [
        ("problem=measure_clouds;to=elephant", "problem"),
        ("problem=measure_interaction;w=r^^2", "problem"),
        ("problem=measure_potential;on=nowhere", "problem"),
        ("problem=measure_potential;on=", "problem"),
        ("problem=measure_interaction;on=nowhere", "problem"),
        ("problem=measure_clouds&target=", "target"),
        ("problem=measure_clouds&cloud=1,2,3", "cloud"),
        ("problem=measure_clouds&draw=everything", "draw"),
        ("problem=measure_mixture;n=0", "problem=measure_mixture;n"),
        ("problem=rosenbrock&opt=svgd", "opt=svgd"),
        ("problem=matrix_identity&opt=cbo&opt=sgd", "opt=cbo"),
        ("problem=rosenbrock&cloud=1,2", "cloud"),
        ("problem=rosenbrock&fit=1,2", "fit"),
        ("problem=rosenbrock&slice=truth", "slice"),
        ("problem=rosenbrock&axis=log", "axis"),
        ("problem=measure_mixture&basins=1", "basins"),
        ("problem=measure_mixture&opt=svgd~clip", "opt=svgd~clip"),
    ] {
        let Link { experiment, notes } = Link::parse(link);
        assert!(notes.iter().any(|note| note.key == key), "{link}: {notes:?}");
        // What is used instead can be run.
        if experiment.pose_measure().is_ok() {
            assert!(run_measure(&Experiment { steps: 2, ..experiment }).is_ok(), "{link}");
        }
    }
}

/// Everything that is measured of a cloud is a number, or NaN where there is nothing to compare with; particles are finite.
fn check(link: &str, run: &MeasureRun) {
    for trace in &run.traces {
        for row in &trace.rows {
            assert!(row.cloud.iter().flatten().all(|x| x.is_finite()), "{link}: step {}", row.step);
            assert!(row.mean.iter().chain(&row.covariance).all(|x| x.is_finite()), "{link}: step {}", row.step);
            assert!(!row.w2.is_infinite() && !row.distance.is_infinite(), "{link}: step {}", row.step);
        }
    }
}

/// One particle, all particles on one point, few particles, one point that is sought, particles far outside: nothing becomes a
/// number that is none.
#[test]
fn every_method_bears_every_cloud_on_every_problem_that_suits_it() {
    let mut tried = 0;
    for family in FAMILIES {
        for (cloud, more) in
            [(";n=1", ""), (";n=5", ""), ("", "&cloud=0.5,0.5,0.5,0.5,0.5,0.5"), (";n=7", "&start=900,-900")]
        {
            let head = format!("problem={}{cloud}{more}&steps=6&opt=", family.id);
            for entry in REGISTRY {
                let link = format!("{head}{}", entry.id);
                let experiment = clean(&link);
                let problem = experiment.pose_measure().expect("as it opens");
                if refusal(entry, &problem).is_some() {
                    assert!(run_measure(&experiment).is_err(), "{link}");
                    continue;
                }
                check(&link, &run_measure(&experiment).unwrap_or_else(|error| panic!("{link}: {error}")));
                tried += 1;
            }
        }
    }
    assert!(tried > 200, "{tried}");
    for link in [
        "problem=measure_clouds;n=6&target=1,1&steps=5&opt=sliced_flow&opt=sinkhorn_flow&opt=mmd_flow&opt=sinkhorn&opt=mirror_sinkhorn",
        "problem=measure_clouds;n=30&steps=5&opt=sinkhorn;eps=1e-4&opt=sinkhorn_flow;eps=1e-4",
        "problem=measure_interaction;w=1/r;n=9&cloud=0,0,0,0,1,0&steps=20&opt=sgd;lr=0.1",
        "problem=measure_interaction;w=ln(r);n=40&steps=100&opt=sgd;lr=0.2",
        "problem=measure_potential;f=1/(x-x);n=9&steps=5&opt=langevin&opt=svgd&opt=cbo",
        "problem=measure_potential;f=ln(x);n=9&steps=5&opt=langevin&opt=svgd&opt=cbo&opt=blob",
        "problem=measure_potential;f=1/(x-x);n=9&steps=5&opt=sgvb&opt=path_gradient&opt=score_function&opt=iwae&opt=measure_valued",
        "problem=measure_potential;f=ln(x);n=9&steps=5&opt=sgvb&opt=path_gradient;guide=4&opt=score_function&opt=iwae;guide=3&opt=measure_valued",
        "problem=measure_mixture;n=9&steps=30&opt=sgvb;guide=3;lr=1000;adam=0&opt=path_gradient;guide=3;lr=1000&opt=measure_valued;lr=1000",
        "problem=measure_mixture;n=9&steps=30&opt=iwae;guide=4;lr=1000;inner=64;adam=0&opt=score_function;guide=4;lr=1000&opt=sgvb;guide=1;lr=0",
        "problem=measure_mixture;n=9&target=1,1&steps=5&opt=denoiser;lr=1000;updates=5&opt=score_network;lr=1000&opt=score_network;kernel=1;lr=1000",
        "problem=measure_mixture;n=9;radius=100;width=0.001&steps=5&opt=denoiser&opt=score_network&opt=score_network;kernel=1",
        "problem=measure_mixture&cloud=1,1,1,1,2,1&steps=30&opt=sgvb;guide=1&opt=iwae;guide=4;samples=64;draws=1&opt=path_gradient;guide=3",
    ] {
        check(link, &run(link));
    }
}

/// Langevin dynamics under a quadratic potential: mean and covariance are those of the Ornstein-Uhlenbeck process at ten times.
///
/// With n particles the mean has the standard error sqrt(S/n) and a variance sqrt(2/n) S; four of them are allowed at each
/// time, and half a step's length of discretisation: lr times the larger curvature, relative.
#[test]
fn langevin_particles_have_the_moments_of_the_closed_form() {
    let n = 4000;
    let run = run(&format!("problem=measure_gaussian;n={n}&opt=langevin;lr=0.002&steps=600&seed=5"));
    let exact = run.problem.exact.as_ref().expect("a normal law");
    let root = (n as f64).sqrt();
    for k in 1..=10 {
        let row = run.traces[0].row_at(60.0 * f64::from(k)).expect("recorded");
        let law = exact.at(row.time);
        for i in 0..2 {
            let variance = law.covariance[(i, i)];
            let allowed = 4.0 * variance.sqrt() / root + 0.004 * law.mean[i].abs() + 0.01;
            assert!((row.mean[i] - law.mean[i]).abs() < allowed, "t = {}: {:?} {:?}", row.time, row.mean, law.mean);
            let own = row.covariance[2 * i];
            let allowed = variance * (4.0 * 2.0_f64.sqrt() / root + 0.02);
            assert!((own - variance).abs() < allowed, "t = {}: {own} {variance}", row.time);
        }
    }
}

/// The blob method without noise: the same, but for the width of its kernel, which makes the law a little narrower.
#[test]
fn particles_without_noise_follow_the_closed_form() {
    let run = run("problem=measure_gaussian;n=300&opt=blob;lr=0.01&steps=300&seed=2");
    let exact = run.problem.exact.as_ref().expect("a normal law");
    // The start's own mean is off the law's by its Monte Carlo error, and follows the same flow.
    for k in 1..=10 {
        let row = run.traces[0].row_at(30.0 * f64::from(k)).expect("recorded");
        let law = exact.at(row.time);
        assert!((row.mean[0] - law.mean.x).abs() < 0.08 && (row.mean[1] - law.mean.y).abs() < 0.08, "t = {}", row.time);
        let ratio = (row.covariance[0] + row.covariance[2]) / law.covariance.trace();
        assert!((0.75..1.15).contains(&ratio), "t = {}: {ratio}", row.time);
    }
}

/// The energies of the schemes without noise never rise: over potentials, interactions and seeds.
#[test]
fn energies_fall_at_every_step() {
    let mut steps = 0;
    for seed in 1..=4 {
        for link in [
            "problem=measure_gaussian;n=60;kappa=3&opt=blob;lr=0.01&opt=jko;lr=0.05&opt=sgd;lr=0.05",
            "problem=measure_mixture;n=60&opt=blob;lr=0.005&opt=sgd;lr=0.01",
            "problem=measure_potential;on=double_well;n=60;temperature=1&opt=blob;lr=0.002&opt=sgd;lr=0.01",
            "problem=measure_potential;on=himmelblau;n=60;temperature=20&opt=blob;lr=0.005&opt=sgd;lr=0.02",
            "problem=measure_interaction;n=60&opt=sgd;lr=0.05",
            "problem=measure_interaction;n=60;w=r%5E2/2-ln(r);softening=0.2&opt=sgd;lr=0.02",
            "problem=measure_interaction;n=60&opt=blob;temperature=0.05;lr=0.01",
            "problem=measure_interaction;n=60;w=ln(r);softening=0.2&opt=blob;temperature=0.1;lr=0.01",
            "problem=measure_interaction;n=60;w=exp(-r);on=double_well&opt=blob;temperature=0.3;lr=0.005&opt=sgd;lr=0.01",
            "problem=measure_network;n=60&opt=sgd;lr=0.02",
            "problem=measure_clouds;n=60;from=moons;to=heart&opt=sinkhorn_flow;lr=0.1&opt=mmd_flow;lr=0.1",
        ] {
            let link = format!("{link}&steps=40&seed={seed}");
            let run = run(&link);
            for (place, trace) in run.traces.iter().enumerate() {
                let energies: Vec<f64> = trace.rows.iter().map(|row| row.energy).collect();
                let span = energies[0] - energies[energies.len() - 1];
                assert!(span > 0.0, "{link}, method {place}: {energies:?}");
                for pair in energies.windows(2) {
                    // Inner iterations of JKO and of the Sinkhorn divergence end at a tolerance.
                    assert!(pair[1] <= pair[0] + 1e-5 * span, "{link}, method {place}: {pair:?} of {span}");
                    steps += 1;
                }
            }
        }
    }
    assert!(steps > 1000, "{steps}");
}

/// Consensus: gathered; sampling: reached; a step size that is far too long: diverged.
#[test]
fn verdicts_say_what_happened() {
    let outcome = |link: &str| run(link).traces[0].outcome.clone();
    assert!(matches!(
        outcome("problem=measure_mixture;n=200&opt=langevin;lr=0.02&steps=300"),
        MeasureOutcome::Reached { distance, level } if distance <= 1.5 * level
    ));
    let gathered = outcome("problem=measure_potential;on=sphere;temperature=1;n=50&opt=sgd;lr=0.2&steps=100");
    assert!(matches!(gathered, MeasureOutcome::Gathered { .. }), "{gathered:?}");
    let diverged = outcome("problem=measure_gaussian;n=50&opt=sgd;lr=30&steps=50");
    assert!(matches!(diverged, MeasureOutcome::Diverged { .. }), "{diverged:?}");
}

/// Two runs of one experiment are the same to the last bit, and another seed is another run.
#[test]
fn a_run_is_a_function_of_its_link() {
    let last = |seed: u32| {
        let link = format!("problem=measure_mixture;n=40&opt=langevin&opt=svgd&opt=cbo&steps=20&seed={seed}");
        run(&link).traces.iter().map(|trace| trace.rows.last().map(|row| row.cloud.clone())).collect::<Vec<_>>()
    };
    assert_eq!(last(1), last(1));
    assert_ne!(last(1), last(2));
}

#[test]
fn a_cloud_is_a_law() {
    let law = Gaussian::of_points(&[[0.0, 0.0], [2.0, 0.0]]);
    assert_eq!((law.mean.x, law.covariance.m11, law.covariance.m22), (1.0, 1.0, 0.0));
}
