// Starts the page. Its addresses, with the versions of their files, stand in <link> elements. Whose address has a word of a lab
// that the light page lacks gets the page with all of them: a word too many costs a larger load and nothing else.

const address = (id) => document.getElementById(id).href;

const asked = location.search + location.hash;
const words = document.getElementById("thalweg-labs")?.dataset.words.split(" ") ?? [];
const more = words.some((word) => asked.includes(word));

/** What a visitor can do about it; the error itself follows below as a detail. */
function advice(error) {
  if (typeof WebAssembly !== "object") {
    return "This browser does not run WebAssembly, or has it switched off. Thalweg needs it to compute: " +
      "please use a current Firefox, Chrome, Edge or Safari.";
  }
  if (error instanceof WebAssembly.CompileError || error instanceof WebAssembly.LinkError) {
    return "This browser cannot run Thalweg's WebAssembly: it is either too old, or a part of the page " +
      "is from another version. Please reload, and if that does not help, update the browser.";
  }
  if (error instanceof WebAssembly.RuntimeError) {
    return "Thalweg stopped with an error of its own. Reloading the page without what follows the ? in its address starts afresh.";
  }
  return "A part of Thalweg did not arrive. Please look at your connection and reload the page.";
}

function tell(error) {
  const what = document.createElement("p");
  what.textContent = advice(error);
  const detail = document.createElement("p");
  detail.className = "start-failure-detail";
  detail.textContent = String(error);
  const box = document.createElement("div");
  box.className = "start-failure";
  box.setAttribute("role", "alert");
  box.append(what, detail);
  document.getElementById("thalweg").replaceChildren(box);
}

try {
  if (more) {
    // The files of the page with every lab have their addresses in a list of their own.
    const files = await (await fetch(address("thalweg-labs"))).json();
    for (const [id, href] of Object.entries(files)) {
      const rel = href.includes(".css") ? "stylesheet" : "help";
      document.head.append(Object.assign(document.createElement("link"), { id, href, rel }));
    }
  }
  const page = more ? "thalweg-labs-" : "thalweg-";
  // Both at once. Whether the second arrived is asked when the first has.
  const wasm = fetch(address(page + "wasm"));
  wasm.catch(() => {});
  const { default: start } = await import(address(page + "module"));
  await start({ module_or_path: wasm });
} catch (error) {
  tell(error);
}
