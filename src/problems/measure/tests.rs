use super::*;
use crate::optimizers::flows::ParticleOracle;

fn posed(id: &str) -> MeasureProblem {
    worded(id, &[])
}

fn worded(id: &str, words: &[(&str, &str)]) -> MeasureProblem {
    let mut choice = Choice::new(find(id).expect("listed"));
    words.iter().for_each(|(name, word)| choice.set_word(name, word));
    MeasureProblem::new(&choice, None, None, 1, 100).expect("it can be posed")
}

#[test]
fn every_family_can_be_posed_as_it_opens() {
    for family in FAMILIES {
        let problem = posed(family.id);
        assert_eq!(problem.setting.start.len(), problem.knobs.get("n") as usize, "{}", family.id);
        assert!(problem.setting.start.iter().flatten().all(|x| x.is_finite()), "{}", family.id);
        for (id, knobs) in family.methods {
            let method = crate::experiment::Method::new(id, knobs);
            assert!(method.is_some(), "{}: {id}", family.id);
        }
    }
}

#[test]
fn a_law_on_a_grid_has_its_partition_function_and_its_moments() {
    // exp(-f/T) with f = x^2 + 4 y^2 and T = 2 is normal with variances 1 and 1/4: Z = 2 pi / 2.
    let mut choice = Choice::new(find("measure_potential").expect("listed"));
    choice.set_word("f", "x^2+4*y^2");
    choice.numbers = vec![("temperature".to_owned(), 2.0), ("n".to_owned(), 512.0)];
    let problem = MeasureProblem::new(&choice, None, Some([-6.0, 6.0, -4.0, 4.0]), 1, 100).expect("a formula");
    let log_partition = problem.log_partition.expect("a density");
    // The middle rule is exact here to what lies outside the window.
    assert!((log_partition - std::f64::consts::PI.ln()).abs() < 1e-6, "{log_partition}");
    let law = Gaussian::of_points(problem.setting.samples.as_deref().expect("samples"));
    // Points are spread evenly over the mass along rows only: errors of some percent remain across.
    assert!(law.mean.norm() < 0.1, "{law:?}");
    assert!((law.covariance.m11 - 1.0).abs() < 0.15 && (law.covariance.m22 - 0.25).abs() < 0.02, "{law:?}");
}

#[test]
fn the_gradient_of_every_energy_agrees_with_differences() {
    let composed = worded("measure_interaction", &[("w", "exp(-r)"), ("on", "double_well")]);
    let ids = ["measure_gaussian", "measure_mixture", "measure_potential", "measure_interaction", "measure_network"];
    for problem in ids.map(posed).into_iter().chain([composed]) {
        let id = problem.family.id;
        let problem = Arc::new(problem);
        let mut oracle = MeasureOracle::new(problem.clone(), Box::new(Direct), 1, 0);
        let cloud: Vec<Point> = problem.setting.start[..6].to_vec();
        let (_, gradient) = oracle.energy_and_gradient(&cloud);
        let h = 1e-6;
        for (i, k) in [(0, 0), (3, 1)] {
            let mut at = |d: f64| {
                let mut moved = cloud.clone();
                moved[i][k] += d;
                oracle.energy_and_gradient(&moved).0
            };
            let slope = cloud.len() as f64 * (at(h) - at(-h)) / (2.0 * h);
            assert!((slope - gradient[i][k]).abs() < 1e-6 * (1.0 + slope.abs()), "{id}: {slope} {}", gradient[i][k]);
        }
    }
}

#[test]
fn particles_outside_the_domain_of_a_potential_are_reported_and_have_no_gradient() {
    let mut choice = Choice::new(find("measure_potential").expect("listed"));
    choice.set_word("f", "ln(x)^2+y^2");
    let problem = Arc::new(MeasureProblem::new(&choice, None, None, 1, 100).expect("a formula"));
    let mut oracle = MeasureOracle::new(problem, Box::new(Direct), 1, 0);
    assert_eq!(oracle.potential_gradient(&[[-1.0, 1.0]]), [[0.0; 2]]);
    assert_eq!(oracle.notices.len(), 1);
}

#[test]
fn what_cannot_be_used_is_told() {
    let told = |id: &str, name: &str, word: &str| {
        let mut choice = Choice::new(find(id).expect("listed"));
        choice.set_word(name, word);
        MeasureProblem::new(&choice, None, None, 1, 100).expect_err(word).to_string()
    };
    assert!(told("measure_clouds", "to", "elephant").contains("no shape called elephant"));
    assert!(told("measure_interaction", "w", "r^^2").contains('^'));
    assert!(told("measure_potential", "on", "nowhere").contains("nowhere"));
    assert!(told("measure_potential", "f", "x+").len() > 3);
}
