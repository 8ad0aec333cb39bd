"""The page as bytes: complete, deterministic, escaped; and the parts it is made of."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sunwi.params.whole import Params
from sunwi.report.dag import draw, parents_of, stages_above
from sunwi.report.embedding import inline_json, inline_script
from sunwi.report.explorer import explored_variants
from sunwi.report.headline import headline_view
from sunwi.report.inputs import PageInputs
from sunwi.report.judgements import DESK
from sunwi.report.page import render_page, view
from sunwi.report.settings import cost_rows
from sunwi.report.training_charts import dev_chart, fusion_chart


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def page(inputs: PageInputs) -> str:
    return render_page(inputs)


def test_same_inputs_give_the_same_bytes(inputs: PageInputs, page: str) -> None:
    assert render_page(inputs) == page


def test_nothing_is_loaded_and_no_content_becomes_a_tag(page: str) -> None:
    tags = Tags(page).tags
    assert not [tag for tag, _ in tags if tag in {"img", "iframe", "object", "base"}]
    assert not [attrs for _, attrs in tags if "src" in attrs or any(name.startswith("on") for name in attrs)]
    links = {attrs.get("href", "") for tag, attrs in tags if tag == "a"}
    assert {link for link in links if not link.startswith("#")} == {f"{DESK}?split=test&qid=2&qid=3"}
    assert [attrs["href"] for tag, attrs in tags if tag == "link"] == ["data:,"]
    assert "49" not in re.findall(r"\{\{ 7 \* 7 \}\}|>49<", page)


def test_judgements_have_their_section(inputs: PageInputs, page: str) -> None:
    section = page[page.index('<section id="judgements"') : page.index('<section id="explorer"')]
    for shown in ("0.710", "[0.520, 0.880]", "0.440", "[0.210, 0.630]", "1,030", "below judge.floor", ">17<"):
        assert shown in section
    assert "판정 14개가 아직 정답에 들어 있지 않습니다" in section
    assert "&lt;img src=x onerror" in section
    shares = re.findall(r'<th scope="row"><code>(\w+)</code></th><td class="num">([\d.]+)</td>', section)
    # queries 1 to 3 have a label each: 2 of 6 first documents in dense_base, 1 of 7 in tuned
    assert dict(shares) == {"dense_base": "0.333", "tuned": "0.143"}


def test_the_section_says_on_how_many_questions_each_choice_was_made(
    inputs: PageInputs,
) -> None:
    bm25 = {"prior": 0.4, "fitted": 1.0, "natural_questions": 50, "weight": 0.7}
    dense = {"prior": 1.0, "fitted": None, "natural_questions": 0, "weight": 1.0}
    floor = {"best_single": "dense", "difference": 0.1242, "standard_error": 0.0416, "questions": 50}
    fusion = {"bm25": {"origin": {"bm25": dense}}, "bm25+dense": {"origin": {"bm25": bm25, "dense": dense}}}
    fusion["bm25+dense"]["floor"] = floor
    gate = {"promoted": "base", "natural_questions": 9, "questions": 66, "delta": -0.01}
    metrics = {
        **inputs.metrics,
        "fusion_promoted": {"fusion": fusion},
        "train_embedder": {**gate, "interval": [-0.05, 0.02], "p": 0.4},
    }
    page = render_page(dataclasses.replace(inputs, metrics=metrics))
    section = page[page.index("사람의 질문으로 고른 것") : page.index('<section id="explorer"')]
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th>(.*?)</tr>', section)
    cells = {name: re.findall(r"<td[^>]*>(.*?)</td>", row) for name, row in rows}
    assert cells == {
        "융합 가중치 · BM25": [
            "50", "0.400", "1.000", "0.500", "0.700", "dense만 쓸 때보다 MRR +0.124 ± 0.042 (질문 50개)",
        ],
        "잡담 문턱": ["4", "0.600", "0.450", "0.074", "0.525", "판정과 같은 결정 3 → 4 / 4"],
        "인코더 게이트 · 기본 유지": [
            "9", "-", "-", "-", "-", "MRR -0.010 [-0.050, +0.020], p 0.400 (질문 66개 가운데)",
        ],
    }  # fmt: skip


def test_without_judgements_the_section_says_how_to_begin(inputs: PageInputs) -> None:
    metrics = {name: metric for name, metric in inputs.metrics.items() if name != "judge"}
    page = render_page(dataclasses.replace(inputs, metrics=metrics))
    assert "sunwi judge pool --split dev" in page
    assert "아직 사람의 판정이 없습니다" in page
    assert "사람의 질문으로 고른 것" not in page


def test_data_can_be_read_back(inputs: PageInputs, page: str) -> None:
    blocks = dict(
        re.findall(r'<script type="application/json" id="([a-z-]+)">(.*?)</script>', page, re.DOTALL)
    )
    explorer = json.loads(blocks["explorer-data"])
    assert [query["id"] for query in explorer["queries"]] == ["1", "2", "3", "4"]
    assert explorer["docs"][0][2] == inputs.documents[0].content  # every character came through
    second = explorer["queries"][1]["results"]
    assert (second["tuned"]["cause"], second["dense_base"]["cause"]) == ("fusion", None)
    assert explorer["queries"][3]["results"]["tuned"]["submitted"] == 0


def test_ids_are_unique_and_labels_point_somewhere(page: str) -> None:
    tags = Tags(page).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    for _, attrs in tags:
        if "aria-labelledby" in attrs:
            assert attrs["aria-labelledby"] in ids
        if attrs.get("href", "").startswith("#"):
            assert attrs["href"][1:] in ids


def test_unlabelled_queries_make_a_page_too(inputs: PageInputs) -> None:
    counts = {"queries": 4, "labelled_queries": 0, "empty_topk": 1}
    blank: dict[str, int | None] = dict.fromkeys(inputs.per_query.relevant)
    unlabelled = dataclasses.replace(
        inputs,
        scores=dict.fromkeys(inputs.scores, counts),
        detail={"all": {"counts": {}, "variants": {}}},
        per_query=dataclasses.replace(
            inputs.per_query, relevant=blank, precision={name: {} for name in inputs.topk},
            rank={name: dict(blank) for name in inputs.topk},
        ),
        plots={"map_ladder": [], "recall": [], "stage_hits": []},
        metrics={**inputs.metrics, "failures": {name: {} for name in inputs.topk}},
        qrels={},
        notes=[],
    )  # fmt: skip
    page = render_page(unlabelled)
    assert "정답(qrels)이 없어" in page
    assert "dev MAP" in page
    assert "nDCG@10</th>" not in page  # no column of dashes
    assert not json.loads(view(unlabelled)["explorer_json"])["labelled"]


def test_few_queries_and_variants_are_taken_failing_first(inputs: PageInputs) -> None:
    report = inputs.params.report.model_copy(update={"explorer_queries": 2, "explorer_variants": 1})
    small = dataclasses.replace(inputs, params=inputs.params.model_copy(update={"report": report}))
    data = json.loads(view(small)["explorer_json"])
    assert [query["id"] for query in data["queries"]] == ["2", "3"]
    assert data["left_out"] == 2
    assert data["variants"] == ["tuned", "dense_base"]  # never without headline and baseline


def test_explored_variants() -> None:
    rows = [{"name": name} for name in ("best", "good", "base", "mine", "poor")]
    assert explored_variants(rows, "mine", "base", 4) == ["mine", "base", "best", "good"]
    assert explored_variants(rows, "base", "base", 2) == ["base", "best"]


def detail(delta: float, p_holm: float) -> dict[str, object]:
    number = {"mean": 0.6, "low": 0.5, "high": 0.7}
    gain = {"delta": delta, "low": -1.0, "high": 1.0, "p": p_holm, "p_holm": p_holm}
    return {
        "settings": {"confidence": 0.95},
        "all": {
            "counts": {"queries": 100, "labelled_queries": 90},
            "variants": {
                "base": {"measures": {"map": {**number, "mean": 0.6 - delta}}},
                "new": {"measures": {"map": number}, "against_baseline": {"map": gain}},
            },
        },
    }


@pytest.mark.parametrize(
    ("delta", "p", "tone", "words"),
    [
        (0.1, 0.049, "good", "통계적으로 유의합니다"),
        (0.1, 0.05, "even", "나아졌다고 말할 수 없습니다"),
        (-0.1, 0.01, "bad", "낮고, 이 차이는 통계적으로 유의합니다"),
        (-0.1, 0.5, "even", "나빠졌다고 말할 수 없습니다"),
        (0.0, 1.0, "even", "같습니다"),
    ],
)
def test_verdict_claims_no_more_than_the_test(delta: float, p: float, tone: str, words: str) -> None:
    found = headline_view(detail(delta, p), "new", "base")
    assert found["tone"] == tone
    assert words in found["verdict"]
    assert (found["note"] is not None) == (delta < 0)  # the baseline scores higher


def test_baseline_as_headline_is_compared_with_nothing() -> None:
    assert headline_view(detail(0.1, 0.01), "base", "base")["gain"] is None


@given(
    st.recursive(
        st.text() | st.none() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_inline_json_reads_back_and_holds_nothing_that_html_knows(value: object) -> None:
    text = str(inline_json(value))
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")


@pytest.mark.parametrize("source", ["a</script>", "a<SCRIPT>", "a<!--"])
def test_scripts_that_would_break_the_page_are_refused(source: str) -> None:
    with pytest.raises(ValueError, match="break the page"):
        inline_script(source)


def ledger(task: str, rows: int, cost: float) -> dict[str, object]:
    return {task: {"solar": {"rows": rows, "ok": rows, "tokens_in": 1000, "tokens_out": 200, "cost": cost}}}


def test_cost_is_of_every_stage_that_asked(inputs: PageInputs) -> None:
    metrics = {
        "llm": ledger("questions", 5, 0.25),
        "query": {"cost": ledger("understand", 3, 0.5)},
        "submissions": {"plain": {}, "tuned": {"llm": ledger("rerank", 4, 1.0)}},
    }
    assert [(row["stage"], row["task"], row["cost"]) for row in cost_rows(metrics)] == [
        ("generate_qa", "questions", 0.25),
        ("understand_queries", "understand", 0.5),
        ("submit tuned", "rerank", 1.0),
    ]
    assert cost_rows({"llm": {}}) == []
    page = render_page(dataclasses.replace(inputs, metrics={**inputs.metrics, **metrics}))
    assert "1.7500" in page  # the sum
    assert "3,000" in page


def test_fusion_curve_is_the_best_at_each_weight() -> None:
    rows = [
        {"bm25_weight": "0.2", "low_overlap_mrr": "0.5", "all_mrr": "0.9"},
        {"bm25_weight": "0.1", "low_overlap_mrr": "0.4", "all_mrr": "0.7"},
        {"bm25_weight": "0.2", "low_overlap_mrr": "0.6", "all_mrr": "0.8"},
    ]
    values = fusion_chart(rows)["data"]["values"]
    assert [(value["weight"], value["mrr"]) for value in values] == [
        (0.1, 0.4), (0.1, 0.7), (0.2, 0.6), (0.2, 0.8)
    ]  # fmt: skip


def test_dev_curve_shows_what_was_measured() -> None:
    rows = [
        {"step": "8", "dense_ndcg10_low_overlap": "0.5", "fused_ndcg10_low_overlap": "0.6"},
        {"step": "16", "dense_ndcg10_low_overlap": "0.55", "fused_ndcg10_low_overlap": ""},
    ]
    values = dev_chart(rows)["data"]["values"]
    assert [(value["step"], value["ndcg"]) for value in values] == [(8, 0.5), (8, 0.6), (16, 0.55)]


STAGES = {
    "a": {"outs": ["data/a"]},
    "b": {"deps": ["data/a/file"], "outs": [{"data/b": {"cache": False}}]},
    "many": {
        "foreach": "x",
        "do": {"deps": ["data/b"], "outs": ["data/many/${key}.csv"], "metrics": ["m/${key}.json"]},
    },
    "c": {"deps": ["data/many", "data/a"]},
    "alone": {"deps": ["other/file"]},
}


def test_edges_follow_files_without_shortcuts() -> None:
    assert parents_of(STAGES) == {"a": set(), "b": {"a"}, "many": {"b"}, "c": {"many"}, "alone": set()}


def test_stages_above_are_all_that_a_stage_stands_on() -> None:
    assert stages_above(STAGES, "c") == {"a", "b", "many"}
    assert stages_above(STAGES, "alone") == set()


def test_boxes_do_not_meet() -> None:
    drawing = draw(STAGES, {"many": 6})
    places = [(box["x"], box["y"]) for box in drawing.boxes]
    assert len(set(places)) == len(STAGES)
    assert "many ×6" in {box["label"] for box in drawing.boxes}
    assert len(drawing.paths) == 3
    for x, y in places:
        assert 0 <= x <= drawing.width - drawing.box_width
        assert 0 <= y <= drawing.height - drawing.box_height


def test_headline_must_be_a_variant() -> None:
    params = {"submissions": {"dense_base": {}, "last": {}}, "combinations": {}}
    assert Params.model_validate(params).headline == "last"
    with pytest.raises(ValueError, match=r"report\.headline is 'gone'"):
        Params.model_validate({**params, "report": {"headline": "gone"}})
