// The judging desk: one passage at a time, one key a judgement. Texts are set as text, never as markup.
"use strict";
(() => {
  const part = (id) => document.getElementById(id);
  const [who, name, table, card, note] = ["who", "name", "table", "card", "note"].map(part);
  const KEYS = [["3", "g3"], ["2", "g2"], ["1", "g1"], ["0", "g0"], ["x", "cannot_tell"], ["s", "chitchat"], ["a", "unclear"], ["u", "undo"], ["n", "note"]];
  let state = null;
  let at = null; // [query, document]
  let waiting = false;
  let history = []; // places and documents in the order of judging: what undo takes back
  const judge = () => name.value.trim();
  const wanted = { split: address.get("split") === "dev" ? "dev" : "test", qids: [...new Set(address.getAll("qid"))].slice(0, 100) }; // of a report's link
  const shown = () => (wanted.qids.length ? state.queries.filter((query) => query.split === wanted.split && wanted.qids.includes(query.qid)) : state.queries);

  const call = async (path, body) => {
    let answer;
    try {
      answer = await fetch(path, body ? { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) } : {});
    } catch { throw new Error(word("offline")); }
    const value = await answer.json();
    if (!answer.ok) throw new Error(`${value.error.message} ${word("next")}${value.error.next_step}`);
    return value;
  };

  const open = () => {
    for (const query of shown()) {
      if (query.verdict) continue;
      const document_ = query.documents.find((one) => !one.judged);
      if (document_) return [query, document_];
    }
    return null;
  };

  const draw = () => {
    if (!state) return;
    part("intro").hidden = true;
    const all = shown().flatMap((query) => query.documents.map((one) => query.verdict !== null || one.judged !== null));
    const done = all.filter(Boolean).length;
    at = open();
    table.hidden = !at;
    const missing = wanted.qids.filter((qid) => !state.pooled.includes(`${wanted.split}/${qid}`));
    part("asked").hidden = !wanted.qids.length;
    part("asked-what").textContent = word("asked", wanted.qids.length, missing.length);
    part("add").hidden = !missing.length;
    part("empty").hidden = all.length > 0 || wanted.qids.length > 0;
    part("done").hidden = Boolean(at) || !all.length;
    part("progress").textContent = word("left", done, all.length, Math.ceil(((all.length - done) * state.seconds) / 60));
    part("bar").max = all.length || 1;
    part("bar").value = done;
    if (at) {
      const [query, one] = at;
      part("query").textContent = query.query;
      part("second").hidden = !query.second;
      part("title").textContent = one.title ?? "";
      part("content").textContent = one.content;
      card.dataset.docid = one.docid;
      part("grades").replaceChildren(...KEYS.map(([key, label]) => {
        const button = make("button", { type: "button", class: "grade", "data-key": key }, make("kbd", {}, key), word(label));
        button.addEventListener("click", () => press(key));
        return button;
      }));
      scrollTo({ top: 0 });
    }
    document.body.dataset.done = String(done);
  };

  const save = (place, docid, body) => call("/desk/judgements", { judge: judge(), place, docid, ...body });

  const press = async (key) => {
    if (waiting || !state) return;
    if (key === "n") { note.focus(); return; }
    waiting = true;
    part("problem").textContent = "";
    try {
      if (key === "u") {
        const last = history.pop();
        if (last) {
          await save(...last, { kind: "undo" });
          await load(); // an earlier line may stand again
          part("said").textContent = word("undone");
        }
      } else if (at) {
        const [query, one] = at;
        const whole = { s: "chitchat", a: "unclear" }[key];
        const body = whole ? { kind: whole } : key === "x" ? { kind: "cannot_tell" } : { kind: "grade", grade: Number(key) };
        body.note = note.value.trim();
        await save(query.place, whole ? "" : one.docid, body);
        if (whole) query.verdict = whole; else one.judged = body;
        history.push([query.place, whole ? "" : one.docid]);
        note.value = "";
        part("said").textContent = word("saved");
      }
    } catch (error) { part("problem").textContent = error.message; }
    waiting = false;
    draw();
  };

  const load = async () => { 
    const asked = new URLSearchParams([["judge", judge()], ["split", wanted.split], ...wanted.qids.map((qid) => ["qid", qid])]);
    state = await call(`/desk/state?${asked}`);
    history = state.history;
  };

  const begin = async () => {
    try {
      await load();
      localStorage.setItem("sunwi-judge", judge());
      const now = new URL(location);
      now.searchParams.set("judge", judge());
      window.history.replaceState(null, "", now);
      name.blur();
      card.focus();
    } catch (error) { part("problem").textContent = error.message; }
    draw();
  };

  part("add").addEventListener("click", async () => {
    part("add").disabled = true;
    try {
      await call("/desk/pool", { split: wanted.split, qids: wanted.qids });
      await load();
      card.focus();
    } catch (error) { part("problem").textContent = error.message; }
    part("add").disabled = false;
    draw();
  });
  who.addEventListener("submit", (event) => { event.preventDefault(); begin(); });
  note.closest("form").addEventListener("submit", (event) => { event.preventDefault(); card.focus(); });
  document.addEventListener("language", draw);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing()) { card.focus(); return; }
    if (typing()) return;
    if (event.key === "l") turn();
    else if (KEYS.some(([key]) => key === event.key)) press(event.key);
    else return;
    event.preventDefault();
  });
  name.value = address.get("judge") ?? localStorage.getItem("sunwi-judge") ?? "";
  if (address.get("judge")) begin(); else name.focus();
})();
