//! The command line as somebody at a terminal or in a script meets it: the built program, its output, its exit status.

use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use thalweg::experiment::{Experiment, Link, Trace, limits, run};
use thalweg::landscapes;
use thalweg::optimizers::{REGISTRY, wrappers::WRAPPERS};
use thalweg::problems::matrix::FAMILIES;

/// The link of the README and of many tests here.
const LINK: &str = "problem=rosenbrock&start=-1.2,1&steps=200&opt=adam;lr=0.02";

fn thalweg(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thalweg"));
    command.args(arguments);
    command
}

fn output(arguments: &[&str]) -> Output {
    thalweg(arguments).stdin(Stdio::null()).output().expect("the program starts")
}

/// Standard output of a command that must succeed without a word on standard error.
fn printed(arguments: &[&str]) -> String {
    let output = output(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {errors}");
    assert_eq!(errors, "", "{arguments:?}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// Standard output of a command that must succeed, as JSON.
fn json(arguments: &[&str]) -> Value {
    let text = printed(arguments);
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{text}"))
}

/// The message of a command that must be refused: status 2, nothing on standard output.
fn refused(arguments: &[&str]) -> String {
    let output = output(arguments);
    let message = String::from_utf8(output.stderr).expect("messages are UTF-8");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert!(output.stdout.is_empty(), "{arguments:?} printed something all the same");
    assert!(message.starts_with("thalweg: ") && message.ends_with('\n'), "{arguments:?}: {message:?}");
    assert!(!message.contains("panicked"), "{arguments:?}: {message}");
    message
}

/// A file of this test alone, in the folder that cargo keeps for tests.
fn file(name: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{}-{name}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    path
}

/// The numbers of every list under a key, read from the text itself, where a list is one line: the JSON reader of these
/// tests may miss a double by its last bit, the reader of the standard library does not.
fn lists(text: &str, key: &str) -> Vec<Vec<f64>> {
    let start = format!("\"{key}\": [");
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix(&start));
    lines
        .map(|list| {
            let parts = list.split(['[', ']', ',', ' ']).filter(|part| !part.is_empty());
            parts.map(|part| part.parse().unwrap_or_else(|_| panic!("{part} is not a number"))).collect()
        })
        .collect()
}

fn floats(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn bits(numbers: &[f64]) -> Vec<u64> {
    numbers.iter().map(|x| x.to_bits()).collect()
}

#[test]
fn run_prints_the_documented_json() {
    let value = json(&["run", LINK, "--json"]);
    assert_eq!(
        value.as_object().map(|o| o.keys().cloned().collect()),
        Some(vec!["experiment".to_owned(), "runs".to_owned()])
    );
    let runs = value["runs"].as_array().expect("a list of runs");
    assert_eq!(runs.len(), 1);
    let adam = &runs[0];
    assert_eq!(adam["optimizer"], "adam");
    assert_eq!(adam["hyperparameters"]["lr"], 0.02);
    assert_eq!(adam["hyperparameters"]["beta1"], 0.9);
    assert_eq!(adam["hyperparameters"]["beta2"], 0.999);
    let steps: Vec<u64> = adam["steps"].as_array().expect("steps").iter().filter_map(Value::as_u64).collect();
    assert_eq!(steps, (0..=200).collect::<Vec<_>>());
    for key in ["points", "values", "gradient_norms"] {
        assert_eq!(adam[key].as_array().map(Vec::len), Some(201), "{key}");
    }
    assert_eq!(floats(&adam["points"][0]), [-1.2, 1.0]);
    // (1 - x)^2 + 100 (y - x^2)^2 at (-1.2, 1), by hand: 4.84 + 19.36. The formula rounds a few times on the way.
    let first = adam["values"][0].as_f64().expect("a number");
    assert!((first - 24.2).abs() < 1e-12, "{first}");
    // The paper's first step has length lr in each coordinate, up to eps, towards lower f: here to the right and down.
    let [x, y] = floats(&adam["points"][1])[..] else { panic!("a point has two coordinates") };
    assert!((x + 1.18).abs() < 1e-8 && (y - 1.02).abs() < 1e-8, "({x}, {y})");
    assert_eq!(adam["calls"]["gradient"], 200);
    assert_eq!(adam["calls"]["value"], 0);
    assert_eq!(adam["outcome"]["kind"], "out_of_budget");
    let experiment = &value["experiment"];
    assert_eq!(experiment["problem"]["id"], "rosenbrock");
    assert_eq!(experiment["start"], serde_json::json!([-1.2, 1.0]));
    assert_eq!(experiment["steps"], 200);
    let link = experiment["link"].as_str().expect("a link");
    assert_eq!(Link::parse(link).experiment, Link::parse(LINK).experiment, "{link}");
}

#[test]
fn every_number_of_the_json_reads_back_to_the_last_bit() {
    for link in [
        LINK,
        "problem=himmelblau&steps=60&opt=bfgs&opt=nelder_mead&noise=gaussian;sigma=0.3&seed=9",
        "problem=formula;f=1e-200*x^4%2B1e180*y^2&start=1e-9,3e7&steps=5&opt=sgd;lr=1e-190&domain=-1e9,1e9,-1e9,1e9",
    ] {
        let text = printed(&["run", link, "--json"]);
        let done = run(&Link::parse(link).experiment).expect("a link without a mistake");
        let of = |read: fn(&Trace) -> &[f64]| done.traces.iter().map(|trace| bits(read(trace))).collect::<Vec<_>>();
        let printed = |key: &str| lists(&text, key).iter().map(|list| bits(list)).collect::<Vec<_>>();
        assert_eq!(printed("points"), of(|trace| trace.points.as_flattened()), "{link}");
        assert_eq!(printed("values"), of(|trace| &trace.values), "{link}");
        assert_eq!(printed("gradient_norms"), of(|trace| &trace.gradient_norms), "{link}");
    }
}

#[test]
fn numbers_are_written_with_seventeen_significant_digits() {
    let text = printed(&["run", LINK, "--csv", "--record", "1,2,3"]);
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(rows.len(), 3);
    for row in rows {
        let fields: Vec<&str> = row.split(',').collect();
        for number in &fields[3..7] {
            let mantissa = number.split(['e', 'E']).next().unwrap_or("");
            let digits = mantissa.trim_start_matches(['-', '0', '.']).chars().filter(char::is_ascii_digit).count();
            // log10 next to a power of ten may add one digit; it may not lose one.
            assert!((17..=18).contains(&digits), "{number} in {row}");
        }
    }
}

#[test]
fn csv_has_a_row_for_each_step_of_each_optimizer() {
    let link = "problem=himmelblau&steps=20&opt=adam;lr=0.1&opt=bfgs&opt=sgd;lr=0.01~lookahead;k=3";
    let text = printed(&["run", link, "--csv"]);
    let mut lines = text.lines();
    let header = "optimizer,number,step,x,y,value,gradient_norm,value_calls,gradient_calls,hessian_calls";
    assert_eq!(lines.next(), Some(header));
    let done = run(&Link::parse(link).experiment).expect("a link without a mistake");
    for (number, (name, trace)) in ["adam", "bfgs", "sgd~lookahead"].iter().zip(&done.traces).enumerate() {
        for step in 0..=trace.last() {
            let row = lines.next().expect("a row for each step");
            let start = format!("{name},{},{step},", number + 1);
            let rest = row.strip_prefix(&start).unwrap_or_else(|| panic!("{row} should begin with {start}"));
            let [x, y, value, norm] =
                rest.split(',').take(4).map(|number| number.parse::<f64>().expect("a number")).collect::<Vec<_>>()[..]
            else {
                panic!("{row}")
            };
            let expected =
                [trace.points[step][0], trace.points[step][1], trace.values[step], trace.gradient_norms[step]];
            assert_eq!(bits(&[x, y, value, norm]), bits(&expected), "{row}");
        }
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn record_keeps_the_steps_that_were_asked_for() {
    let value = json(&["run", LINK, "--json", "--record", "0,1,2,5,200,999"]);
    let all = json(&["run", LINK, "--json"]);
    let (few, all) = (&value["runs"][0], &all["runs"][0]);
    assert_eq!(few["steps"], serde_json::json!([0, 1, 2, 5, 200]), "a step that was not taken is left out");
    for (place, step) in [0, 1, 2, 5, 200].into_iter().enumerate() {
        for key in ["points", "values", "gradient_norms"] {
            assert_eq!(few[key][place], all[key][step], "{key} of step {step}");
        }
    }
    assert_eq!(few["calls"], all["calls"], "what is recorded changes nothing that is counted");
}

#[test]
fn a_run_without_an_optimizer_is_a_run() {
    let value = json(&["run", "problem=himmelblau&opt=none", "--json"]);
    assert_eq!(value["runs"], serde_json::json!([]));
}

#[test]
fn numbers_that_are_not_finite_are_null() {
    let link = "problem=formula;f=ln(x)%2By^2&start=0.1,1&steps=50&opt=sgd;lr=1";
    let text = printed(&["run", link, "--json"]);
    let value: Value = serde_json::from_str(&text).expect("JSON has no NaN");
    assert_eq!(value["runs"][0]["outcome"]["kind"], "undefined");
    let values = value["runs"][0]["values"].as_array().expect("a list");
    assert!(values.last().is_some_and(Value::is_null), "{values:?}");
}

#[test]
fn links_come_as_addresses_queries_fragments_and_on_standard_input() {
    let expected = printed(&["run", LINK, "--json"]);
    for link in [
        format!("?{LINK}"),
        format!("https://example.org/thalweg/?{LINK}"),
        format!("https://example.org/thalweg/#{LINK}"),
        format!("file:///home/somebody/dist/index.html?{LINK}"),
    ] {
        assert_eq!(printed(&["run", &link, "--json"]), expected, "{link}");
    }
    for text in [LINK.to_owned(), format!("{LINK}\n"), format!("  https://example.org/?{LINK}\r\n")] {
        let mut child = thalweg(&["run", "-", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut input = child.stdin.take().expect("standard input is piped");
        input.write_all(text.as_bytes()).expect("the program reads");
        drop(input);
        let output = child.wait_with_output().expect("the program ends");
        assert_eq!(output.status.code(), Some(0), "{text:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{text:?}");
    }
}

#[test]
fn a_flood_on_standard_input_is_refused() {
    let mut child = thalweg(&["run", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut input = child.stdin.take().expect("standard input is piped");
    // The program stops reading on the way: that the rest cannot be written is no matter.
    let _ = input.write_all(&b"problem=formula;f=x+".repeat(50_000));
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains("link") && message.contains("16,384") && message.len() < 300, "{message}");
}

/// Without a format the outcomes come as a table for people: one line each, with the verdict in words.
#[test]
fn outcomes_are_printed_in_words() {
    let text = printed(&["run", "problem=ellipse;kappa=10&start=4,1&steps=300&opt=sgd;lr=0.1&opt=sgd;lr=0.21"]);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[1].contains("converged, step "), "{text}");
    assert!(lines[2].contains("diverged at step "), "{text}");
}

/// Every mistake: the words that its message must have. The first names the place.
#[test]
fn mistakes_are_refused_with_the_key_and_what_was_expected() {
    let table: [(&[&str], &[&str]); 36] = [
        (&["run"], &["LINK"]),
        (&["run", "problem=rosenbrok"], &["problem", "rosenbrok", "did you mean rosenbrock"]),
        (&["run", "problem=rosenbrock;b=two"], &["problem=rosenbrock;b", "two", "number"]),
        (&["run", "problem=formula"], &["problem=formula;f"]),
        (&["run", "problem=formula;f=sinn(x)"], &["problem=formula;f", "sin"]),
        (&["run", "problem=formula;f=2x"], &["problem=formula;f", "2*x"]),
        (&["run", "problem=formula;f=(x"], &["problem=formula;f"]),
        (&["run", "problem=matching_pennies_game"], &["problem"]),
        (&["run", "start=1"], &["start", "two numbers"]),
        (&["run", "start=a,b"], &["start", "a,b"]),
        (&["run", "start=NaN,1"], &["start", "NaN"]),
        (&["run", "domain=2,1,0,1"], &["domain", "xmin"]),
        (&["run", "view=1,2"], &["view"]),
        (&["run", "steps=many"], &["steps", "many", "whole number"]),
        (&["run", "steps=1000000"], &["steps", "1000000", "100000"]),
        (&["run", "steps=100000&opt=adam&opt=adam&opt=adam&opt=adam&opt=adam"], &["steps", "400000"]),
        (&["run", "opt=adan"], &["opt", "adan", "did you mean adam"]),
        (&["run", "opt=adam;lr=-1"], &["opt=adam;lr", "-1", "from 0"]),
        (&["run", "opt=adam;lr=fast"], &["opt=adam;lr", "fast"]),
        (&["run", "opt=adam;beta1=1"], &["opt=adam;beta1", "0.999999"]),
        (&["run", "opt=adam~lookahed"], &["opt=adam~lookahed", "lookahead"]),
        (&["run", "noise=loud"], &["noise", "loud", "gaussian"]),
        (&["run", "noise=gaussian;sigma=-1"], &["noise=gaussian;sigma", "-1"]),
        (&["run", "noise=own"], &["noise", "Rosenbrock"]),
        (&["run", "seed=x"], &["seed"]),
        (&["run", "tol=0"], &["tol"]),
        (&["run", "v=2"], &["v", "2"]),
        (&["run", "problem=%ff"], &["problem", "%"]),
        (&["run", LINK, "--json", "--csv"], &["--json", "--csv"]),
        (&["run", LINK, "--record", "a"], &["--record", "a"]),
        (&["run", LINK, "--record"], &["--record"]),
        (&["run", LINK, "--jason"], &["--jason"]),
        (&["run", LINK, "another"], &["another"]),
        (&["rnu"], &["rnu", "did you mean run"]),
        (&["list", "optimisers"], &["optimizers", "landscapes", "problems"]),
        (&["--verbose"], &["--verbose"]),
    ];
    for (arguments, words) in table {
        let message = refused(arguments);
        for word in words {
            assert!(message.contains(word), "{arguments:?} should speak of {word}: {message}");
        }
    }
}

#[test]
fn all_mistakes_of_a_link_are_told_at_once() {
    let message = refused(&["run", "problem=rosenbrok&steps=many&opt=adan"]);
    let lines: Vec<&str> = message.lines().collect();
    assert_eq!(lines.len(), 3, "{message}");
    for (line, key) in lines.iter().zip(["problem", "steps", "opt"]) {
        assert!(line.starts_with(&format!("thalweg: {key}: ")), "{message}");
    }
}

/// What changes no number is no mistake: it is told and the run goes on.
#[test]
fn what_is_ignored_is_told_and_the_run_goes_on() {
    for (link, word) in
        [("colour=red", "colour"), ("opt=adam;learning_rate=1", "learning_rate"), ("start=9,9", "start")]
    {
        let output = output(&["run", link, "--json"]);
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{link}: {message}");
        assert!(message.starts_with("thalweg: ") && message.contains(word), "{link}: {message}");
        serde_json::from_slice::<Value>(&output.stdout).expect("standard output has the JSON alone");
    }
}

fn ids(value: &Value) -> Vec<&str> {
    value.as_array().expect("a list").iter().map(|row| row["id"].as_str().expect("an id")).collect()
}

#[test]
fn list_names_everything_there_is() {
    let optimizers = json(&["list", "optimizers", "--json"]);
    assert_eq!(ids(&optimizers), REGISTRY.iter().map(|entry| entry.id).collect::<Vec<_>>());
    let adam = optimizers.as_array().expect("a list").iter().find(|row| row["id"] == "adam").expect("Adam is there");
    assert_eq!(adam["paper"]["authors"].as_str().map(|authors| authors.contains("Kingma")), Some(true));
    assert_eq!(adam["knobs"][0]["id"], "lr");
    let wrappers = json(&["list", "wrappers", "--json"]);
    assert_eq!(ids(&wrappers), WRAPPERS.iter().map(|entry| entry.id).collect::<Vec<_>>());
    let landscapes = json(&["list", "landscapes", "--json"]);
    assert_eq!(ids(&landscapes), landscapes::offered().map(|row| row.id).collect::<Vec<_>>());
    let rosenbrock =
        landscapes.as_array().expect("a list").iter().find(|row| row["id"] == "rosenbrock").expect("there");
    assert_eq!(rosenbrock["minima"][0]["at"], serde_json::json!([1.0, 1.0]));
    let problems = json(&["list", "problems", "--json"]);
    assert_eq!(ids(&problems)[0], "formula");
    let measures = thalweg::problems::measure::FAMILIES.iter().map(|family| family.id);
    let (landscapes, families) = (ids(&landscapes), FAMILIES.iter().map(|family| family.id).chain(measures));
    assert_eq!(ids(&problems)[1..], landscapes.into_iter().chain(families).collect::<Vec<_>>());
}

/// One line a row, beginning with its id: what `cut` and `grep` need.
#[test]
fn lists_for_people_have_a_line_for_each_row() {
    for what in ["optimizers", "wrappers", "landscapes", "problems"] {
        let value = json(&["list", what, "--json"]);
        let text = printed(&["list", what]);
        let first: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(first, ids(&value), "{what}");
    }
}

/// Whatever the list names, a link can name.
#[test]
fn every_listed_id_is_good_for_a_link() {
    for id in ids(&json(&["list", "landscapes", "--json"])) {
        assert!(Link::parse(&format!("problem={id}")).notes.is_empty(), "{id}");
    }
    for id in ids(&json(&["list", "optimizers", "--json"])) {
        // What moves a cloud needs a problem that has one.
        let flow = REGISTRY.iter().any(|entry| entry.id == id && entry.is_flow());
        let problem = if flow { "problem=measure_mixture&" } else { "" };
        assert!(Link::parse(&format!("{problem}opt={id}")).notes.is_empty(), "{id}");
    }
}

#[test]
fn plot_draws_an_svg_without_anything_that_runs() {
    let path = file("figure.svg");
    let path_text = path.to_str().expect("a UTF-8 path");
    assert_eq!(printed(&["plot", LINK, "-o", path_text]), "");
    let svg = std::fs::read_to_string(&path).expect("the figure is there");
    assert!(svg.starts_with("<svg") || svg.starts_with("<?xml"), "{}", &svg[..80.min(svg.len())]);
    assert!(svg.trim_end().ends_with("</svg>"));
    for word in ["<script", "javascript:", "onload", "<foreignObject", "http-equiv"] {
        assert!(!svg.contains(word), "the figure has {word}");
    }
    assert!(svg.contains("Rosenbrock") && svg.contains("Adam"), "the figure names the problem and the method");
    let other = file("other.svg");
    let link = LINK.replace("0.02", "0.03");
    printed(&["plot", &link, "-o", other.to_str().expect("a UTF-8 path")]);
    assert_ne!(
        svg,
        std::fs::read_to_string(other).expect("the figure is there"),
        "another step size is another figure"
    );
}

#[test]
fn plot_draws_a_png_of_twice_the_size() {
    for (arguments, width, height) in [(&[][..], 2000, 1800), (&["--size", "400x300", "--dark"][..], 800, 600)] {
        let path = file(&format!("figure-{width}.png"));
        let mut all = vec!["plot", LINK, "-o", path.to_str().expect("a UTF-8 path")];
        all.extend(arguments);
        assert_eq!(printed(&all), "");
        let bytes = std::fs::read(&path).expect("the figure is there");
        assert!(bytes.starts_with(b"\x89PNG\r\n\x1a\n"));
        let mut reader = png::Decoder::new(&bytes[..]).read_info().expect("a PNG");
        assert_eq!((reader.info().width, reader.info().height), (width, height));
        let mut pixels = vec![0; reader.output_buffer_size()];
        reader.next_frame(&mut pixels).expect("the picture is whole");
        // A map has thousands of tints; an empty picture has one.
        let colours: std::collections::BTreeSet<_> = pixels.chunks(4).collect();
        assert!(colours.len() > 500, "{} colours", colours.len());
    }
}

#[test]
fn plot_says_what_it_cannot_do() {
    let table: [(&[&str], &[&str]); 8] = [
        (&["plot", LINK], &["-o"]),
        (&["plot", "-o", "figure.svg"], &["LINK"]),
        (&["plot", LINK, "-o", "figure.jpg"], &["-o", "figure.jpg", ".svg", ".png"]),
        (&["plot", LINK, "-o", "figure"], &["-o", ".svg"]),
        (&["plot", LINK, "-o", "/no/such/folder/figure.svg"], &["/no/such/folder/figure.svg"]),
        (&["plot", LINK, "-o", "figure.svg", "--size", "9x9"], &["--size", "9x9", "200"]),
        (&["plot", LINK, "-o", "figure.svg", "--step", "-1"], &["--step"]),
        (&["plot", "opt=adan", "-o", "figure.svg"], &["opt", "adam"]),
    ];
    for (arguments, words) in table {
        let message = refused(arguments);
        for word in words {
            assert!(message.contains(word), "{arguments:?} should speak of {word}: {message}");
        }
    }
    assert!(!std::path::Path::new("figure.svg").exists(), "a refused figure leaves no file");
}

#[test]
fn help_and_version_are_for_the_asking() {
    for arguments in [&["help"][..], &["--help"], &["-h"], &[]] {
        let text = printed(arguments);
        for word in ["thalweg run", "thalweg plot", "thalweg list", "thalweg bench", "LINK"] {
            assert!(text.contains(word), "{arguments:?}: {text}");
        }
    }
    assert_eq!(printed(&["--version"]), concat!("thalweg ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// `thalweg run ... --csv | head -1`: the reader goes away in the middle of a megabyte. That is no mistake.
#[test]
fn a_reader_that_goes_away_is_no_mistake() {
    let link = "steps=20000&opt=adam&opt=sgd;lr=0.001";
    let mut child = thalweg(&["run", link, "--csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = child.stdout.take().expect("standard output is piped");
    let mut first = [0; 64];
    stdout.read_exact(&mut first).expect("something is printed");
    drop(stdout);
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

/// The README's promise about size: the largest run that a link may ask for ends.
#[test]
fn the_largest_run_is_bounded() {
    let link = format!("steps={}&{}", Experiment::step_limit(4), ["opt=sgd;lr=0.0001"; 4].join("&"));
    let value = json(&["run", &link, "--json", "--record", "0"]);
    assert_eq!(value["runs"][3]["calls"]["gradient"], limits::STEPS);
    assert_eq!(value["runs"][0]["steps"], serde_json::json!([0]));
}

/// A small map, as numbers: the four basins of Himmelblau's function.
#[test]
fn map_tells_where_each_start_ends() {
    let path = file("map.csv");
    let link = "problem=himmelblau&steps=200&opt=adam;lr=0.1&opt=bfgs";
    printed(&["map", link, "--size", "6x4", "-o", path.to_str().expect("a path in UTF-8")]);
    let text = std::fs::read_to_string(&path).expect("the file was written");
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|line| line.split(',').map(|x| x.parse().unwrap_or(f64::NAN)).collect()).collect();
    assert_eq!((text.lines().next(), rows.len()), (Some("x,y,verdict,steps"), 24));
    let problem = Link::parse(link).experiment.pose().expect("a listed landscape");
    for row in &rows {
        let [x, y, verdict, steps] = row[..] else { panic!("{row:?}") };
        let minimum = problem.critical[verdict as usize].at;
        // Adam's momentum carries it across a ridge now and then, but not across the map.
        assert!((minimum[0] - x).hypot(minimum[1] - y) < 8.0, "{row:?}");
        assert!((1.0..=200.0).contains(&steps), "{row:?}");
    }
    let found: std::collections::BTreeSet<i32> = rows.iter().map(|row| row[2] as i32).collect();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3]);
}

#[test]
fn map_in_single_precision_tells_the_same() {
    let path = file("map_single.csv");
    let link = "problem=himmelblau&steps=200&opt=adam;lr=0.1";
    let map = |engine: &str| {
        printed(&["map", link, "--size", "6x4", "--engine", engine, "-o", path.to_str().expect("a path in UTF-8")]);
        let text = std::fs::read_to_string(&path).expect("the map was written");
        let verdict = |line: &str| line.split(',').nth(2).map(str::to_owned);
        text.lines().skip(1).map(verdict).collect::<Vec<_>>()
    };
    let direct = map("direct");
    assert_eq!(direct.len(), 24);
    assert_eq!(map("kernel"), direct);
}

#[test]
fn map_writes_pictures_and_arrays_of_the_size_asked_for() {
    let path = file("map.npy");
    let out = path.to_str().expect("a path in UTF-8");
    printed(&["map", "problem=himmelblau&steps=20&opt=adam&opt=bfgs&basins=2", "--size", "3x2", "-o", out]);
    let bytes = std::fs::read(&path).expect("the file was written");
    let header = String::from_utf8_lossy(&bytes[10..128]);
    assert!(bytes.starts_with(b"\x93NUMPY") && header.contains("'shape': (2, 3, 2)"), "{header}");
    assert_eq!(bytes.len(), 128 + 3 * 2 * 2 * 4);
    let path = file("map.png");
    printed(&[
        "map",
        "problem=rosenbrock&steps=0&opt=adam",
        "--size",
        "1x1",
        "-o",
        path.to_str().expect("a path in UTF-8"),
    ]);
    assert!(std::fs::read(&path).expect("the file was written").starts_with(b"\x89PNG"));
}

#[test]
fn map_says_what_it_cannot_do() {
    let out = file("refused.csv");
    let out = out.to_str().expect("a path in UTF-8");
    for (arguments, word) in [
        (vec!["map", LINK], "-o"),
        (vec!["map", LINK, "-o", "map.gif"], ".npy"),
        (vec!["map", LINK, "-o", out, "--size", "0x5"], "4096"),
        (vec!["map", LINK, "-o", out, "--size", "5x4097"], "4096"),
        (vec!["map", "opt=none", "-o", out], "no optimizer"),
        (vec!["map", "opt=adam&basins=3", "-o", out], "place 3"),
        (vec!["map", "opt=adam&noise=gaussian;sigma=1", "-o", out], "noise"),
    ] {
        let message = refused(&arguments);
        assert!(message.contains(word), "{arguments:?}: {message}");
    }
}

/// The matrix lab by the same commands.
#[test]
fn matrix_problems_are_run_and_printed() {
    let link = "problem=matrix_identity;n=8;alpha=0.1&steps=20&opt=sgd;lr=0.1&fit=5,20";
    let run = json(&["run", link, "--json", "--record", "0,5,20"]);
    assert_eq!(run["experiment"]["problem"], "matrix_identity");
    assert_eq!(run["runs"][0]["relative_errors"].as_array().map(Vec::len), Some(3));
    assert_eq!(run["runs"][0]["frames"][2]["singular_values"].as_array().map(Vec::len), Some(3));
    assert_eq!(run["runs"][0]["rate"]["window"], serde_json::json!([5, 20]));
    let rows = printed(&["run", link, "--csv"]);
    assert_eq!(rows.lines().count(), 22);
    assert!(printed(&["run", link]).contains("Gradient descent"));
}
