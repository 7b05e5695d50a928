/* Draws the figures of dlcore/interactive: replaces each still by a plot with sliders.

   A frame is an object, each part of which may be missing (lengths in data.units, y downwards):
     image: [rows, columns, base64 of a PNG], contours: a path's "d",
     lines: one "x y x y ..." a line, points: one path's "d" a class, text: a sentence.
   A figure of dlcore/interactive/kernel.py has no frames: `slide` computes what it shows; one of
   another kind is computed by the script of that name, with what `shared` has for all of them.
   Heavy data lie in a file of their own, fetched when the reader comes near the figure. */
"use strict";

(() => {
  const stroke = (tag, at, attributes) =>
    `<${tag} ${tag === "path" ? "d" : "points"}="${at}" fill="none" vector-effect="non-scaling-stroke" ${attributes}/>`;

  const drawImage = ([rows, columns, png], units) => {
    const [w, h] = [units / (columns - 1), units / (rows - 1)]; // values stand in the cells' middles
    return `<image href="data:image/png;base64,${png}" x="${-w / 2}" y="${-h / 2}" width="${units + w}"
      height="${units + h}" preserveAspectRatio="none"/>`;
  };

  const drawLine = (at, colour, dashes) =>
    stroke("polyline", at, `stroke="${colour}" stroke-width="2.5" stroke-dasharray="${dashes}"`) +
    drawDots(`M${at.split(" ").slice(-2).join(" ")}h1`, colour, "round", 9);

  const drawDots = (at, colour, form, size) =>
    stroke("path", at, `class="outline" stroke-linecap="${form}" stroke-width="${size + 2}"`) +
    stroke("path", at, `stroke="${colour}" stroke-linecap="${form}" stroke-width="${size}"`);

  const draw = (frame, { background, colours, dashes, units }) => {
    const both = (layer) => [background[layer], frame[layer]].filter(Boolean);
    return [
      ...both("image").map((image) => drawImage(image, units)),
      ...both("contours").map((at) => stroke("path", at, 'class="contour"')),
      ...both("lines").flat().map((at, i) => (at ? drawLine(at, colours[i], dashes[i]) : "")),
      ...both("points").flatMap((classes) =>
        classes.map((at, i) => drawDots(at, colours[i], i % 2 ? "square" : "round", i % 2 ? 5 : 6)),
      ),
    ].join("");
  };

  /* Each of these takes a figure's elements and returns what shows the sliders' values `at`. */
  const leaf = (live, data) => {
    const svg = live.querySelector(".interactive-plot svg");
    return (at) => {
      const frame = data.frames[at.reduce((sum, value, i) => sum * data.labels[i].length + value, 0)];
      svg.innerHTML = draw(frame, data);
      return frame.text ?? data.background.text ?? "";
    };
  };

  const slide = (live, { image, kernels, heaviest, cell, colours, text }) => {
    const weights = [...live.querySelectorAll(".interactive-kernel input")];
    const sliders = [...live.querySelectorAll("input[type=range]")];
    const selects = [...live.querySelectorAll("select")];
    const [picture, map] = live.querySelectorAll(".interactive-pair svg");
    const changed = () => live.dispatchEvent(new Event("input"));
    const written = (value, digits) => `${Number(value.toFixed(digits))}`.replace("-", "−");
    const number = (text) => {
      const [, top, bottom] = text.trim().replace("−", "-").replace(",", ".")
        .match(/^([-+]?(?:\d+\.?\d*|\.\d+))(?:\s*\/\s*(\d+))?$/) ?? []; // 0.5, or 1/3
      return Number(top) / Number(bottom ?? 1);
    };
    const within = (value) => Math.max(-heaviest, Math.min(heaviest, value));
    const weight = ({ value }) => (Number.isFinite(number(value)) ? within(number(value)) : 0);
    const arrows = (input, step) =>
      input.addEventListener("keydown", (event) => {
        const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
        if (!way) return;
        event.preventDefault();
        step(way);
        changed();
      });

    weights.forEach((input) => {
      arrows(input, (way) => (input.value = Number(within(weight(input) + way).toFixed(4))));
      input.addEventListener("change", () => {
        if (weight(input) !== number(input.value)) input.value = weight(input);
        changed();
      });
    });
    arrows(sliders[0], (way) => (sliders[0].value -= way)); // down the image, not down the numbers
    live.querySelectorAll("button").forEach((button, k) =>
      button.addEventListener("click", () => {
        const put = kernels[k] ?? weights.map((input) => input.value).reverse(); // the last one turns
        weights.forEach((input, i) => (input.value = put[i]));
        changed();
      }),
    );

    /* Along an axis of n pixels: windows, and pixels of padding before and after, as in Keras. */
    const axis = (n, stride, span) => {
      if (selects[1].value === "valid") return [Math.floor((n - span) / stride) + 1, 0, 0];
      const windows = Math.ceil(n / stride);
      const padding = Math.max((windows - 1) * stride + span - n, 0);
      return [windows, Math.floor(padding / 2), Math.ceil(padding / 2)];
    };
    const geometry = () => {
      const [stride, dilation] = [Number(selects[0].value), Number(selects[2].value)];
      const span = 2 * dilation + 1;
      const [rows, top, bottom] = axis(image.length, stride, span);
      const [columns, left, right] = axis(image[0].length, stride, span);
      return { stride, dilation, span, rows, top, bottom, columns, left, right };
    };
    let pinned = null; // where the window stood before the pointer only passed over
    const move = (at) => {
      sliders.forEach((slider, axis) => (slider.value = at[axis]));
      changed();
    };
    [picture, map].forEach((svg, k) => {
      const follow = (event) => {
        pinned = event.buttons ? null : (pinned ?? sliders.map((slider) => slider.value));
        const box = svg.getBoundingClientRect();
        const unit = svg.viewBox.baseVal.width / cell / box.width;
        const at = [event.clientY - box.top, event.clientX - box.left].map((length) => length * unit);
        const { stride, dilation } = geometry(); // in the image, the window's middle follows
        move(at.map((place) => (k ? Math.floor(place) : Math.round((place - 0.5 - dilation) / stride))));
      };
      svg.addEventListener("pointerdown", follow);
      svg.addEventListener("pointermove", follow);
      svg.addEventListener("pointerleave", () => {
        if (pinned) move(pinned);
        pinned = null;
      });
    });

    const square = (y, x, side, rest) =>
      `<rect x="${cell * x}" y="${cell * y}" width="${cell * side}" height="${cell * side}" ${rest}/>`;
    const cells = (svg, rows, fill, windows) => {
      svg.innerHTML = rows.flatMap((row, y) => row.map((value, x) => {
        const words = written(value, 1); // the longer, the smaller
        return square(y, x, 1, fill(value, y, x)) + `<text x="${cell * (x + 0.5)}"
          y="${cell * (y + 0.5)}" font-size="${Math.min(44, 130 / words.length)}">${words}</text>`;
      })).join("") + windows.map(([y, x, side, name]) => square(y, x, side, `class="${name}"`)).join("");
      svg.setAttribute("viewBox", `0 0 ${cell * rows[0].length} ${cell * rows.length}`);
      svg.parentElement.style.setProperty("--columns", rows[0].length);
    };

    return () => {
      const { stride, dilation, span, rows, top, bottom, columns, left, right } = geometry();
      [rows, columns].forEach((windows, axis) => (sliders[axis].max = windows - 1));
      const [i, j] = sliders.map((slider) => Number(slider.value));
      const kernel = weights.map(weight);
      weights.forEach((input) => input.setAttribute("aria-invalid", !Number.isFinite(number(input.value))));
      const table = (height, width, value) =>
        Array.from({ length: height }, (_, y) => Array.from({ length: width }, (_, x) => value(y, x)));
      const inside = (y, x) => image[y - top]?.[x - left] !== undefined;
      const padded = table(top + image.length + bottom, left + image[0].length + right,
        (y, x) => image[y - top]?.[x - left] ?? 0);
      const places = (y, x) =>
        kernel.map((_, k) => [y * stride + Math.floor(k / 3) * dilation, x * stride + (k % 3) * dilation]);
      const under = (y, x) => places(y, x).map(([row, column]) => padded[row][column]);
      const sum = (y, x) => under(y, x).reduce((total, pixel, k) => total + pixel * kernel[k], 0);
      const features = table(rows, columns, sum);
      const [ink, most] = [image, features].map((all) => Math.max(...all.flat().map(Math.abs)) || 1);
      const taps = dilation > 1 ? places(i, j).map((at) => [...at, 1, "tap"]) : [];
      cells(picture, padded, (v, y, x) => `${inside(y, x) ? "" : 'class="padding"'} fill="currentColor"
        fill-opacity="${(0.35 * v) / ink}"`, [...taps, [i * stride, j * stride, span, "window"]]);
      cells(map, features, (v) => `fill="${colours[v < 0 ? 0 : 1]}" fill-opacity="${0.6 * Math.abs(v / most)}"`,
        [[i, j, 1, "window"]]);
      const factor = (value) => (value < 0 ? `(${written(value, 4)})` : written(value, 4));
      const products = under(i, j).map((pixel, k) => `${pixel}\u00a0·\u00a0${factor(kernel[k])}`);
      live.querySelector(".interactive-sum").textContent =
        [0, 3, 6].map((k) => products.slice(k, k + 3).join(" + ")).join("\n+ ") + `\n= ${written(sum(i, j), 4)}`;
      const parts = { i, j, sum: written(sum(i, j), 4) };
      return text.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
    };
  };

  /* One number in [0, 1] a pixel, as the page's ink: black, more or less transparent. */
  const paint = (canvas, width, height, value) => {
    [canvas.width, canvas.height] = [width, height];
    const context = canvas.getContext("2d", { willReadFrequently: true });
    const pixels = context.createImageData(width, height);
    for (let k = 0; k < width * height; k++) pixels.data[4 * k + 3] = 255 * value(k % width, Math.floor(k / width));
    context.putImageData(pixels, 0, 0);
  };

  const shared = {
    paint,
    /* Arrays of these sizes. Half precision: a sign, five bits of exponent, ten of fraction. */
    decode: (text, sizes) => {
      const view = new DataView(Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0)).buffer);
      let at = 0;
      return sizes.map((size) => Float32Array.from({ length: size }, () => {
        const half = view.getUint16(2 * at++, true);
        const [exponent, fraction] = [(half >> 10) & 31, (half & 1023) / 1024];
        return (half >> 15 ? -1 : 1) * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
      }));
    },
    softmax: (logits) => {
      const largest = Math.max(...logits);
      const powers = Array.from(logits, (value) => Math.exp(value - largest));
      const sum = powers.reduce((total, power) => total + power);
      return powers.map((power) => power / sum);
    },
    /* Two sentences; after a Chinese one stands no space. */
    together: (first, second) => first + (first.endsWith("。") ? "" : " ") + second,
  };

  const activate = (figure, data) => {
    const live = document.createElement("div");
    live.className = "interactive-live";
    live.append(figure.querySelector("template").content.cloneNode(true));
    const sliders = [...live.querySelectorAll("input[type=range]")];
    const outputs = [...live.querySelectorAll("output")];
    const text = live.querySelector(".interactive-text");
    const shown = (data.frames ? leaf : data.kind ? window.bookFigures[data.kind] : slide)(live, data, shared);

    const show = () => {
      const at = () => sliders.map((slider) => Number(slider.value));
      text.textContent = shown(at()).replaceAll(" %", "\u00a0%");
      at().forEach((value, i) => {
        outputs[i].textContent = data.labels[i][value];
        sliders[i].setAttribute("aria-valuetext", data.labels[i][value]);
      });
    };
    live.addEventListener("input", show);
    show();
    figure.append(live);
    figure.classList.add("interactive-on");
  };

  /* The file is a script, so that a page opened without a server gets it too. Until it is there,
     and where it cannot be had, the still stands. */
  const [files, arrived] = [{}, {}];
  window.bookFigureData = (key, data) => arrived[key](data);
  const fetched = ({ key, apart }) => (files[key] ??= new Promise((resolve) => {
    arrived[key] = resolve;
    document.head.append(Object.assign(document.createElement("script"), { src: apart }));
  }));
  const near = new IntersectionObserver((entries) => {
    entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
      near.unobserve(target);
      fetched(target.querySelector("script").dataset).then((data) => activate(target, data));
    });
  }, { rootMargin: "600px" });

  const start = () => document.querySelectorAll(".interactive:not(.interactive-on)").forEach((figure) => {
    const data = figure.querySelector("script");
    data.dataset.apart ? near.observe(figure) : activate(figure, JSON.parse(data.textContent));
  });
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", start) : start();
})();
