/* Draws the figures of dlcore/interactive.py: replaces each still by a plot with sliders.

   A frame is an object, each part of which may be missing (lengths in data.units, y downwards):
     image: [rows, columns, base64 of a PNG], contours: a path's "d",
     lines: one "x y x y ..." a line, points: one path's "d" a class, text: a sentence.
   A figure whose frames are computed in the page needs only another `frameAt`. */
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

  const activate = (figure) => {
    const data = JSON.parse(figure.querySelector("script").textContent);
    const live = document.createElement("div");
    live.className = "interactive-live";
    live.append(figure.querySelector("template").content.cloneNode(true));
    const svg = live.querySelector(".interactive-plot svg");
    const inputs = [...live.querySelectorAll("input")];
    const outputs = [...live.querySelectorAll("output")];
    const text = live.querySelector(".interactive-text");
    const frameAt = (at) =>
      data.frames[at.reduce((sum, value, i) => sum * data.labels[i].length + value, 0)];

    const show = () => {
      const at = inputs.map((input) => Number(input.value));
      const frame = frameAt(at);
      svg.innerHTML = draw(frame, data);
      text.textContent = frame.text ?? data.background.text ?? "";
      at.forEach((value, i) => {
        outputs[i].textContent = data.labels[i][value];
        inputs[i].setAttribute("aria-valuetext", data.labels[i][value]);
      });
    };
    inputs.forEach((input) => input.addEventListener("input", show));
    show();
    figure.append(live);
    figure.classList.add("interactive-on");
  };

  const start = () => document.querySelectorAll(".interactive").forEach(activate);
  document.readyState === "loading" ? addEventListener("DOMContentLoaded", start) : start();
})();
