// The search page. Content of the corpus is set as text, never as markup.
"use strict";
(() => {
  const state = JSON.parse(document.getElementById("state").textContent);
  const [form, q, a, b, status, problem, results] = ["form", "q", "a", "b", "status", "problem", "results"].map((id) => document.getElementById(id));
  const ready = state.variants.filter((one) => one.ready).map((one) => one.name);
  const LATER = ["fused", "late_interaction", "late_interaction_tuned", "cross_encoder", "probability"];
  let opened = new Set((address.get("open") ?? "").split("\n").filter(Boolean));
  let shown = []; // answers, one a column
  let asked = 0;
  let waiting = false; // for the answer to the latest search

  const fill = () => {
    const [left, right] = [a.value || address.get("a") || state.headline, b.options.length ? b.value : address.get("b") ?? ""];
    const option = (one) => make("option", { value: one.name, disabled: one.ready ? null : "" }, one.name);
    a.replaceChildren(...state.variants.map(option));
    b.replaceChildren(make("option", { value: "" }, word("none")), ...state.variants.map(option));
    a.value = ready.includes(left) ? left : state.headline;
    b.value = ready.includes(right) ? right : "";
    const box = document.getElementById("unready");
    const missing = state.variants.filter((one) => !one.ready);
    box.hidden = !missing.length;
    box.querySelector("ul").replaceChildren(...missing.map((one) => make("li", {}, make("code", {}, one.name), ` ${one.why} → `, make("code", {}, one.command))));
  };

  const keep = (push) => {
    const now = new URL(location);
    const values = { q: q.value.trim(), a: a.value, b: b.value, open: [...opened].join("\n"), lang: address.get("lang") ?? "" };
    now.search = "";
    for (const [name, value] of Object.entries(values)) if (value) now.searchParams.set(name, value);
    if (push) history.pushState(null, "", now); else history.replaceState(null, "", now);
  };

  const ask = async (variant) => {
    const answer = await fetch("/v1/search", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ query: q.value, variant, k: 10 }) });
    const body = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(body.error.message), { next: body.error.next_step });
    return body;
  };

  const search = async () => {
    if (!q.value.trim()) { asked++; waiting = false; shown = []; draw(); return; }
    const number = ++asked;
    waiting = true;
    status.textContent = word("searching");
    problem.replaceChildren();
    try {
      const columns = await Promise.all([a.value, b.value].filter(Boolean).map(ask));
      if (number !== asked) return; // a later search was sent
      shown = columns.map(withScores);
    } catch (error) {
      if (number !== asked) return;
      shown = [];
      problem.replaceChildren(make("p", {}, error.message), error.next ? make("p", {}, word("next"), error.next) : "");
    }
    waiting = false;
    draw();
  };

  // A query without a known word scores every passage 0: these are the first by id, not an answer.
  const withScores = (answer) => ({ ...answer, results: answer.results.filter((one) => { const scores = Object.values(one.components).map((part) => part.score).filter((score) => typeof score === "number"); return !scores.length || scores.some((score) => score !== 0); }) });

  const marked = (text, spans, from) => {
    const parts = [];
    let at = from;
    const letters = Array.from(text); // spans count characters as Python does
    for (const [start, end] of spans) {
      if (end <= from) continue;
      const begin = Math.max(start, from);
      parts.push(letters.slice(at, begin).join(""), make("mark", {}, letters.slice(begin, end).join("")));
      at = end;
    }
    parts.push(letters.slice(at).join(""));
    return parts;
  };

  const bars = (result, ranges) => {
    const later = ({ 0: name }) => LATER.indexOf(name); // retrievers first, then what is made of them
    const rows = Object.entries(result.components).filter(([, one]) => typeof one.score === "number").sort((one, other) => later(one) - later(other));
    return make("div", { class: "bars" }, ...rows.map(([name, one]) => {
      const [low, high] = ranges.get(name);
      const fill = make("i");
      fill.style.width = `${high > low ? 6 + (94 * (one.score - low)) / (high - low) : 100}%`;
      const rank = one.rank ? ` #${one.rank}` : "";
      return make("div", { "data-component": name }, make("span", {}, word(name)), make("span", { class: "number" }, `${one.score.toFixed(3)}${rank}`), make("span", { class: "track" }, fill));
    }));
  };

  const movement = (result, other) => {
    if (!other) return "";
    const place = other.results.find((one) => one.docid === result.docid)?.rank;
    if (!place) return make("span", { class: "moved up" }, word("fresh"));
    const by = place - result.rank;
    return make("span", { class: `moved ${by > 0 ? "up" : by < 0 ? "down" : ""}`.trim() }, by ? `${by > 0 ? "▲" : "▼"} ${Math.abs(by)}` : word("same"));
  };

  const hit = (result, ranges, other) => {
    const open = opened.has(result.docid);
    const title = result.title ?? "";
    const from = title ? Array.from(title).length + 1 : 0; // the text starts with the title and a line break
    const node = make("article", { class: "hit", tabindex: "0", "data-docid": result.docid, "data-open": String(open), "aria-expanded": String(open) },
      make("header", {}, make("b", {}, String(result.rank)), make("span", { class: "name" }, ...(title ? marked(title, result.matches.filter(([, end]) => end <= from - 1), 0) : [])), movement(result, other), make("code", {}, result.docid)),
      make("p", {}, ...marked(result.text, result.matches, from)), bars(result, ranges));
    node.addEventListener("click", () => { if (!String(getSelection())) flip(result.docid); });
    return node;
  };

  const flip = (docid) => {
    if (opened.has(docid)) opened.delete(docid); else opened.add(docid);
    for (const node of results.querySelectorAll(".hit")) {
      if (node.dataset.docid !== docid) continue;
      node.dataset.open = String(opened.has(docid));
      node.setAttribute("aria-expanded", String(opened.has(docid)));
    }
    keep(false);
  };

  const draw = () => {
    const first = shown[0];
    status.textContent = waiting ? word("searching") : !first ? "" : !first.results.length ? word("nothing") : word("took", first.results.length, Math.round(Math.max(...shown.map((one) => one.took_ms))));
    results.className = shown.length > 1 ? "results two" : "results";
    results.replaceChildren(...shown.map((answer, at) => {
      const ranges = new Map();
      for (const result of answer.results) for (const [name, one] of Object.entries(result.components)) {
        if (typeof one.score !== "number") continue;
        const [low, high] = ranges.get(name) ?? [one.score, one.score];
        ranges.set(name, [Math.min(low, one.score), Math.max(high, one.score)]);
      }
      const other = at ? shown[0] : null; // places moved against the left column
      return make("section", { class: "column", "aria-label": answer.variant }, make("h2", {}, answer.variant, make("span", {}, `${Math.round(answer.took_ms)} ms`)), ...answer.results.map((result) => hit(result, ranges, other)));
    }));
    document.body.dataset.drawn = String(asked);
  };

  form.addEventListener("submit", (event) => { event.preventDefault(); opened = new Set(); q.blur(); keep(true); search(); });
  for (const select of [a, b]) select.addEventListener("change", () => { keep(true); search(); });
  addEventListener("popstate", () => {
    const now = new URLSearchParams(location.search);
    q.value = now.get("q") ?? "";
    if (now.get("a")) a.value = now.get("a");
    b.value = now.get("b") ?? "";
    opened = new Set((now.get("open") ?? "").split("\n").filter(Boolean));
    search();
  });
  document.addEventListener("language", () => { fill(); draw(); });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing()) { document.activeElement.blur(); return; }
    if (typing()) return;
    const hits = [...results.querySelectorAll(".hit")];
    const at = hits.indexOf(document.activeElement);
    const move = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (event.key === "/") { q.focus(); q.select(); }
    else if (move && hits.length) hits[Math.min(hits.length - 1, Math.max(0, at + move))].focus();
    else if ((event.key === "Enter" || event.key === "o") && at >= 0) flip(hits[at].dataset.docid);
    else if (event.key === "c") { b.value = b.value ? "" : ready.find((name) => name !== a.value) ?? ""; keep(true); search(); }
    else if (event.key === "l") turn();
    else return;
    event.preventDefault();
  });
  fill();
  q.value = address.get("q") ?? "";
  if (q.value) search(); else { q.focus(); draw(); }
})();
