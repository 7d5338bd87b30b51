// A worker that sums over pairs of points for the worker that started it (src/measure_module/pairs). It has no module of its
// own: kernels are brought, and stay.
//
// kernel: brings a kernel's bytes and the number `id` by which sums name it.
// forget: drops the kernel with a number.
// sum: brings the image of its memory, up to where the sums begin, and the size of the whole; answers with the sums, or with
// what went wrong, and the number of the question.

const kernels = new Map();

// A browser runs a new kernel slowly at first and swaps a faster one in between two calls.
const GROUPS_A_CALL = 64;

function kernel({ id, bytes }) {
  try {
    kernels.set(id, new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports);
  } catch (error) {
    // Told to whoever asks for its sums.
    kernels.set(id, { run: () => { throw error; }, memory: new WebAssembly.Memory({ initial: 1 }) });
  }
}

function sum({ id, image, size, first, groups, sources }) {
  const { run, memory } = kernels.get(id);
  const missing = Math.ceil((size - memory.buffer.byteLength) / 65536);
  if (missing > 0) memory.grow(missing);
  new Uint8Array(memory.buffer).set(new Uint8Array(image));
  for (let group = first; group < first + groups; group += GROUPS_A_CALL) {
    run(group, Math.min(GROUPS_A_CALL, first + groups - group), sources);
  }
  return memory.buffer.slice(image.byteLength, size);
}

addEventListener("message", ({ data }) => {
  const { kind, number } = data;
  try {
    if (kind === "kernel") return kernel(data);
    if (kind === "forget") return void kernels.delete(data.id);
    const sums = sum(data);
    postMessage({ number, sums }, [sums]);
  } catch (error) {
    postMessage({ number, error: String(error?.message ?? error) });
  }
});
