/* What every page does: it prints whole and light, its contents close after a choice, its figures
   open as large as they were drawn, and the keys reach what scrolls. */
(() => {
  const page = document.documentElement;
  let theme, folded = [];

  addEventListener("beforeprint", () => {
    theme ??= page.dataset.theme;
    page.dataset.theme = "light";
    folded = [...document.querySelectorAll(".bd-article details:not([open])")];
    folded.forEach((part) => (part.open = true));
  });
  addEventListener("afterprint", () => {
    page.dataset.theme = theme;
    theme = undefined;
    folded.forEach((part) => (part.open = false));
  });

  addEventListener("click", ({ target }) => {
    const drawer = document.getElementById("pst-secondary-sidebar-checkbox");
    if (drawer && target.closest?.(".bd-sidebar-secondary a")) drawer.checked = false;
  });

  // A figure opens at the place that was tapped; the dialog brings its own ways to close it.
  const large = document.querySelector("dialog.enlarged");
  document.querySelectorAll(".enlarge").forEach((way) => {
    const still = way.previousElementSibling;
    const open = (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a tab of its own
      event.preventDefault();
      large.querySelector("img, svg")?.remove();
      large.append(still.cloneNode(true));
      large.showModal();
      const { left, top, width, height } = still.getBoundingClientRect();
      const tapped = event.currentTarget === still;
      large.scrollTo(
        tapped ? (event.clientX - left) / width * large.scrollWidth - large.clientWidth / 2 : 0,
        tapped ? (event.clientY - top) / height * large.scrollHeight - large.clientHeight / 2 : 0,
      );
    };
    [still, way].forEach((part) => part.addEventListener("click", open));
  });
  large?.addEventListener("click", () => large.close());

  // What unfolds a box is named by the title of the box.
  addEventListener("load", () => document.querySelectorAll(".toggle-button").forEach((button) => {
    button.setAttribute("aria-label", button.parentElement.textContent.trim());
  }));

  // A formula is a tab stop only where the keys have to move it.
  const stops = () => document.querySelectorAll("mjx-container").forEach((formula) => {
    const scrolls = getComputedStyle(formula).overflowX === "auto";
    if (scrolls && formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0;
    else formula.removeAttribute("tabindex");
  });
  addEventListener("load", () => window.MathJax?.startup?.promise.then(stops));
  addEventListener("resize", stops);
})();
