//! The page computes what the command line computes, to the last bit of every number.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use thalweg::experiment::{Link, run};
use thalweg::{landscapes, optimizers};
use xtask::chrome::{Page, View};

use crate::browser;

/// What the module's `run` gave for one optimizer: every double as the sixteen hexadecimal digits of its bits.
#[derive(Deserialize)]
struct Seen {
    points: String,
    values: String,
    gradient_norms: String,
    steps: String,
    outcome: Value,
    calls: Value,
}

/// A page of somebody else, with the module as `thalweg`.
fn with_module() -> Result<Page<'static>> {
    let mut page = browser::blank(&View::DESKTOP)?;
    page.goto(&format!("{}{}", browser::site()?.address, browser::HOST))?;
    page.eval::<bool>(
        "import('./thalweg.js').then(async module => {
            await module.default();
            window.thalweg = module;
            window.bits = numbers => {
                if (!(numbers instanceof Float64Array)) throw new Error(`not a Float64Array: ${numbers}`);
                return Array.from(new BigUint64Array(numbers.slice().buffer), b => b.toString(16).padStart(16, '0')).join('');
            };
            return true;
        })",
    )?;
    Ok(page)
}

/// Bits of doubles, all NaN alike: their sign and payload are no numbers, and no engine promises any.
fn bits(numbers: impl IntoIterator<Item = f64>) -> String {
    let word = |x: f64| if x.is_nan() { f64::NAN.to_bits() } else { x.to_bits() };
    numbers.into_iter().map(|x| format!("{:016x}", word(x))).collect()
}

fn canonical(hex: &str) -> Result<String> {
    let words = hex.as_bytes().chunks(16).map(|word| {
        let bits = u64::from_str_radix(std::str::from_utf8(word)?, 16)?;
        Ok(f64::from_bits(bits))
    });
    Ok(bits(words.collect::<Result<Vec<f64>>>()?))
}

/// Runs a link here and there and compares everything.
fn same(page: &mut Page<'_>, link: &str) -> Result<()> {
    let seen: Vec<Seen> = page
        .eval(&format!(
            "thalweg.run({}).runs.map(({{ points, values, gradient_norms, steps, outcome, calls }}) => ({{
                points: bits(points), values: bits(values), gradient_norms: bits(gradient_norms), steps: bits(steps),
                outcome, calls,
            }}))",
            json!(link)
        ))
        .with_context(|| link.to_owned())?;
    let experiment = Link::parse(link).experiment;
    let done = run(&experiment)?;
    ensure!(seen.len() == done.traces.len(), "{link}: {} runs", seen.len());
    for ((seen, trace), method) in seen.iter().zip(&done.traces).zip(&experiment.methods) {
        let name = format!("{link}: {}", method.title());
        ensure!(canonical(&seen.points)? == bits(trace.points.iter().flatten().copied()), "{name}: the points differ");
        ensure!(canonical(&seen.values)? == bits(trace.values.iter().copied()), "{name}: the values differ");
        let norms = bits(trace.gradient_norms.iter().copied());
        ensure!(canonical(&seen.gradient_norms)? == norms, "{name}: the gradient norms differ");
        ensure!(seen.steps == bits((0..=trace.last()).map(|step| step as f64)), "{name}: the steps differ");
        let (outcome, calls) =
            (serde_json::to_value(&trace.outcome)?, serde_json::to_value(trace.calls[trace.last()])?);
        ensure!(plain(&seen.outcome) == plain(&outcome), "{name}: {} and {outcome}", seen.outcome);
        ensure!(plain(&seen.calls) == plain(&calls), "{name}: {} and {calls}", seen.calls);
    }
    Ok(())
}

/// JSON with every number to fifteen digits, whatever its kind: JavaScript has doubles only, and the reader of these
/// tests may miss a double by its last bit. The lists above, which come as bits, are exact.
fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64().map(|x| format!("{x:.14e}"))),
        Value::Array(all) => all.iter().map(plain).collect(),
        Value::Object(all) => all.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
        other => other.clone(),
    }
}

