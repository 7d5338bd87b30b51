// A worker that runs problems of a lab with the lab's module. The page talks to it in src/app/lab_worker.rs.
//
// run: runs the experiment of a link; answers with traces as they grow, and with how far everything is.
// slice: the loss on a plane; answers with a coarse grid, then with the rows of a fine one.
//
// A message with a higher number takes the place of what is under way: work is done in short slices of time, and between
// two of them the worker listens.

let module;
let newest = 0;

function load({ script, wasm }) {
  module ??= import(script).then(async (module) => {
    await module.default({ module_or_path: wasm });
    return module;
  });
  return module;
}

// A timer would wait longer each time; a message does not.
const channel = new MessageChannel();
const listen = () => new Promise((resolve) => {
  channel.port1.onmessage = resolve;
  channel.port2.postMessage(null);
});

/** Milliseconds of work between two looks at the messages, and between two pictures of what grows. */
const SLICE = 25;
const PICTURE = 120;

async function run(current, { number, link, helper }, { Runs }) {
  const runs = new Runs(link, helper);
  try {
    const count = runs.count();
    const tell = (judged) => {
      for (let method = 0; method < count; method++) {
        const numbers = runs.trace(method, judged);
        if (numbers) postMessage({ number, method, numbers, judged }, [numbers.buffer]);
        const refusal = runs.refusal(method);
        if (refusal) postMessage({ number, method, refusal });
      }
      const note = runs.note?.();
      if (note !== undefined) postMessage({ number, note });
    };
    let told = performance.now();
    for (let share = 0; share < 1;) {
      share = await runs.advance(SLICE);
      await listen();
      if (!current()) return;
      if (share < 1 && performance.now() - told > PICTURE) {
        tell(false);
        postMessage({ number, share });
        told = performance.now();
      }
    }
    tell(true);
    postMessage({ number, share: 1 });
  } finally {
    runs.free();
  }
}

async function slice(current, { number, link, method, origin, u, v, window, grids }, { Slicer }) {
  const slicer = new Slicer(link, method, origin, u, v);
  try {
    for (const [columns, rows] of grids) {
      const values = new Float64Array(columns * rows);
      let band = 1;
      for (let from = 0; from < rows;) {
        const began = performance.now();
        const to = Math.min(rows, from + band);
        values.set(slicer.rows(window, columns, rows, from, to), from * columns);
        from = to;
        // As many rows as fit into a slice of time.
        if (performance.now() - began < SLICE / 2) band *= 2;
        await listen();
        if (!current()) return;
      }
      postMessage({ number, columns, rows, values }, [values.buffer]);
    }
  } finally {
    slicer.free();
  }
}

onmessage = async ({ data }) => {
  newest = data.number;
  const current = () => newest === data.number;
  try {
    const loaded = await load(data);
    if (current()) await (data.kind === "run" ? run : slice)(current, data, loaded);
  } catch (error) {
    // A module that has panicked does not work again: the next message loads it anew.
    if (error instanceof WebAssembly.RuntimeError) module = undefined;
    postMessage({ number: data.number, error: String(error?.message ?? error) });
  }
};
