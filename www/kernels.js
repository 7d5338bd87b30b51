// A worker that prints kernels and runs them, and runs what has no kernel. The page talks to it in src/app/pool.rs.
//
// print: has the engine's module, loaded at the first such message, print a kernel for a link; answers with its bytes.
// fly: has the engine's module run a grid of starts by the direct code; answers as run does.
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

addEventListener("message", async ({ data }) => {
  const { task } = data;
  try {
    const answer = data.module ? run(data) : await (data.window ? fly(data) : print(data));
    postMessage({ task, ...answer }, [(answer.bytes ?? answer.outputs).buffer]);
  } catch (error) {
    postMessage({ task, error: String(error?.message ?? error) });
  }
});
