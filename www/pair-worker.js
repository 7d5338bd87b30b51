// A worker that sums over pairs of points for the worker that started it (src/measure_module/pairs). It has no module of its
// own: kernels are brought, and stay.
//
// kernel: brings a kernel's bytes and the number `id` by which sums name it.
// forget: drops the kernel with a number.
// sum: brings the image of its memory, up to where the sums begin, the size of the whole, and how many groups to take
// `atOnce`, in a call; answers with the sums and the milliseconds they took, or with what went wrong, and the number of the
// question.

const kernels = new Map();

function kernel({ id, bytes }) {
  try {
    kernels.set(id, new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports);
  } catch (error) {
    // Told to whoever asks for its sums.
    kernels.set(id, { run: () => { throw error; }, memory: new WebAssembly.Memory({ initial: 1 }) });
  }
}

function sum({ id, image, size, groups, atOnce, sources }) {
  const { run, memory } = kernels.get(id);
  const missing = Math.ceil((size - memory.buffer.byteLength) / 65536);
  if (missing > 0) memory.grow(missing);
  new Uint8Array(memory.buffer).set(new Uint8Array(image));
  for (let first = 0; first < groups; first += atOnce) {
    run(first, Math.min(atOnce, groups - first), sources);
  }
  return memory.buffer.slice(image.byteLength, size);
}

addEventListener("message", ({ data }) => {
  const { kind, number } = data;
  try {
    if (kind === "kernel") return kernel(data);
    if (kind === "forget") return void kernels.delete(data.id);
    const began = performance.now();
    const sums = sum(data);
    postMessage({ number, sums, took: performance.now() - began }, [sums]);
  } catch (error) {
    postMessage({ number, error: String(error?.message ?? error) });
  }
});
