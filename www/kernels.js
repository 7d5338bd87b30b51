// A worker that prints kernels and runs them, and runs what has no kernel. The page talks to it in src/app/pool.rs.
//
// ready: loads the engine's module.
// print: has the engine's module, loaded at the first such message, print a kernel for a job; answers with its bytes.
// stand: has the engine's module make the memory of a resumable kernel before the first step; answers with it.
// fly: has the engine's module run some cells of a job by the direct code; answers as run does.
// run: brings a compiled kernel, the image of its memory and how far to run; answers with the part of the memory that
// holds the outputs.
//
// The same on the graphics processor, which a worker opens at the first such message and holds from then on:
// open: answers with its name, and whether it is a program that stands in for one.
// compile: has the engine's module print a kernel for a job and compile it; the worker keeps it by the number `shader`.
// compute: brings the number of a compiled kernel, the image of its memory and how far to run; answers as run does.

let engine;
let module;
let kernel;
let graphics;
const shaders = new Map();

function load({ script, wasm }) {
  engine ??= import(script).then(async (engine) => {
    await engine.default({ module_or_path: wasm });
    return engine;
  });
  return engine;
}

async function ready(addresses) {
  await load(addresses);
  return { bytes: new Uint8Array() };
}

async function print({ link, order, double, resumable, ...addresses }) {
  const { print_kernel } = await load(addresses);
  return { bytes: print_kernel(link, order, double, resumable) };
}

async function stand({ link, order, first, cells, ...addresses }) {
  const { stand } = await load(addresses);
  return { bytes: stand(link, order, first, cells) };
}

async function fly({ link, order, first, cells, ...addresses }) {
  const { fly } = await load(addresses);
  return { bytes: fly(link, order, first, cells) };
}

// A browser runs a new kernel slowly at first and swaps a faster one in between two calls.
const GROUPS_A_CALL = 64;

function run({ image, groups, steps, done, from, ...data }) {
  if (data.module !== module) {
    kernel = new WebAssembly.Instance(data.module).exports;
    module = data.module;
  }
  const missing = Math.ceil((image.byteLength - kernel.memory.buffer.byteLength) / 65536);
  if (missing > 0) kernel.memory.grow(missing);
  const memory = new Uint8Array(kernel.memory.buffer);
  memory.set(image);
  for (let first = 0; first < groups; first += GROUPS_A_CALL) {
    kernel.run(first, Math.min(GROUPS_A_CALL, groups - first), steps, done);
  }
  return { bytes: memory.slice(from, image.byteLength) };
}

// The graphics processor, opened anew if it was not there or has been taken away.
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
  if (graphics === opening) {
    graphics = undefined;
    shaders.clear();
  }
  return opened(addresses);
}

async function open(addresses) {
  const processor = await opened(addresses);
  // What the browser tells of it; it may keep that to itself.
  const adapter = await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" });
  const { vendor, architecture } = adapter?.info ?? {};
  const name = [vendor, architecture].filter(Boolean).join(" ") || processor.name;
  return { bytes: new Uint8Array(), name, software: processor.software };
}

// Kernels kept, the latest used: twice as many as the page knows of, which does not count those that it gave up while they
// were compiled.
const SHADERS = 16;

async function compile({ link, order, shader, resumable, ...addresses }) {
  const processor = await opened(addresses);
  shaders.set(shader, await processor.compile(link, order, resumable));
  if (shaders.size > SHADERS) shaders.delete(shaders.keys().next().value);
  return { bytes: new Uint8Array() };
}

async function compute({ shader, image, points, steps, done, from, ...addresses }) {
  const processor = await opened(addresses);
  const compiled = shaders.get(shader);
  if (!compiled) throw new Error("the graphics processor was lost, and the kernel with it");
  shaders.delete(shader);
  shaders.set(shader, compiled);
  return { bytes: await processor.run(compiled, image, points, steps, done, from) };
}

// What wgpu takes for impossible ends in a trap where nobody waits: it becomes an error of the worker.
addEventListener("unhandledrejection", ({ reason }) => {
  throw reason;
});

addEventListener("message", async ({ data }) => {
  const { task, kind } = data;
  try {
    const began = performance.now();
    const answer = await { ready, print, stand, fly, run, open, compile, compute }[kind](data);
    postMessage({ task, ...answer, milliseconds: performance.now() - began }, [answer.bytes.buffer]);
  } catch (error) {
    postMessage({ task, error: String(error?.message ?? error) });
  }
});
