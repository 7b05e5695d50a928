/* Cells that run in the page. Nothing is loaded before the first click; here-worker.mjs runs them.

   A cell runs alone, after the statements of earlier cells that it needs. If the reader changed an
   earlier cell and ran it without an error, that text counts; so a mistake spoils its own cell only. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const scripts = document.querySelector('script[src*="/here.js"]').src;
  const { files: folder, page, words } = JSON.parse(document.getElementById("here").textContent);
  const say = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const megabytes = (n) => (n / 1e6).toFixed(1);

  let worker, facts, sources; // of Python, once it was asked for
  let loading; // what can end it, while files are on their way
  const loaded = {}; // file name: its bytes
  const waiting = new Map(); // id: the cell that waits for an answer
  const accepted = {}; // place of a cell: its changed text that ran
  let next = 0, versionsShown = false;

  const get = async (name, signal) => {
    const reply = await fetch(new URL(folder + name, document.baseURI), { signal, cache: "no-cache" });
    if (!reply.ok) throw new Error(`${reply.status} ${name}`);
    return reply;
  };

  const load = async (progress) => {
    loading = new AbortController();
    const { signal } = loading;
    sources ??= await (await get(`${page}.json`, signal)).json();
    facts ??= await (await get("files.json", signal)).json();
    const names = Object.keys(facts.files);
    const all = names.reduce((sum, name) => sum + facts.files[name], 0);
    let done = names.reduce((sum, name) => sum + (loaded[name]?.byteLength ?? 0), 0);
    progress(done, all);
    for (const name of names) {
      if (loaded[name]) continue;
      const parts = [];
      const reader = (await get(name, signal)).body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        parts.push(part.value);
        progress((done += part.value.length), all);
      }
      loaded[name] = await new Blob(parts).arrayBuffer();
    }
    loading = undefined;
  };

  const start = () => {
    worker = new Worker(new URL("here-worker.mjs", scripts), { type: "module" });
    worker.onmessage = ({ data }) => {
      if (data.failed) return fail(data.failed);
      const cell = waiting.get(data.id);
      if (!cell) return;
      if (data.running) cell.status(words.running);
      if (data.text) cell.print(data.text);
      if (data.done) {
        waiting.delete(data.id);
        if (data.broken) cell.print(data.broken);
        cell.finish(data);
        if (data.broken) stop(); // the next run begins with another Python
      }
    };
    worker.onerror = (event) => fail(event.message);
    worker.postMessage({ files: loaded, facts });
  };

  const end = () => {
    loading?.abort();
    worker?.terminate();
    loading = worker = undefined;
  };

  const leave = (said) => {
    end();
    for (const cell of waiting.values()) cell.finish({ said });
    waiting.clear();
  };
  const stop = () => leave(words.stopped);
  const fail = (reason) => {
    console.warn(reason);
    leave(words.failed);
  };

  const run = async (cell) => {
    if (location.protocol === "file:") return cell.finish({ said: words.file });
    const id = next++;
    const others = waiting.size > 0;
    waiting.set(id, cell);
    cell.begin(others ? words.waiting : words.starting);
    if (!worker && !others) {
      try {
        await load((done, all) => {
          const said = say(words.loading, { done: megabytes(done), all: megabytes(all) });
          for (const each of waiting.values()) each.status(said, true);
        });
        start();
        for (const each of waiting.values()) each.status(words.starting);
      } catch (error) {
        if (error.name !== "AbortError") fail(error);
        return;
      }
      for (const [at, each] of waiting) send(at, each);
    } else if (worker) send(id, cell);
  };

  const send = (id, cell) => {
    const cells = sources.map((source, i) => accepted[i] ?? source);
    cells[cell.at] = cell.text();
    cell.sent = cells[cell.at];
    worker.postMessage({ id, cells, at: cell.at });
  };

  const element = (tag, className, more = {}) =>
    Object.assign(document.createElement(tag), { className, ...more });

  const makeCell = (bar) => {
    const at = Number(bar.dataset.cell);
    const key = `here ${page} ${at}`;
    const code = bar.parentElement.querySelector(".cell_input");
    const original = code.querySelector("pre").textContent.replace(/\n$/, "");
    const [runButton, editButton] = bar.querySelectorAll("button");
    const stopButton = element("button", "here-stop", { type: "button", textContent: words.stop, hidden: true });
    const restoreButton = element("button", "here-restore", { type: "button", textContent: words.restore, hidden: true });
    const status = element("span", "here-status");
    status.setAttribute("role", "status");
    const versions = element("p", "here-versions", { hidden: true });
    const output = element("pre", "here-output", { hidden: true, tabIndex: 0 });
    output.setAttribute("aria-live", "polite");
    bar.append(stopButton, restoreButton, status, versions, output);
    let editor;

    const size = () => (editor.rows = Math.max(2, editor.value.split("\n").length));
    const kept = (value) => {
      try {
        if (value === undefined) return JSON.parse(localStorage.getItem(key));
        if (value) localStorage.setItem(key, JSON.stringify(value));
        else localStorage.removeItem(key);
      } catch { /* a browser that keeps nothing */ }
      return null;
    };
    const edit = (text = original) => {
      if (!editor) {
        editor = element("textarea", "here-code", { spellcheck: false, value: text, wrap: "off" });
        editor.setAttribute("autocapitalize", "off");
        editor.setAttribute("autocomplete", "off");
        editor.setAttribute("aria-label", words.code);
        editor.addEventListener("input", () => {
          size();
          changed();
        });
        editor.addEventListener("keydown", typed);
        code.after(editor);
        code.hidden = true;
        editButton.hidden = true;
        size();
      }
    };
    const changed = () => {
      const differs = editor.value !== original;
      restoreButton.hidden = !differs;
      kept(differs ? [original, editor.value] : null);
    };
    const typed = (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        if (stopButton.hidden) run(cell);
      } else if (event.key === "Enter" && !event.shiftKey && !event.altKey && !event.isComposing) {
        // The next line begins where this one does, or deeper after a colon.
        const line = editor.value.slice(0, editor.selectionStart).split("\n").pop();
        event.preventDefault();
        const indent = line.match(/^ */)[0] + (/:\s*$/.test(line) ? "    " : "");
        document.execCommand("insertText", false, `\n${indent}`); // unlike a new value, it can be undone
      } else if (event.key === "Escape" && stopButton.hidden) {
        event.stopPropagation();
        runButton.focus();
      }
    };

    const cell = {
      at,
      text: () => editor?.value ?? original,
      begin(said) {
        const focused = document.activeElement === runButton;
        [runButton.hidden, stopButton.hidden, output.hidden, output.textContent] = [true, false, true, ""];
        output.classList.remove("here-error");
        if (focused) stopButton.focus();
        cell.status(said);
      },
      status(said, silent) {
        status.setAttribute("aria-live", silent ? "off" : "polite");
        status.textContent = said;
      },
      print(text) {
        output.hidden = false;
        output.append(text);
      },
      finish({ said, ran, long }) {
        const focused = document.activeElement === stopButton;
        [runButton.hidden, stopButton.hidden] = [false, true];
        if (focused) runButton.focus();
        if (long) cell.print(`\n${words.long}`);
        output.classList.toggle("here-error", ran === false);
        cell.status(said ?? (output.hidden ? words.nothing : ""));
        if (ran !== undefined && !versionsShown) {
          versionsShown = true;
          versions.hidden = false;
          versions.textContent = say(words.versions, facts);
        }
        if (ran) {
          if (cell.sent === original) delete accepted[at];
          else accepted[at] = cell.sent;
        }
      },
    };

    runButton.addEventListener("click", () => run(cell));
    stopButton.addEventListener("click", stop);
    bar.parentElement.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !stopButton.hidden) stop();
    });
    editButton.addEventListener("click", () => {
      edit();
      editor.focus();
      const last = editor.value.indexOf("...", editor.value.lastIndexOf("\n") + 1);
      const dots = last < 0 ? editor.value.indexOf("...") : last;
      if (dots >= 0 && "exercise" in bar.dataset) editor.setSelectionRange(dots, dots + 3);
    });
    restoreButton.addEventListener("click", () => {
      editor.value = original;
      size();
      changed();
      editor.focus();
    });
    const [of, text] = kept() ?? [];
    if (of === original && text) {
      edit(text);
      changed();
    }
  };

  document.querySelectorAll(".here").forEach(makeCell);
});
