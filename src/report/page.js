
"use strict";
(() => {
  const { labels, documents, names } = JSON.parse(document.getElementById("data").textContent);
  const [NAME, LABEL, DOCUMENTS, MENTIONS, FROM, TO, PLACE, LINK, COUNTRY, IN] = names.length ? names[0].keys() : [];
  const at = (id) => document.getElementById(id);
  const query = at("query"), kind = at("kind"), status = at("status"), found = at("found"), more = at("more");
  const detail = at("detail"), map = at("map");
  const count = (number) => number.toLocaleString("en");
  const STEP = 50;

  // Only text is ever put into elements, never markup.
  const make = (tag, text, attributes) => {
    const element = document.createElement(tag);
    if (text !== undefined && text !== null) element.textContent = text;
    for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
    return element;
  };

  // Letters that do not come apart into a letter and a mark.
  const PLAIN = { "ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "’": "'" };
  const fold = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "")
    .replace(/[łøđßæœı’]/g, (letter) => PLAIN[letter]);
  const folded = names.map((name) => fold(name[NAME]));

  // Names that hold all words of the query; those that start with it come first.
  const matches = () => {
    const words = fold(query.value).split(/\s+/).filter(Boolean);
    const start = words.join(" ");
    const ranks = [[], [], []];
    for (let i = 0; i < names.length; i++) {
      if (kind.value !== "" && names[i][LABEL] !== Number(kind.value)) continue;
      const text = folded[i];
      if (!words.every((word) => text.includes(word))) continue;
      ranks[text.startsWith(start) ? 0 : text.includes(" " + start) ? 1 : 2].push(i);
    }
    return ranks.flat();
  };

  let results = [];
  const show = (from) => {
    for (const i of results.slice(from, from + STEP)) {
      const item = make("li");
      item.append(make("a", names[i][NAME], { href: "#n" + i }), " ",
        make("span", labels[names[i][LABEL]] + ", " + count(names[i][DOCUMENTS]), { class: "kind" }));
      found.append(item);
    }
    more.hidden = found.children.length >= results.length;
  };
  const search = () => {
    found.replaceChildren();
    const wanted = query.value.trim() !== "" || kind.value !== "";
    results = wanted ? matches() : [];
    status.textContent = wanted ? (results.length === 1 ? "1 name" : count(results.length) + " names") : "";
    show(0);
  };
  query.addEventListener("input", search);
  kind.addEventListener("change", search);
  more.addEventListener("click", () => {
    const from = found.children.length;
    show(from);
    found.children[from].firstChild.focus();
  });

  // Arrows move from the box through the results; Enter in the box opens the first.
  const step = (event) => {
    const links = [...found.querySelectorAll("a")];
    const here = links.indexOf(document.activeElement);
    if (event.key === "Enter" && document.activeElement === query && links.length) location.hash = links[0].hash;
    const next = event.key === "ArrowDown" ? links[here + 1] : event.key === "ArrowUp" ? links[here - 1] || query : null;
    if (next) { event.preventDefault(); next.focus(); }
  };
  query.addEventListener("keydown", step);
  found.addEventListener("keydown", step);
  for (const button of document.querySelectorAll(".all")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      kind.value = button.dataset.kind;
      query.value = "";
      search();
      query.focus();
    });
  }

  const degrees = (number, positive, negative) => Math.abs(number).toFixed(2) + "° " + (number < 0 ? negative : positive);
  const open = (i) => {
    const name = names[i];
    detail.replaceChildren();
    const facts = make("dl", null, { class: "facts" });
    const fact = (term, text) => {
      if (!text) return;
      const pair = make("div");
      pair.append(make("dt", term), make("dd", text));
      facts.append(pair);
    };
    fact("Kind", labels[name[LABEL]]);
    fact("Documents", count(name[DOCUMENTS]));
    fact("Mentions", count(name[MENTIONS]));
    fact("From", name[FROM]);
    fact("To", name[TO]);
    if (name[PLACE]) {
      const [place, region, country, north, east, id] = name[PLACE];
      fact("Place", [place, region, country].filter(Boolean).join(", "));
      fact("At", degrees(north, "N", "S") + ", " + degrees(east, "E", "W"));
      fact("GeoNames", String(id));
    }
    fact("Country", name[COUNTRY]);
    fact("Link", name[LINK]);
    const close = make("button", "Close", { type: "button", class: "close" });
    close.addEventListener("click", () => {
      history.pushState(null, "", location.pathname + location.search);
      detail.hidden = true;
      query.focus();
    });
    const list = make("ol");
    for (const [number, mentions, snippet] of name[IN]) {
      const [title, id, date, address] = documents[number];
      const item = make("li"), heading = make("h3");
      heading.append(address ? make("a", title, { href: address, rel: "noreferrer" }) : title);
      const facts = [date, title === id ? null : id, mentions === 1 ? "1 mention" : count(mentions) + " mentions"];
      item.append(heading, make("p", facts.filter(Boolean).join(" · "), { class: "note" }));
      if (snippet.length) {
        const quote = make("blockquote");
        snippet.forEach((piece, n) => quote.append(n % 2 ? make("mark", piece) : piece));
        item.append(quote);
      }
      list.append(item);
    }
    detail.append(close, make("h2", name[NAME], { id: "name" }), facts, list);
    if (name[IN].length < name[DOCUMENTS]) {
      detail.append(make("p", `These are ${count(name[IN].length)} of its ${count(name[DOCUMENTS])} documents, those that mention it most.`, { class: "note" }));
    }
    detail.hidden = false;
    detail.focus({ preventScroll: true });
    detail.scrollIntoView({ block: "start" });
  };
  const follow = () => {
    const i = /^#n\d+$/.test(location.hash) ? Number(location.hash.slice(2)) : -1;
    if (names[i]) open(i); else detail.hidden = true;
  };
  addEventListener("hashchange", follow);
  addEventListener("popstate", follow);
  follow();

  if (!map) return;
  const world = map.viewBox.baseVal, [left, top, width, height] = [world.x, world.y, world.width, world.height];
  const dots = [...map.querySelectorAll("circle")], texts = [...map.querySelectorAll("text")];
  const radius = dots.map((dot) => Number(dot.getAttribute("r")));
  const gap = texts.map((text) => ["x", "y"].map((axis) => Number(text.getAttribute(axis)) - Number(text.dataset[axis])));
  const size = () => parseFloat(getComputedStyle(map).getPropertyValue("--size")) || 46;
  let zoom = 1, x = left + width / 2, y = top + height / 2, shown = [x, y];
  const draw = () => {
    map.classList.toggle("zoomed", zoom > 1);
    // A small screen shows more than the strip that the whole world is.
    const w = width / zoom, h = zoom === 1 ? height : Math.min(w * map.clientHeight / map.clientWidth, height) || height;
    // Only what is shown stops at the edges: zooming further goes on to x and y.
    shown = [Math.min(Math.max(x, left + w / 2), left + width - w / 2), Math.min(Math.max(y, top + h / 2), top + height - h / 2)];
    map.setAttribute("viewBox", [shown[0] - w / 2, shown[1] - h / 2, w, h].join(" "));
    // Dots stay as large as they were on the screen, and large enough on a small one.
    const small = map.clientWidth < 600 ? 2.5 : 1;
    dots.forEach((dot, i) => dot.setAttribute("r", radius[i] * small / zoom));
    texts.forEach((text, i) => {
      text.setAttribute("x", Number(text.dataset.x) + gap[i][0] / zoom);
      text.setAttribute("y", Number(text.dataset.y) + gap[i][1] / zoom);
      text.style.fontSize = zoom === 1 ? "" : size() / zoom + "px";
      text.style.strokeWidth = zoom === 1 ? "" : size() / 5 / zoom + "px";
    });
  };
  const scale = (factor) => {
    // The first step goes to where most documents are.
    if (zoom === 1 && factor > 1) [x, y] = [Number(dots[0].getAttribute("cx")), Number(dots[0].getAttribute("cy"))];
    zoom = Math.min(Math.max(zoom * factor, 1), 40);
    draw();
  };
  document.querySelector(".tools").hidden = false;
  addEventListener("resize", draw);
  draw();
  at("in").addEventListener("click", () => scale(2));
  at("out").addEventListener("click", () => scale(0.5));
  at("world").addEventListener("click", () => { zoom = 1; draw(); });
  let held = null;
  map.addEventListener("pointerdown", (event) => { if (zoom > 1) held = [event.clientX, event.clientY, ...shown]; });
  addEventListener("pointermove", (event) => {
    if (!held) return;
    const unit = width / zoom / map.clientWidth;
    x = held[2] - (event.clientX - held[0]) * unit;
    y = held[3] - (event.clientY - held[1]) * unit;
    draw();
    [x, y] = shown;
  });
  addEventListener("pointerup", () => { held = null; });
  addEventListener("pointercancel", () => { held = null; });
  map.addEventListener("click", (event) => {
    const dot = event.target.closest("circle");
    if (dot) location.hash = "#n" + dot.dataset.name;
  });
})();
