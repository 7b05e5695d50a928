/* The figure of dlcore/interactive/digit.py: what is drawn becomes an image in MNIST's form,
   and the article's network reads it. Lengths in pixels of that image. */
"use strict";

(() => {
  const SIDE = 28;
  const BOX = 20; // the longer side of a digit in MNIST
  const PEN = 1.3; // half the pen's width: about as much ink as MNIST's digits have
  const POOLED = (SIDE - 2) / 2;

  /* A convolution with ReLU and its maximum over 2x2 windows, then a dense layer. */
  const forward = (image, [kernel, bias, dense, out]) => {
    const filters = bias.length;
    const maps = new Float32Array(POOLED * POOLED * filters); // starts at 0, as ReLU ends
    const sums = new Float32Array(filters);
    for (let i = 0; i < 2 * POOLED; i++) for (let j = 0; j < 2 * POOLED; j++) {
      sums.set(bias);
      for (let u = 0; u < 3; u++) for (let v = 0; v < 3; v++) {
        const pixel = image[(i + u) * SIDE + j + v];
        if (pixel) for (let f = 0; f < filters; f++) sums[f] += pixel * kernel[(3 * u + v) * filters + f];
      }
      const at = ((i >> 1) * POOLED + (j >> 1)) * filters;
      for (let f = 0; f < filters; f++) maps[at + f] = Math.max(maps[at + f], sums[f]);
    }
    const logits = Float32Array.from(out);
    maps.forEach((value, k) => {
      if (value) for (let c = 0; c < logits.length; c++) logits[c] += value * dense[logits.length * k + c];
    });
    return { maps, logits };
  };

  /* The ink in each pixel of strokes whose points `place` brings into the image. */
  const raster = (strokes, place) => {
    const image = new Float32Array(SIDE * SIDE);
    for (const stroke of strokes) stroke.forEach((point, i) => {
      const [x0, y0] = place(stroke[Math.max(i - 1, 0)]);
      const [dx, dy] = place(point).map((to, axis) => to - [x0, y0][axis]);
      image.forEach((value, k) => {
        const [x, y] = [(k % SIDE) + 0.5 - x0, Math.floor(k / SIDE) + 0.5 - y0];
        const along = Math.max(0, Math.min(1, (x * dx + y * dy) / (dx * dx + dy * dy || 1)));
        image[k] = Math.max(value, Math.min(1, PEN + 0.5 - Math.hypot(x - along * dx, y - along * dy)));
      });
    });
    return image;
  };

  /* Strokes in a field of side 1 -> an image; as MNIST's were made, or as they are. */
  const ink = (strokes, centred) => {
    if (!centred) return raster(strokes, (point) => point.map((at) => at * SIDE));
    const axes = [0, 1].map((axis) => strokes.flat().map((point) => point[axis]));
    const ends = axes.map((all) => [Math.min(...all), Math.max(...all)]);
    const scale = (BOX - 2 * PEN) / (Math.max(...ends.map(([low, high]) => high - low)) || 1);
    const place = (shift) => (point) =>
      point.map((at, axis) => SIDE / 2 + shift[axis] + scale * (at - (ends[axis][0] + ends[axis][1]) / 2));
    const mass = [0, 0, 0];
    raster(strokes, place([0, 0])).forEach((value, k) => {
      [(k % SIDE) + 0.5, Math.floor(k / SIDE) + 0.5, 1].forEach((at, i) => (mass[i] += value * at));
    });
    return raster(strokes, place([0, 1].map((axis) => SIDE / 2 - mass[axis] / mass[2])));
  };

  const digit = (live, data, { paint, decode, softmax, together }) => {
    const { filters } = data;
    const network = decode(data.weights, [9 * filters, filters, 10 * POOLED * POOLED * filters, 10]);
    const pixels = Uint8Array.from(atob(data.examples), (sign) => sign.charCodeAt(0));
    const field = live.querySelector("svg");
    const [seen, maps] = live.querySelectorAll("canvas");
    const bars = [...live.querySelectorAll("li")];
    const [clear, ...choices] = live.querySelectorAll("button");
    const centred = live.querySelector("input[type=checkbox]");
    let [strokes, example] = [[], 0];
    const changed = () => live.dispatchEvent(new Event("input"));
    const shown = (i) => {
      [strokes, example] = [[], i];
      choices.forEach((button, k) => button.setAttribute("aria-pressed", k === i));
      changed();
    };
    choices.forEach((button, i) => button.addEventListener("click", () => shown(i)));
    clear.addEventListener("click", () => shown(null));

    const at = (event) => {
      const box = field.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    let pen = null; // the pointer that draws: a second finger does not
    field.addEventListener("pointerdown", (event) => {
      if (pen !== null || event.button) return;
      if (example !== null) shown(null);
      pen = event.pointerId;
      field.setPointerCapture(pen);
      strokes.push([at(event)]);
      changed();
    });
    field.addEventListener("pointermove", (event) => {
      if (event.pointerId !== pen) return;
      const [stroke, to] = [strokes.at(-1), at(event)];
      if (Math.hypot(...stroke.at(-1).map((from, axis) => to[axis] - from)) < 0.01) return;
      stroke.push(to);
      changed();
    });
    for (const end of ["pointerup", "pointercancel"])
      field.addEventListener(end, (event) => (pen = event.pointerId === pen ? null : pen));

    return () => {
      const image = example === null ? ink(strokes, centred.checked)
        : Float32Array.from(pixels.slice(example * SIDE * SIDE, (example + 1) * SIDE * SIDE), (value) => value / 255);
      const result = forward(image, network);
      const shares = softmax(result.logits);
      const blank = example === null && !strokes.length;
      paint(seen, SIDE, SIDE, (x, y) => image[y * SIDE + x]);
      field.innerHTML = example === null
        ? strokes.map((stroke) => `<polyline points="${[stroke[0], ...stroke].join(" ")}"/>`).join("")
        : `<image width="1" height="1" href="${seen.toDataURL()}"/>`;
      const [columns, largest] = [8, Math.max(...result.maps) || 1];
      const rows = Math.ceil(filters / columns);
      paint(maps, columns * (POOLED + 1), rows * (POOLED + 1), (x, y) => {
        const filter = Math.floor(y / (POOLED + 1)) * columns + Math.floor(x / (POOLED + 1));
        const [i, j] = [y % (POOLED + 1), x % (POOLED + 1)];
        const gap = i === POOLED || j === POOLED || filter >= filters;
        return gap || blank ? 0 : result.maps[(i * POOLED + j) * filters + filter] / largest;
      });
      bars.forEach((bar, i) => bar.style.setProperty("--share", blank ? 0 : shares[i]));
      if (blank) return "";
      const read = shares.indexOf(Math.max(...shares));
      const words = data.text.replace("{digit}", read).replace("{share}", Math.round(100 * shares[read]));
      return example === null ? words : together(words, data.labelled.replace("{label}", data.exampleLabels[example]));
    };
  };

  window.bookFigures = { ...window.bookFigures, digit };
})();
