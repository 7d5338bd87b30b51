// A worker that prints kernels and runs them. The page talks to it in src/app/pool.rs.
//
// print: has the engine's module, loaded at the first such message, print a kernel for a link; answers with its bytes.
// run: brings a compiled kernel, the image of its memory and how far to run; answers with the part of the memory that
// holds the outputs.

let engine;
let module;
let kernel;

async function print({ link, place, double, script, wasm }) {
  engine ??= import(script).then(async (engine) => {
    await engine.default({ module_or_path: wasm });
    return engine;
  });
  const { print_kernel } = await engine;
  return { bytes: print_kernel(link, place, double) };
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
    const answer = data.module ? run(data) : await print(data);
    postMessage({ task, ...answer }, [(answer.bytes ?? answer.outputs).buffer]);
  } catch (error) {
    postMessage({ task, error: String(error?.message ?? error) });
  }
});
