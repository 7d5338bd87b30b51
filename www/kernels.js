// A worker that prints kernels and runs them, and runs what has no kernel. The page talks to it in src/app/pool.rs.
//
// print: has the engine's module, loaded at the first such message, print a kernel for a job; answers with its bytes.
// stand: has the engine's module make the memory of a resumable kernel before the first step; answers with it.
// fly: has the engine's module run some cells of a job by the direct code; answers as run does.
// run: brings a compiled kernel, the image of its memory and how far to run; answers with the part of the memory that
// holds the outputs.

let engine;
let module;
let kernel;

function load({ script, wasm }) {
  engine ??= import(script).then(async (engine) => {
    await engine.default({ module_or_path: wasm });
    return engine;
  });
  return engine;
}

async function print({ link, order, double, resumable, ...addresses }) {
  const { print_kernel } = await load(addresses);
  return print_kernel(link, order, double, resumable);
}

async function stand({ link, order, first, cells, ...addresses }) {
  const { stand } = await load(addresses);
  return stand(link, order, first, cells);
}

async function fly({ link, order, first, cells, ...addresses }) {
  const { fly } = await load(addresses);
  return fly(link, order, first, cells);
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
  return memory.slice(from, image.byteLength);
}

addEventListener("message", async ({ data }) => {
  const { task, kind } = data;
  try {
    const began = performance.now();
    const bytes = await { print, stand, fly, run }[kind](data);
    postMessage({ task, bytes, milliseconds: performance.now() - began }, [bytes.buffer]);
  } catch (error) {
    postMessage({ task, error: String(error?.message ?? error) });
  }
});
