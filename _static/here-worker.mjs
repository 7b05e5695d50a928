/* Python in a worker of its own, so that the page can stop it. The first message brings the files,
   each later one a cell to run: { id, cells, at }. */
const bytes = {};
let python; // a promise of the function that runs a cell

const start = async (files, { wheel, lock }) => {
  for (const [name, buffer] of Object.entries(files)) {
    const [first, second] = new Uint8Array(buffer, 0, 2);
    const packed = name.endsWith(".gz") && first === 0x1f && second === 0x8b; // a server may unpack
    const stream = new Response(buffer).body;
    bytes[name.replace(/\.gz$/, "")] = packed
      ? await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer()
      : buffer;
  }
  // All that Python loads is here by now. It asks no host for anything.
  self.fetch = async (address) => {
    const name = `${address.url ?? address}`.split("/").pop();
    if (!(name in bytes)) throw new TypeError("cells that run in a page have no network");
    const type = name.endsWith(".wasm") ? "application/wasm" : "application/octet-stream";
    return new Response(bytes[name], { headers: { "Content-Type": type } });
  };
  const script = (name) => {
    const address = URL.createObjectURL(new Blob([bytes[name]], { type: "text/javascript" }));
    return import(address).finally(() => URL.revokeObjectURL(address));
  };
  const { loadPyodide } = await script("pyodide.mjs");
  const pyodide = await loadPyodide({
    indexURL: new URL("./here/", import.meta.url).href,
    packageBaseUrl: new URL("./here/", import.meta.url).href,
    createPyodideModule: (await script("pyodide.asm.mjs")).default,
    lockFileContents: JSON.stringify(lock),
  });
  pyodide.unpackArchive(bytes[wheel], "wheel");
  pyodide.unpackArchive(bytes["book.zip"], "zip", { extractDir: "/book" });
  for (const name of Object.keys(bytes)) delete bytes[name];
  pyodide.runPython("import sys; sys.path.insert(0, '/book'); import numpy");
  return pyodide.pyimport("here.cell").run;
};

const LONGEST = 100_000; // characters that a cell may show

onmessage = async ({ data: { files, facts, id, cells, at } }) => {
  if (files) {
    python = start(files, facts);
    python.then(() => postMessage({ ready: true }), (error) => postMessage({ failed: `${error}` }));
    return;
  }
  let text = "", length = 0, shown = -Infinity;
  const show = () => {
    if (text) postMessage({ id, text });
    [text, shown] = ["", performance.now()];
  };
  const write = (more) => {
    length += more.length;
    if (length <= LONGEST) text += more;
    if (performance.now() - shown > 100) show();
  };
  try {
    const run = await python;
    postMessage({ id, running: true });
    const ran = run(cells, at, write);
    show();
    postMessage({ id, done: true, ran, long: length > LONGEST });
  } catch (error) { // Python itself broke: out of memory, or of stack
    show();
    postMessage({ id, done: true, ran: false, broken: `${error.message ?? error}`.trim().split("\n").pop() });
  }
};
