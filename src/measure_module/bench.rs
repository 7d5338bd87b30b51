//! How long sums over all pairs take here.

use super::pairs::{GraphicsPairs, PairPool};
use thalweg::measures::{Pair, Point, Source};
use thalweg::scalar::philox4x32;
use wasm_bindgen::prelude::*;

/// The milliseconds of each of `turns` sums of Stein's kernel over all pairs of `count` points: by this worker and so many
/// helpers, or as many as it chooses, for which `script` is the address of `www/pair-worker.js`, or on the graphics processor, also a program that
/// stands in for one. The first turn includes printing and compiling.
///
/// Throws the reason where that cannot be measured.
#[wasm_bindgen]
pub async fn time_pairs(
    script: String,
    helpers: Option<usize>,
    graphics: bool,
    count: usize,
    turns: usize,
) -> Result<Vec<f64>, String> {
    let pool = match helpers {
        Some(helpers) => PairPool::with_helpers(&script, helpers),
        None => PairPool::new(&script),
    };
    let (targets, sources) = cloud(count);
    let mut times = Vec::with_capacity(turns);
    if graphics {
        let pairs = GraphicsPairs::open(pool, true).await;
        for _ in 0..turns {
            let begin = js_sys::Date::now();
            pairs.sums(&Pair::Stein, 1.0, &targets, &sources).await?;
            times.push(js_sys::Date::now() - begin);
        }
        // Kernels have not been asked for.
        pairs.processor()?;
    } else {
        for _ in 0..turns {
            let begin = js_sys::Date::now();
            pool.sums(&Pair::Stein, 1.0, &targets, &sources).await?;
            times.push(js_sys::Date::now() - begin);
        }
        // One that failed has left its part to this worker.
        if let Some(helpers) = helpers.filter(|helpers| count >= 1024 && pool.helpers() < *helpers) {
            return Err(format!("of {helpers} helpers {} are left", pool.helpers()));
        }
    }
    Ok(times)
}

/// Points of a square of side six, and their scores under a standard normal law.
fn cloud(count: usize) -> (Vec<Point>, Vec<Source>) {
    let place = |i: usize| {
        let words = philox4x32([i as u32, 0, 0, 0], [1, 2]);
        [0, 1].map(|axis| 6.0 * f64::from(words[axis]) / 2.0_f64.powi(32) - 3.0)
    };
    let targets: Vec<Point> = (0..count).map(place).collect();
    let sources = targets.iter().map(|at| Source { at: *at, extras: at.map(|x| -x) }).collect();
    (targets, sources)
}
