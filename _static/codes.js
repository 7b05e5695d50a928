/* The figure of dlcore/interactive/codes.py: a decoder draws the image of a point in the plane of
   its codes. Lengths in the plane are in steps of its sliders, y downwards. */
"use strict";

(() => {
  const codes = (live, { side, steps, neighbours, colours, hidden, out, kernel, codes, codeLabels, axes, text }, { paint }) => {
    const weights = Int8Array.from(atob(kernel), (sign) => sign.charCodeAt(0));
    const [plane, canvas] = [live.querySelector("svg"), live.querySelector("canvas")];
    const sliders = [...live.querySelectorAll("input[type=range]")];
    const buttons = [...live.querySelectorAll("button")];
    const changed = () => live.dispatchEvent(new Event("input"));
    const size = axes[0][1] - axes[0][0]; // the plane is square

    const place = (code) => [steps * (code[0] - axes[0][0]) / size, steps - steps * (code[1] - axes[1][0]) / size];
    plane.innerHTML = codes.map((code, i) => {
      const [x, y] = place(code);
      return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="${colours[codeLabels[i]]}">${codeLabels[i]}</text>`;
    }).join("") + '<circle r="4"/><circle r="4"/>';
    const digits = [...plane.querySelectorAll("text")];
    const rings = plane.querySelectorAll("circle");

    buttons.forEach((button) => button.addEventListener("click", () => {
      const alone = button.getAttribute("aria-pressed") === "false";
      buttons.forEach((other) => other.setAttribute("aria-pressed", alone && other === button));
      digits.forEach((digit) => digit.classList.toggle("faded", alone && digit.textContent !== button.textContent));
    }));

    const follow = (event) => {
      if (!event.buttons) return;
      const box = plane.getBoundingClientRect();
      const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
      [x, 1 - y].forEach((share, axis) => (sliders[axis].value = Math.round(steps * share)));
      changed();
    };
    plane.addEventListener("pointerdown", (event) => {
      plane.setPointerCapture(event.pointerId);
      follow(event);
    });
    plane.addEventListener("pointermove", follow);

    const decode = (code) => {
      const units = hidden[2].map((bias, j) => Math.max(0, bias + code[0] * hidden[0][j] + code[1] * hidden[1][j]));
      const sums = new Float64Array(side * side);
      units.forEach((unit, j) => {
        if (unit) for (let k = 0; k < sums.length; k++) sums[k] += unit * weights[j * sums.length + k];
      });
      return sums.map((sum, k) => 1 / (1 + Math.exp(-out[0][k] * sum - out[1][k])));
    };

    return (at) => {
      const code = at.map((step, axis) => axes[axis][0] + size * step / steps);
      const image = decode(code);
      paint(canvas, side, side, (x, y) => image[y * side + x]);
      const [x, y] = place(code);
      for (const ring of rings) for (const [name, value] of [["cx", x], ["cy", y]]) ring.setAttribute(name, value);
      const nearest = codes.map((other, i) => [Math.hypot(other[0] - code[0], other[1] - code[1]), codeLabels[i]])
        .sort((a, b) => a[0] - b[0]).slice(0, neighbours);
      const counts = Array(10).fill(0);
      for (const [, digit] of nearest) counts[digit] += 1;
      const count = Math.max(...counts);
      const parts = { count, digit: counts.indexOf(count), distance: nearest[0][0].toFixed(1) };
      return text.replace(/\{(\w+)\}/g, (_, name) => parts[name]);
    };
  };

  window.bookFigures = { ...window.bookFigures, codes };
})();
