/* What the search offers, the best last as Sphinx shows it: the answers to error messages (index
   entries), then pages by their titles, glossary terms, sections by their titles, names of the
   package, and pages by their text, which lead to the section that holds the words. Where few
   chapters have all words of the query, those follow that have most of them. */
addEventListener("DOMContentLoaded", () => {
  const stemmer = new Stemmer();
  const stems = (text) => new Set(
    splitQuery(text.toLowerCase())
      .filter((word) => !stopwords.includes(word) && !/^\d+$/.test(word))
      .map((word) => stemmer.stemWord(word)),
  );
  const within = (some, all) => [...some].every((word) => all.has(word));
  const [PART, TEXT, NAME, SECTION, TERM, PAGE, ANSWER] = [0, 100, 200, 300, 400, 500, 600];
  const FEW = 2;

  const searchWithSphinx = Search._performSearch;
  Search._performSearch = (query, words, excluded, ...rest) => {
    const { docnames, titles, filenames, alltitles, indexentries } = Search._index;
    const asked = query.toLowerCase().trim();
    const found = new Map(); // a page and a place on it, and the best that leads there
    const offer = (result, rank) => {
      const key = result[0] + result[2];
      if (!(found.get(key)?.[4] >= rank)) found.set(key, result.with(4, rank));
    };
    const place = (file, id, part) => [
      docnames[file], part ? `${titles[file]} > ${part}` : titles[file],
      id ? `#${id}` : "", null, 0, filenames[file],
    ];

    for (const [title, places] of Object.entries(alltitles)) {
      const own = stems(title);
      const share = (99 * words.size) / own.size; // of the title, that the query names
      if (words.size && within(words, own))
        for (const [file, id] of places)
          if (id) offer(place(file, id, title), SECTION + share);
          else if (title === titles[file].replace(/<[^>]*>/g, "")) offer(place(file), PAGE + share);
    }
    for (const [entry, places] of Object.entries(indexentries))
      for (const [file, id, main] of places)
        if (id.startsWith("term-")) {
          // In Chinese a term has its English name behind it.
          if (entry.split(/[（）]/).includes(asked)) offer(place(file, id, entry), TERM);
        } else if (main && entry.includes(asked) && 2 * asked.length >= entry.length)
          offer(place(file, id, entry), ANSWER);

    const apart = (page) => (/\/(a_|index)/.test(page) ? 5 : 0); // chapters come before the others
    for (const result of searchWithSphinx(query, words, excluded, ...rest)) {
      const [page, , at, description, score] = result;
      if (description !== null) offer(result, NAME + score);
      else if (!at && !found.has(page)) offer(result, TEXT + score - apart(page));
    }
    if ([...found.values()].filter(([page]) => !apart(page)).length < FEW) {
      const held = new Map();
      for (const word of words)
        for (const result of Search.performTermsSearch(new Set([word]), excluded))
          held.set(result[0], [...(held.get(result[0]) ?? []), result]);
      for (const [page, results] of held)
        if (2 * results.length >= words.size && !found.has(page))
          offer(results[0], PART + 50 * (results.length / words.size) - apart(page));
    }
    return [...found.values()].sort((a, b) => a[4] - b[4] || b[1].localeCompare(a[1]));
  };

  const inWords = (part) => {
    const copy = part.cloneNode(true);
    copy.querySelectorAll("script, style, template, .math, .headerlink, .facts, div.cell_input")
      .forEach((other) => other.remove());
    return copy.textContent.replace(/\s+/g, " ").trim();
  };
  Search.makeSearchSummary = (html, words, place) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    const places = (text) =>
      [...words].map((word) => text.toLowerCase().indexOf(word)).filter((start) => start >= 0);
    const summary = document.createElement("p");
    summary.className = "context";

    let part = page.querySelector("article") ?? page.body;
    if (place) {
      const target = page.getElementById(place.slice(1));
      part = target?.closest("dt")?.nextElementSibling ?? target?.closest("section") ?? part;
    } else {
      // The shortest section that holds as many of the words as any on the page.
      const sections = [...part.querySelectorAll("section section")].map((section) => {
        const text = inWords(section);
        return { section, held: places(text).length, length: text.length };
      });
      sections.sort((a, b) => b.held - a.held || a.length - b.length);
      if (sections[0]?.held) part = sections[0].section;
      queueMicrotask(() => {
        const link = summary.closest("li")?.querySelector("a");
        if (link?.dataset.score < NAME) link.hash = part.id;
      });
    }
    const text = inWords(part);
    const start = Math.max(Math.min(...places(text), text.length) - 120, 0) % text.length;
    summary.textContent = (start ? "…" : "") + text.slice(start, start + 240).trim()
      + (start + 240 < text.length ? "…" : "");
    return summary;
  };
});
