// The worker of the page in front of a graphics processor that fails: what a browser does then, at a moment that a test
// chooses. `how` in the address says what fails, `then` is the address of the worker's own script.
//
// compile: no shader compiles.
// lost: the device goes with the eighth piece of work.
// memory: there is none for a buffer, after the first few.
// trap: a call that cannot fail throws, and with it ends whatever waits for it.
// none: nothing fails.
//
// Whoever asks on the channel "buffers" hears how many there are that were not destroyed.

const asked = new URLSearchParams(location.search);
const how = asked.get("how");

/** Replaces a method by `around`, which gets the method, the object and the arguments. */
function wrap(type, name, around) {
  const method = type.prototype[name];
  type.prototype[name] = function (...all) {
    return around((...all) => method.apply(this, all), this, all);
  };
}

let device, submitted = 0, made = 0, buffers = 0;

if (typeof GPUDevice === "function") {
  wrap(GPUAdapter, "requestDevice", async (request, _, all) => (device = await request(...all)));
  wrap(GPUDevice, "createBuffer", (create, _, all) => (made += 1, buffers += 1, create(...all)));
  wrap(GPUBuffer, "destroy", (destroy) => (buffers -= 1, destroy()));
  if (how === "compile") {
    wrap(GPUDevice, "createShaderModule", (create, _, [what]) => create({ ...what, code: "no shader" }));
  }
  if (how === "lost") {
    wrap(GPUQueue, "submit", (submit, _, all) => {
      submitted += 1;
      if (submitted === 8) device.destroy();
      return submit(...all);
    });
  }
  if (how === "memory") {
    const scopes = [];
    wrap(GPUDevice, "pushErrorScope", (push, _, [filter]) => (scopes.push(filter), push(filter)));
    wrap(GPUDevice, "popErrorScope", async (pop) => {
      const filter = scopes.pop(), late = made > 4;
      const error = await pop();
      return filter === "out-of-memory" && late ? new GPUOutOfMemoryError("no memory left") : error;
    });
  }
  if (how === "trap") {
    wrap(GPUDevice, "createBindGroup", () => { throw new Error("this cannot happen"); });
  }
}

const channel = new BroadcastChannel("buffers");
channel.onmessage = ({ data }) => {
  if (data === "how many?") channel.postMessage(buffers);
};

importScripts(asked.get("then"));