#[test]
fn browser_and_command_line_agree_to_the_last_bit() -> Result<()> {
    let mut page = with_module()?;
    for link in [
        "",
        "problem=rosenbrock&start=-1.2,1&steps=500&opt=adam;lr=0.02&noise=gaussian;sigma=0.5&seed=11",
        "problem=himmelblau&start=-1,-1&steps=100&opt=bfgs&opt=lbfgs&opt=newton&opt=gd_armijo",
        "problem=rosenbrock&start=0.3,2.1&steps=300&opt=nelder_mead",
        "problem=formula;f=sin(3*x)*exp(-x*y)%2Bln(2%2Bx^2)%2Btanh(y-x)%2Bcos(x)^2%2Bsqrt(1%2By^2)&start=0.7,-0.4&steps=300\
         &opt=adam;lr=0.05&opt=rmsprop;lr=0.01&opt=bfgs&opt=nelder_mead",
        "problem=formula;f=atan2(y,x)%2Bhypot(x,y)^1.5%2Babs(x)^0.7%2Bmax(x,y)%2Bmin(x*y,1)&start=0.9,0.2&steps=200&opt=sgd;lr=0.01",
        "problem=ackley&start=2.3,-1.7&steps=400&opt=lion;lr=0.02&opt=adamax;lr=0.1&opt=adabelief;lr=0.1",
        "problem=rastrigin&start=1.3,-0.8&steps=200&opt=heavy_ball;lr=0.002;momentum=0.9&opt=nesterov;lr=0.002;momentum=0.9",
        "problem=reddi_online&noise=own&steps=500&opt=adam;lr=0.3&opt=amsgrad;lr=0.3&seed=3",
        "problem=ellipse;kappa=123.456&steps=200&opt=adam;lr=0.1~lookahead;k=5~clip;max_norm=0.5~average~l2;weight_decay=0.01",
        // Runs that fail: far too large a step, and a start outside the domain of the formula.
        "problem=rosenbrock&steps=100&opt=sgd;lr=1&opt=newton",
        "problem=formula;f=ln(x)%2By^2&start=0.5,1&steps=60&opt=sgd;lr=0.4&opt=adam;lr=0.4",
        "problem=formula;f=ln(x)%2By^2&start=-1,1&steps=60&opt=sgd;lr=0.4&opt=bfgs",
    ] {
        same(&mut page, link)?;
    }
    page.assert_console_silent()
}

#[test]
fn every_landscape_has_the_same_numbers_in_the_browser() -> Result<()> {
    let mut page = with_module()?;
    for row in landscapes::offered() {
        same(&mut page, &format!("problem={}&steps=40&opt=adam;lr=0.05&opt=newton&noise=gaussian;sigma=0.01", row.id))?;
    }
    page.assert_console_silent()
}

#[test]
fn every_optimizer_has_the_same_numbers_in_the_browser() -> Result<()> {
    let mut page = with_module()?;
    // The page of the plane does without the methods of matrices.
    let of_labs =
        |entry: &&optimizers::Entry| matches!(entry.family, optimizers::Family::Matrix | optimizers::Family::Flow);
    for entry in optimizers::REGISTRY.iter().filter(|entry| !of_labs(entry)) {
        same(&mut page, &format!("problem=himmelblau&start=-2.5,0.4&steps=150&opt={}", entry.id))?;
        for wrapper in optimizers::wrappers::WRAPPERS {
            same(&mut page, &format!("problem=rosenbrock&steps=60&opt={}~{}", entry.id, wrapper.id))?;
        }
    }
    page.assert_console_silent()
}

#[test]
fn the_modules_run_throws_what_is_wrong_with_a_link() -> Result<()> {
    let mut page = with_module()?;
    for (link, word) in
        [("opt=adan", "adam"), ("problem=formula;f=2x", "2*x"), ("steps=many", "steps"), ("start=1", "start")]
    {
        let told: String = page.eval(&format!(
            "(() => {{ try {{ thalweg.run({}); return 'nothing was thrown'; }} catch (error) {{
                return error instanceof Error ? error.message : `not an Error: ${{error}}`; }} }})()",
            json!(link)
        ))?;
        ensure!(told.contains(word) && told != "nothing was thrown", "{link}: {told}");
    }
    page.assert_console_silent()
}
