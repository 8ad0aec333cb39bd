// The words of the pages in Korean and English; the choice is part of the address and remembered.
"use strict";
const WORDS = {
  skip: ["본문으로", "Skip to content"], search: ["검색", "Search"], desk: ["판정", "Judge"],
  query: ["질의", "Query"], variant: ["변형", "Variant"], beside: ["비교", "Compare with"], go: ["찾기", "Search"],
  keys: ["/ 질의 · j k 이동 · Enter 펼치기 · c 비교 · l 언어", "/ query · j k move · Enter open · c compare · l language"],
  unready: ["답할 수 없는 변형", "Variants that cannot answer"], none: ["없음", "none"], searching: ["찾는 중 …", "Searching …"],
  nothing: ["맞는 문단이 없습니다.", "No passage was found."], fresh: ["새로", "new"], same: ["그대로", "same"],
  took: ["{0}개 · {1} ms", "{0} passages · {1} ms"], next: ["다음 할 일: ", "Next: "], fused: ["융합", "fused"],
  bm25: ["BM25", "BM25"], dense: ["밀집 벡터", "dense"], questions: ["질문 색인", "questions"], sentences: ["문장 색인", "sentences"], lexical: ["M3 낱말", "M3 lexical"],
  sparse: ["SPLADE", "SPLADE"], cross_encoder: ["재순위 모델", "cross-encoder"], late_interaction: ["MaxSim", "MaxSim"],
  late_interaction_tuned: ["MaxSim (튜닝)", "MaxSim (tuned)"], probability: ["맞을 확률", "probability"],
  judge: ["판정하는 사람", "Your name"], start: ["시작", "Start"], unready_desk: ["판정할 묶음이 없습니다.", "There is no pool to judge yet."],
  intro: ["이름을 적고 시작하세요. 질의와 문단을 읽고 키 하나로 판정합니다. 누를 때마다 저장되므로 언제든 그만두었다가 이어서 할 수 있습니다.", "Enter your name and start. Read the query and the passage, then judge by one key. Every key is saved, so you can stop at any time and go on later."],
  g3: ["충분히 답함", "answers fully"], g2: ["대체로 답함", "answers"], g1: ["관련만 있음", "touches on it"], g0: ["답이 아님", "does not answer"],
  cannot_tell: ["모르겠음", "cannot tell"], chitchat: ["잡담 질의", "query is chit-chat"], unclear: ["불분명한 질의", "query is unclear"],
  undo: ["되돌리기", "Undo"], note: ["메모", "Note"], left: ["{0} / {1} · 약 {2}분 남음", "{0} / {1} · about {2} min left"],
  done: ["모두 판정했습니다. 고맙습니다.", "All is judged. Thank you."], saved: ["저장됨", "saved"], undone: ["되돌렸습니다.", "Undone."],
  asked: ["고른 질의 {0}개, 묶음에 없는 것 {1}개.", "{0} chosen queries, {1} of them not in the pool."],
  add_to_pool: ["묶음에 넣기", "Add to the pool"], whole_pool: ["묶음 전체", "The whole pool"],
  doubled: ["두 번째 판정", "second judgement"], offline: ["서버가 답하지 않습니다. 다시 켜고 새로 고치세요.", "The server does not answer. Start it again and reload."],
};
const address = new URLSearchParams(location.search);
let language = address.get("lang") ?? localStorage.getItem("sunwi-lang") ?? (navigator.language.startsWith("ko") ? "ko" : "en");
const word = (name, ...values) => {
  const pair = WORDS[name];
  if (!pair) return name;
  return values.reduce((text, value, at) => text.replace(`{${at}}`, value), pair[language === "en" ? 1 : 0]);
};
const make = (tag, attributes = {}, ...children) => {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== undefined) node.setAttribute(name, value);
  node.append(...children); // strings become text, never markup
  return node;
};
const speak = () => {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  const button = document.getElementById("lang");
  button.textContent = language === "en" ? "한국어" : "English";
  button.lang = language === "en" ? "ko" : "en";
  document.dispatchEvent(new Event("language"));
};
const turn = () => {
  language = language === "en" ? "ko" : "en";
  localStorage.setItem("sunwi-lang", language);
  const now = new URL(location);
  now.searchParams.set("lang", language);
  history.replaceState(null, "", now);
  speak();
};
document.getElementById("lang").addEventListener("click", turn);
const typing = () => ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName);
document.addEventListener("DOMContentLoaded", speak);
