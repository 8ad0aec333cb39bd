// The failure explorer. Content of the corpus is set as text, never as markup.
(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  if (data === null) return; // the page shows no ranking
  const app = document.getElementById("explorer-app");
  const [find, focus, chips, found, list, detail] = ["find", "focus", "chips", "found", "queries", "detail"].map((id) => document.getElementById(id));
  const causes = new Map(data.causes);
  const state = { words: "", cause: "fail", query: null, sides: [data.headline, data.variants.find((name) => name !== data.headline) ?? data.headline] };
  const steps = new Map(Object.entries(data.steps));

  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const options = (select, chosen) => {
    select.replaceChildren(...data.variants.map((name) => make("option", { value: name }, name)));
    select.value = chosen;
  };
  const spoken = (query) => query.turns[query.turns.length - 1][1];
  const haystack = new Map(data.queries.map((query) => {
    const seen = new Set(query.relevant.map(([place]) => place));
    Object.values(query.results).forEach((result) => result.list.forEach(([place]) => seen.add(place)));
    const parts = [query.id, query.standalone, ...query.turns.map((turn) => turn[1]), ...[...seen].flatMap((place) => data.docs[place])];
    return [query.id, parts.join("\n").toLowerCase()];
  }));
  const inCause = (query, cause) => {
    const why = query.results[focus.value].cause;
    return cause === "all" || (cause === "fail" ? why !== null : why === cause);
  };
  const words = () => state.words.split(/\s+/).filter(Boolean);
  const marked = (text) => {
    if (!words().length) return [text];
    const any = new RegExp(`(${words().map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`, "gi");
    return text.split(any).map((part, at) => (at % 2 ? make("mark", {}, part) : part));
  };
  const matches = (query) => words().every((word) => haystack.get(query.id).includes(word));

  const showChips = () => {
    const kinds = data.labelled ? [["fail", "실패 모두"], ...data.causes, ["all", "모든 질의"]] : [["all", "모든 질의"]];
    chips.replaceChildren(...kinds.map(([cause, label]) => {
      const count = data.queries.filter((query) => inCause(query, cause)).length;
      const chip = make("button", { type: "button", "aria-pressed": String(cause === state.cause), disabled: count || cause === state.cause ? null : "" }, `${label} `, make("span", { class: "n" }, String(count)));
      chip.addEventListener("click", () => { state.cause = cause; showChips(); showList(); chips.querySelector('[aria-pressed="true"]').focus(); });
      return chip;
    }));
  };

  const outcome = (result) => result.cause ? causes.get(result.cause)
    : result.rank === null ? (!data.labelled ? (result.submitted ? `문서 ${result.submitted}개` : "빈 목록") : result.submitted ? "정답 정보 없음" : "빈 목록 (맞음)") : `정답 ${result.rank}위`;

  const showList = () => {
    const shown = data.queries.filter((query) => inCause(query, state.cause) && matches(query));
    const rest = data.left_out ? ` · 쪽이 커지지 않게 ${data.left_out.toLocaleString()}개는 싣지 않음` : "";
    found.textContent = shown.length ? `질의 ${shown.length}개${rest}` : "맞는 질의가 없습니다. 낱말이나 원인을 바꿔 보세요.";
    list.hidden = !shown.length;
    list.replaceChildren(...shown.map((query) => {
      const row = make("button", { type: "button", "data-id": query.id, "aria-current": String(query.id === state.query) }, ...marked(spoken(query)), make("span", { class: "meta" }, `#${query.id} · ${outcome(query.results[focus.value])}`));
      row.addEventListener("click", () => choose(query.id, true));
      return make("li", {}, row);
    }));
  };

  const choose = (id, byHand) => {
    state.query = id;
    list.querySelectorAll("button").forEach((row) => row.setAttribute("aria-current", String(row.dataset.id === id)));
    showDetail();
    // On a phone the ranking lies below the list: bring it into view.
    if (byHand && matchMedia("(max-width: 52rem)").matches) detail.scrollIntoView({ block: "start" });
  };

  const passage = (place, grade) => {
    const [docid, title, content] = data.docs[place];
    const head = [make("span", {}, ...marked(title || docid))];
    if (title) head.push(make("code", {}, docid));
    if (grade !== undefined) head.push(make("span", { class: "tag hit" }, grade > 1 ? `정답 ${grade}` : "정답"));
    return [head, make("p", { class: "passage cut" }, ...marked(content))];
  };
  const foldable = (paragraph) => {
    const toggle = make("summary", {}, "문단 펼치기");
    const whole = make("details", {}, toggle, make("p", { class: "passage" }, ...marked(paragraph.textContent)));
    whole.addEventListener("toggle", () => { paragraph.hidden = whole.open; });
    return [paragraph, whole];
  };

  const ranking = (query, name) => {
    const grades = new Map(query.relevant);
    const result = query.results[name];
    const items = [];
    let last = 0;
    for (const [place, rank, ranks] of result.list) {
      if (rank > last + 1) items.push(make("li", { class: "gap", "aria-hidden": "true" }, "⋮"));
      last = rank;
      const [head, text] = passage(place, grades.get(place));
      const { fused, ...retrieved } = ranks;
      const alone = Object.entries(retrieved).filter(([, at]) => at !== null).map(([step, at]) => `${steps.get(step) ?? step} ${at}위`).join(" · ");
      const way = [alone, fused ? `${steps.get("fusion")} ${fused}위` : ""].filter(Boolean).join(" → ");
      const kind = [grades.has(place) ? "relevant" : "", rank > data.cutoff ? "below" : ""].join(" ").trim();
      items.push(make("li", { class: kind || null }, make("div", { class: "place" }, make("b", {}, String(rank)), ...head), make("p", { class: "steps" }, way), ...foldable(text)));
    }
    const listed = new Set(result.list.map(([place]) => place));
    const missing = query.relevant.filter(([place]) => !listed.has(place));
    const side = [make("ol", { class: "ranking", "aria-label": `${name}의 순위` }, ...items)];
    if (missing.length) {
      side.push(make("div", { class: "missing" }, make("h4", {}, result.rank === null ? "후보에 없는 정답" : "더 아래에 있거나 후보에 없는 정답"), make("ol", { class: "ranking" }, ...missing.map(([place, grade]) => {
        const [head, text] = passage(place, grade);
        return make("li", { class: "relevant below" }, make("div", { class: "place" }, ...head), ...foldable(text));
      }))));
    }
    return side;
  };

  const showDetail = () => {
    const query = data.queries.find((one) => one.id === state.query);
    if (!query) { detail.replaceChildren(make("p", { class: "quiet" }, "왼쪽에서 질의를 고르세요.")); return; }
    const roles = { user: "사용자", assistant: "도우미", system: "지시" };
    const said = query.turns.map(([role, text]) => make("li", {}, make("span", {}, roles[role] ?? role), make("span", {}, text)));
    const box = make("div", { class: "dialogue" }, make("ul", { "aria-label": "대화" }, ...said));
    if (query.standalone !== spoken(query)) box.append(make("p", { class: "rewritten" }, make("span", { class: "quiet" }, "검색한 질의: "), query.standalone));
    if (!query.needs) box.append(make("p", { class: "rewritten" }, make("span", { class: "quiet" }, "검색이 필요 없는 말로 보았습니다.")));
    if (data.labelled && !query.relevant.length) box.append(make("p", { class: "rewritten" }, make("span", { class: "quiet" }, "이 질의에는 정답 문서가 없습니다. 빈 목록이 맞습니다.")));
    if (data.desk) {
      const link = `${data.desk}?${new URLSearchParams([["split", "test"], ["qid", query.id]])}`;
      box.append(make("p", { class: "rewritten" }, make("a", { href: link, rel: "noreferrer", class: "to-desk" }, "이 질의 판정하기"), make("span", { class: "quiet" }, " (sunwi judge가 켜져 있어야 합니다)")));
    }
    const sides = state.sides.map((name, at) => {
      const select = make("select", { "aria-label": at ? "오른쪽 변형" : "왼쪽 변형", "data-side": String(at) });
      options(select, name);
      select.addEventListener("change", () => { state.sides[at] = select.value; showDetail(); detail.querySelector(`[data-side="${at}"]`).focus(); });
      const result = query.results[name];
      const value = result.ap === null || result.ap === undefined ? "" : `AP ${result.ap.toFixed(3)} · `;
      const tag = make("span", { class: result.cause ? "tag miss" : "tag" }, outcome(result));
      const first = result.cause && result.rank ? ` · 정답은 ${result.rank}위에 있음` : "";
      const line = make("p", { class: "outcome" }, value, tag, first, result.submitted ? "" : " · 빈 목록으로 제출");
      return make("div", { class: "side" }, select, line, ...ranking(query, name));
    });
    detail.replaceChildren(box, make("div", { class: "sides" }, ...sides));
  };

  find.addEventListener("input", () => { state.words = find.value.trim().toLowerCase(); showList(); showDetail(); });
  focus.addEventListener("change", () => { state.sides[0] = focus.value; showChips(); showList(); showDetail(); });
  app.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const rows = [...list.querySelectorAll("button")];
    const next = rows[rows.indexOf(document.activeElement) + step];
    if (next) { event.preventDefault(); next.focus(); choose(next.dataset.id, false); }
  });

  if (!data.queries.length) return;
  app.hidden = false;
  options(focus, data.headline);
  if (!data.queries.some((query) => inCause(query, "fail"))) state.cause = "all";
  showChips();
  showList();
  const first = list.querySelector("button");
  if (first) choose(first.dataset.id, false); else showDetail();
})();
