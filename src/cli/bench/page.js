// The browser's part of `thalweg bench`: kernels, and the loops in JavaScript that they are compared with. `cases` and
// `effort` stand before this text. The results go into the element #result.

const { PI, sqrt, exp, sin, cos } = Math;

/** The gradient of a landscape at the variables named x and y, as one would write it into the loop. */
const gradients = {
  rosenbrock: (x, y) => `
    const t = ${y} - ${x} * ${x};
    gx = -2 * (1 - ${x}) - 400 * ${x} * t;
    gy = 200 * t;`,
  himmelblau: (x, y) => `
    const a = ${x} * ${x} + ${y} - 11, b = ${x} + ${y} * ${y} - 7;
    gx = 4 * ${x} * a + 2 * b;
    gy = 2 * a + 4 * ${y} * b;`,
  ackley: (x, y) => `
    const r = sqrt(0.5 * (${x} * ${x} + ${y} * ${y}));
    const slope = r > 0 ? 2 * exp(-0.2 * r) / r : 0;
    const waves = PI * exp(0.5 * (cos(2 * PI * ${x}) + cos(2 * PI * ${y})));
    gx = slope * ${x} + waves * sin(2 * PI * ${x});
    gy = slope * ${y} + waves * sin(2 * PI * ${y});`,
};

/** What a method remembers, and its step. */
const methods = {
  "gradient descent": (gradient) => ["", `
    { ${gradient("x", "y")} }
    x -= lr * gx;
    y -= lr * gy;`],
  "Adam": (gradient) => ["let mx = 0, my = 0, vx = 0, vy = 0, w1 = 1, w2 = 1;", `
    { ${gradient("x", "y")} }
    w1 *= 0.9;
    w2 *= 0.999;
    mx = 0.9 * mx + 0.1 * gx;
    my = 0.9 * my + 0.1 * gy;
    vx = 0.999 * vx + 0.001 * gx * gx;
    vy = 0.999 * vy + 0.001 * gy * gy;
    const step = lr / (1 - w1), scale = 1 / (1 - w2);
    x -= step * mx / (sqrt(vx * scale) + 1e-8);
    y -= step * my / (sqrt(vy * scale) + 1e-8);`],
  "SAM": (gradient) => ["", `
    { ${gradient("x", "y")} }
    const norm = sqrt(gx * gx + gy * gy), climb = norm > 0 ? rho / norm : 0;
    const u = x + climb * gx, v = y + climb * gy;
    { ${gradient("u", "v")} }
    x -= lr * gx;
    y -= lr * gy;`],
};

/** A loop for one method on one landscape: a function of its own, so that it sees numbers and nothing else. */
function loop({ method, landscape }) {
  const [memory, step] = methods[method](gradients[landscape]);
  return new Function("PI", "sqrt", "exp", "sin", "cos", `
    "use strict";
    return function run(starts, ends, points, steps, lr, rho) {
      for (let i = 0; i < points; i++) {
        let x = starts[2 * i], y = starts[2 * i + 1], gx = 0, gy = 0;
        ${memory}
        for (let k = 0; k < steps; k++) {
          ${step}
        }
        ends[2 * i] = x;
        ends[2 * i + 1] = y;
      }
    };`)(PI, sqrt, exp, sin, cos);
}

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/** A kernel with its memory. */
function instantiate({ kernel, image, size }) {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes(kernel)));
  const missing = Math.ceil((size - exports.memory.buffer.byteLength) / 65536);
  if (missing > 0) exports.memory.grow(missing);
  new Uint8Array(exports.memory.buffer).set(bytes(image));
  return exports;
}

/** Groups of four points in a call: the browser puts better code in place between calls, and never within one. */
const GROUPS = 16;

/** Million steps a second: runs `run`, which takes `steps` steps, until it is warm, and then measures. */
function rate(steps, run) {
  for (const begin = performance.now(); performance.now() - begin < effort.warm_up;) run();
  const rates = Array.from({ length: effort.samples }, () => {
    const begin = performance.now();
    let runs = 0, end = begin;
    // Clocks of browsers are coarse: a tenth of a millisecond.
    while (end - begin < 20) {
      run();
      runs += 1;
      end = performance.now();
    }
    return (runs * steps) / (end - begin) / 1e3;
  });
  return rates.sort((a, b) => a - b)[rates.length >> 1];
}

function measure(item) {
  const { points, steps, lr, rho } = item;
  const kernel = instantiate(item);
  const numbers = (address) => new Float32Array(kernel.memory.buffer, address, points);
  const [x, y] = item.inputs.map(numbers);
  const starts = Float64Array.from({ length: 2 * points }, (_, i) => (i % 2 ? y : x)[i >> 1]);
  const ends = new Float64Array(2 * points);
  const run = loop(item);
  const javascript = (steps) => run(starts, ends, points, steps, lr, rho);
  const fly = (steps) => {
    for (let first = 0; first < points / 4; first += GROUPS) kernel.run(first, GROUPS, steps, 0);
  };

  // Few steps: rounding has no time to grow.
  javascript(item.check);
  fly(item.check);
  const [endX, endY] = item.outputs.map(numbers);
  const distances = Float64Array.from({ length: points }, (_, i) =>
    Math.hypot(ends[2 * i] - endX[i], ends[2 * i + 1] - endY[i]));
  const apart = distances.filter((distance) => !(distance <= item.tolerance)).length / points;
  // A kernel or a loop that does nothing would agree with another.
  const moved = distances.filter((_, i) => ends[2 * i] !== starts[2 * i]).length / points;

  return {
    apart,
    moved,
    kernel: rate(points * steps, () => fly(steps)),
    javascript: rate(points * steps, () => javascript(steps)),
  };
}

let result;
try {
  result = { rates: cases.map(measure) };
} catch (error) {
  result = { error: String(error) };
}
document.getElementById("result").textContent = JSON.stringify(result);
