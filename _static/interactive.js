/* Draws the figures of dlcore/interactive.py: replaces each still by a plot with sliders.

   A frame is an object, each part of which may be missing (lengths in data.units, y downwards):
     image: [rows, columns, base64 of a PNG], contours: a path's "d",
     lines: one "x y x y ..." a line, points: one path's "d" a class, text: a sentence.
   A figure of dlcore/interactive_kernel.py has no frames: `slide` computes what it shows. */
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
    const weights = [...live.querySelectorAll("input[type=number]")];
    const sliders = live.querySelectorAll("input[type=range]");
    const [picture, map] = live.querySelectorAll(".interactive-pair svg");
    const changed = () => live.dispatchEvent(new Event("input"));
    const weight = (input) => Math.max(-heaviest, Math.min(heaviest, input.valueAsNumber || 0));
    const written = (value, digits) => `${Number(value.toFixed(digits))}`.replace("-", "−");

    weights.forEach((input) => input.addEventListener("change", () => (input.value = weight(input))));
    live.querySelectorAll("button").forEach((button, k) =>
      button.addEventListener("click", () => {
        weights.forEach((input, i) => (input.value = kernels[k][i]));
        changed();
      }),
    );
    [picture, map].forEach((svg, k) => {
      const follow = (event) => {
        if (event.type === "pointermove" && !event.buttons) return;
        const box = svg.getBoundingClientRect();
        const unit = (svg.viewBox.baseVal.width / cell) / box.width;
        sliders[0].value = Math.floor((event.clientY - box.top) * unit) + k - 1; // the window's middle
        sliders[1].value = Math.floor((event.clientX - box.left) * unit) + k - 1;
        changed();
      };
      svg.addEventListener("pointerdown", follow);
      svg.addEventListener("pointermove", follow);
    });

    const cells = (rows, fill, [i, j], side) =>
      rows.flatMap((row, y) => row.map((value, x) => `<rect x="${cell * x}" y="${cell * y}"
        width="${cell}" height="${cell}" ${fill(value)}/><text x="${cell * (x + 0.5)}"
        y="${cell * (y + 0.5)}">${written(value, 1)}</text>`)).join("") +
      `<rect class="window" x="${cell * j}" y="${cell * i}" width="${cell * side}" height="${cell * side}"/>`;

    return ([i, j]) => {
      const kernel = weights.map(weight);
      const under = (y, x) => kernel.map((_, k) => image[y + Math.floor(k / 3)][x + (k % 3)]);
      const sum = (y, x) => under(y, x).reduce((total, pixel, k) => total + pixel * kernel[k], 0);
      const features = image.slice(2).map((row, y) => row.slice(2).map((_, x) => sum(y, x)));
      const [ink, most] = [image, features].map((rows) => Math.max(...rows.flat().map(Math.abs)) || 1);
      picture.innerHTML = cells(image, (v) => `fill="currentColor" fill-opacity="${(0.35 * v) / ink}"`, [i, j], 3);
      map.innerHTML = cells(features, (v) => `fill="${colours[v < 0 ? 0 : 1]}" fill-opacity="${0.6 * Math.abs(v / most)}"`, [i, j], 1);
      const factor = (value) => (value < 0 ? `(${written(value, 4)})` : written(value, 4));
      const products = under(i, j).map((pixel, k) => `${pixel}\u00a0·\u00a0${factor(kernel[k])}`);
      live.querySelector(".interactive-sum").textContent =
        [0, 3, 6].map((k) => products.slice(k, k + 3).join(" + ")).join("\n+ ") + `\n= ${written(sum(i, j), 4)}`;
      const parts = { i, j, sum: written(sum(i, j), 4) };
      return text.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
    };
  };

  const activate = (figure) => {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const live = document.createElement("div");
    live.className = "interactive-live";
    live.append(figure.querySelector("template").content.cloneNode(true));
    const sliders = [...live.querySelectorAll("input[type=range]")];
    const outputs = [...live.querySelectorAll("output")];
    const text = live.querySelector(".interactive-text");
    const shown = (data.frames ? leaf : slide)(live, data);

    const show = () => {
      const at = sliders.map((slider) => Number(slider.value));
      text.textContent = shown(at);
      at.forEach((value, i) => {
        outputs[i].textContent = data.labels[i][value];
        sliders[i].setAttribute("aria-valuetext", data.labels[i][value]);
      });
    };
    live.addEventListener("input", show);
    show();
    figure.append(live);
    figure.classList.add("interactive-on");
  };

  const start = () => document.querySelectorAll(".interactive:not(.interactive-on)").forEach(activate);
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", start) : start();
})();
