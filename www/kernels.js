// A worker that prints kernels and runs them, and runs what has no kernel. The page talks to it in src/app/pool.rs.
//
// print: has the engine's module, loaded at the first such message, print a kernel for a link; answers with its bytes.
// fly: has the engine's module run a grid of starts by the direct code; answers as run does.
// run: brings a compiled kernel, the image of its memory and how far to run; answers with the part of the memory that
// holds the outputs.
//
// The same on the graphics processor, which this worker opens and holds from the first such message on:
// graphics "open": answers with its name and whether it is a program that stands in for one.
// graphics "print": has the engine's module print a kernel for a link and compile it; this worker keeps it.
// graphics "run": runs the kernel that was printed last, for an image and a number of points; answers as run does.

let engine;
let module;
let kernel;
let graphics;
let shader;

function load({ script, wasm }) {
  engine ??= import(script).then(async (engine) => {
    await engine.default({ module_or_path: wasm });
    return engine;
  });
  return engine;
}

async function print({ link, place, double, ...addresses }) {
  const { print_kernel } = await load(addresses);
  return { bytes: print_kernel(link, place, double) };
}

async function fly({ link, place, window, columns, rows, ...addresses }) {
  const { fly } = await load(addresses);
  const began = performance.now();
  const outputs = fly(link, place, window, columns, rows);
  return { outputs, milliseconds: performance.now() - began };
}

function run({ image, groups, steps, from, ...data }) {
  if (data.module !== module) {
    kernel = new WebAssembly.Instance(data.module).exports;
    module = data.module;
  }
  const missing = Math.ceil((image.byteLength - kernel.memory.buffer.byteLength) / 65536);
  if (missing > 0) kernel.memory.grow(missing);
  new Uint8Array(kernel.memory.buffer).set(image);
  const began = performance.now();
  kernel.run(0, groups, steps);
  const milliseconds = performance.now() - began;
  return { outputs: new Uint8Array(kernel.memory.buffer.slice(from, image.byteLength)), milliseconds };
}

// The graphics processor, opened anew if it was never there or has been taken away.
async function opened(addresses) {
  const { Graphics } = await load(addresses);
  graphics ??= Graphics.open();
  const opening = graphics;
  try {
    const processor = await opening;
    if (!processor.lost) return processor;
  } catch (error) {
    if (graphics === opening) graphics = undefined;
    throw error;
  }
  if (graphics === opening) graphics = undefined;
  return opened(addresses);
}

// What the browser tells of its graphics processor; it may keep it to itself.
async function nameOf(processor) {
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  const { vendor, architecture } = adapter?.info ?? {};
  return [vendor, architecture].filter(Boolean).join(" ") || processor.name;
}

async function compute({ graphics: what, link, place, image, points, steps, done, from, ...addresses }) {
  const processor = await opened(addresses);
  if (what === "open") return { name: await nameOf(processor), software: processor.software };
  if (what === "print") {
    shader = await processor.compile(link, place);
    return {};
  }
  const began = performance.now();
  const outputs = await processor.run(shader, image, points, steps, done, from);
  return { outputs, milliseconds: performance.now() - began };
}

// What wgpu takes for impossible ends in a trap where nobody waits: it is told to the page, as other errors are.
addEventListener("unhandledrejection", ({ reason }) => {
  throw reason;
});

function answered(data) {
  if (data.graphics) return compute(data);
  if (data.module) return run(data);
  return data.window ? fly(data) : print(data);
}

addEventListener("message", async ({ data }) => {
  const { task } = data;
  try {
    const answer = await answered(data);
    const moved = answer.bytes ?? answer.outputs;
    postMessage({ task, ...answer }, moved ? [moved.buffer] : []);
  } catch (error) {
    postMessage({ task, error: String(error?.message ?? error) });
  }
});
