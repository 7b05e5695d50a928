/* The figure of dlcore/interactive/letters.py: a GRU reads the letters typed and goes on. */
"use strict";

(() => {
  const WRITTEN = 12; // names that the page keeps
  const COMMA = document.documentElement.lang.startsWith("zh") ? "、" : ", ";

  const sigmoid = (sum) => 1 / (1 + Math.exp(-sum));

  /* One step of a GRU with `reset_after`: kernels row by row, in each row the parts z, r, g. */
  const step = (h, symbol, [kernel, recurrent, biases]) => {
    const [units, width] = [h.length, 3 * h.length];
    const from = (part, i) => kernel[width * symbol + units * part + i] + biases[units * part + i];
    const past = Float64Array.from(biases.subarray(width));
    h.forEach((value, k) => past.forEach((_, j) => (past[j] += value * recurrent[width * k + j])));
    return h.map((value, i) => {
      const [update, reset] = [0, 1].map((part) => sigmoid(from(part, i) + past[units * part + i]));
      return update * value + (1 - update) * Math.tanh(from(2, i) + reset * past[2 * units + i]);
    });
  };

  const letters = (live, { units, weights, symbols, likeliest, labels, text, typed, unknown }, { decode, softmax, together }) => {
    const [count, width] = [symbols.length, 3 * units];
    const network = decode(weights, [count * width, units * width, 2 * width, units * count, count]);
    const [dense, bias] = network.slice(3);
    const field = live.querySelector("input:not([type=range])");
    const slider = live.querySelector("input[type=range]");
    const button = live.querySelector("button");
    const log = live.querySelector("[role=log]");
    const bars = [...live.querySelectorAll("li")];

    const after = (h, symbol) => step(h, symbol, network);
    const shares = (h, temperature) => softmax(Array.from(bias, (start, c) =>
      h.reduce((sum, value, i) => sum + value * dense[count * i + c], start) / temperature));
    const temperature = () => Number(labels[0][slider.value]);

    /* The state after each letter typed; the first has read what stands before all names. NFKC: the
       wide letters of a Chinese keyboard are letters, and a letter with its accent is one sign. */
    const read = () => {
      const before = after(new Float64Array(units), 0);
      const word = [...field.value.trim().toLowerCase().normalize("NFKC")];
      const numbers = word.map((letter) => symbols.indexOf(letter, 1));
      const strange = word[numbers.indexOf(-1)];
      const states = strange ? [] : numbers.reduce((all, symbol) => [...all, after(all.at(-1), symbol)], [before]);
      return { word, numbers, strange, states };
    };

    const write = () => {
      const { word, strange, states } = read();
      if (strange) return;
      let state = states.at(-1);
      while (word.length < field.maxLength) {
        let rest = Math.random();
        const drawn = shares(state, temperature()).findIndex((share) => (rest -= share) < 0);
        if (drawn < 1) break; // the end, and what rounding leaves over
        word.push(symbols[drawn]);
        state = after(state, drawn);
      }
      const name = document.createElement("span");
      name.textContent = word.join("");
      log.append(name, " ");
      while (log.children.length > WRITTEN) log.firstChild.remove();
    };
    button.addEventListener("click", write);
    /* While an input method composes, Enter takes its letters. */
    field.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && write());

    return () => {
      const { numbers, strange, states } = read();
      field.setAttribute("aria-invalid", Boolean(strange));
      button.disabled = Boolean(strange);
      const next = strange ? symbols.map(() => 0) : shares(states.at(-1), temperature());
      bars.forEach((bar, i) => bar.style.setProperty("--share", next[i]));
      if (strange) return unknown.replace("{letters}", symbols.slice(1).join(" ")).replace("{letter}", () => strange);
      const first = [...next.keys()].sort((a, b) => next[b] - next[a]).slice(0, likeliest);
      const said = text.replace("{next}", first.map((i) => `${symbols[i]} ${Math.round(100 * next[i])} %`).join(COMMA));
      if (!numbers.length) return said;
      const bits = numbers.reduce((sum, symbol, t) => sum - Math.log2(shares(states[t], 1)[symbol]), 0);
      return together(said, typed.replace("{bits}", (bits / numbers.length).toFixed(1)));
    };
  };

  window.bookFigures = { ...window.bookFigures, letters };
})();
