"""`sunwi estimate`: minutes by stage from speeds that the test gives, by numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sunwi.cli import app, probe
from sunwi.cli.estimate import table
from sunwi.cli.probe import Speeds, cpu_seconds
from sunwi.cli.sizes import read_counts
from sunwi.cli.workload import Counts, Load, SentenceCounts, can_end, workload
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.sentences import SentencesParams
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.records.files import write_rows

SPEEDS = Speeds(
    start=1.0, model_start=10.0, encode_token=0.001, pair_token=0.002, train_token=0.01, lora_token=0.005,
    kiwi_character=0.0001,
)  # fmt: skip
COUNTS = Counts(
    documents=1000, passages=1000, new_passages=1000, new_templates=1000, new_analyses=1000, tokens=100,
    longest=150, characters=200, judged=200, queries=100, dev_queries=60, examples=400,
)  # fmt: skip
PARAMS = Params.model_validate(
    {
        "qa": {"questions_per_document": 2, "dev_share": 0.25},
        "train_embedder": {"max_steps": 10, "batch_size": 8, "group_size": 4, "passage_max_length": 126},
        "train_reranker": {"max_steps": 20, "batch_size": 3, "negatives": 4, "depth": 10, "max_length": 130},
        "train_reranker_targeted": {"max_steps": 8, "evaluate_every": 4},
        "baselines": {"bm25": {"retrievers": ["bm25"]}, "late": {"rerank": "late_interaction"}},
        "submissions": {"tuned": {"rerank": "both"}},
        "score": {"baseline": "bm25"},
    }
)


def loads(
    counts: Counts = COUNTS, params: Params = PARAMS, speeds: Speeds = SPEEDS, *, ended: bool = False
) -> dict[str, Load]:
    of_all = workload(params, counts, speeds, ended=ended)
    return {load.stage: load for load in of_all if load.stage != "dvc"}


def test_questions_and_their_splits() -> None:
    assert COUNTS.questions(PARAMS) == 1700  # 1000 x 2 x 0.85
    assert COUNTS.split(PARAMS) == (1020, 340)  # 800 of 1000 documents: 1360, a quarter for dev


def test_seconds_of_the_stages() -> None:
    of = loads()
    # encoding (1000 x 100 + 1700 x 24) x .001 = 140.8; Kiwi 1000 x 200 x .0001 = 20, templates 4 times that
    assert of["generate_qa"].parallel == pytest.approx(140.8 + 20 + 80)
    assert of["generate_qa"].serial == 11
    assert of["encode_base"].parallel == 0  # the round trip has encoded all
    assert of["understand_queries"].parallel == pytest.approx(560 * 24 * 0.001)
    # 10 steps of 8 x (24 + 4 x 126) tokens; gate: 2 mixtures x (1000 x 100 + 300 x 24)
    assert of["train_embedder"].parallel == pytest.approx(10 * 8 * 528 * 0.01 + 2 * 107.2)
    # 60 dev dialogues and .12 of the 340 others: 101 lists x 10 pairs name 636 of the 1000 passages
    assert of["fit_fusion_base"].parallel == pytest.approx(63.6 + 60 * 24 * 0.001)
    # 20 steps of 15 pairs of 130 tokens; 400 lists (340 + 60) x 10 pairs of 124, of 982 passages by MaxSim
    assert of["train_reranker"].parallel == pytest.approx(20 * 15 * 130 * 0.005 + 4000 * 124 * 0.002 + 98.2)
    # 8 steps; 4000 x (.25 x 3 + .35) = 4400 pairs
    assert of["train_reranker_targeted"].parallel == pytest.approx(8 * 15 * 130 * 0.005 + 4400 * 0.248)
    assert of["submit_baseline"].serial == 2 * 3 + 10  # two processes, one of which loads a model
    # 1000 pairs name 1 - 1/e of the passages; 160 queries
    assert of["submit_baseline"].parallel == pytest.approx(63.2 + 160 * 24 * 0.001)
    assert of["submit"].parallel == pytest.approx(63.2 + 1000 * 0.248)


def test_a_run_that_the_early_look_ends_trains_and_scores_little() -> None:
    assert can_end(PARAMS)
    of = loads(ended=True)
    # 2 of 20 steps; 100 lists x 10 pairs for the look; MaxSim as in the whole run
    assert of["train_reranker"].parallel == pytest.approx(2 * 15 * 130 * 0.005 + 1000 * 124 * 0.002 + 98.2)
    assert "train_reranker_targeted" not in of
    assert of["submit"].parallel == pytest.approx(63.2)
    lines = table(list(loads().values()), 2, list(of.values()))
    assert lines[-1].startswith("sunwi dvc repro, at least ")
    assert float(lines[-1].split()[5]) < float(lines[-2].split()[3])
    off = PARAMS.train_reranker.model_copy(update={"early_look": 0.0})
    assert not can_end(PARAMS.model_copy(update={"train_reranker": off}))


def test_frozen_layers_run_once_a_text() -> None:
    of = loads(speeds=replace(SPEEDS, frozen_token=0.0006, frozen_share=0.6))
    # 320 of the 1000 passages at most are read in 10 steps of 32: once 126 tokens of each through them
    steps = 10 * 8 * 528
    # the gate's second mixture costs .4 of the first: .6 of the encoder is frozen
    assert of["train_embedder"].parallel == pytest.approx(
        steps * (0.01 - 0.0006) + 320 * 126 * 0.0006 + 80 * 24 * 0.0006 + 1.4 * 100 + 2 * 7.2
    )


def test_the_gate_of_a_larger_corpus_encodes_a_pool_and_the_rest_for_its_winner() -> None:
    of = loads(replace(COUNTS, passages=5000))
    # 300 questions x 10 and 256 drawn name 2393 of 5000; then the other 2607 under one candidate
    assert of["train_embedder"].parallel == pytest.approx(10 * 8 * 528 * 0.01 + 2 * 246.5 + 260.7)
    assert "2 x 2,393 passages, 2,607 more" in of["train_embedder"].what


def test_kept_token_vectors_spare_maxsim_the_passages() -> None:
    of = loads(replace(COUNTS, keeps_tokens=True))
    assert of["fit_fusion_base"].parallel == pytest.approx(60 * 24 * 0.001)
    assert of["submit_baseline"].parallel == pytest.approx(160 * 24 * 0.001)


def test_dvc_itself_counts_for_every_stage() -> None:
    of_dvc = {load.family: load.cpu for load in workload(PARAMS, COUNTS, SPEEDS) if load.stage == "dvc"}
    # 6 stages with two fits, 2 baselines and the page; mine, training, encode, two fits; 8 and a variant
    assert of_dvc == {"baseline": 9, "promoted": 5, "rerankers": 9}  # a second each


def test_what_is_cached_is_free() -> None:
    of = loads(replace(COUNTS, new_passages=10, new_templates=0, new_analyses=0, new_questions=0))
    assert of["generate_qa"].parallel == pytest.approx(10 * 100 * 0.001)


def test_sentences_and_seeds_cost_what_they_add() -> None:
    of = loads(replace(COUNTS, sentences=SentenceCounts(6000, 1500, 20.0, 4_608_000)))
    # 1500 x 20 x .001; a quarter of the sentences is new, so Kiwi splits a quarter of 1000 x 200 characters
    assert of["encode_base"].parallel == pytest.approx(30 + 0.25 * 20)
    assert of["encode_base"].serial == 1 + 10
    assert of["encode_base"].what.endswith("6,000 sentences (5 MB on disk)")
    assert of["encode"].parallel - loads()["encode"].parallel == pytest.approx(120)  # all of them
    three = PARAMS.train_embedder.model_copy(update={"seeds": 3})
    of = loads(params=PARAMS.model_copy(update={"train_embedder": three}))
    assert of["train_embedder"].parallel == pytest.approx(3 * 10 * 8 * 528 * 0.01 + 2 * 107.2)


def test_settings_that_leave_work_out() -> None:
    off = {"train_embedder": {"enabled": False}, "train_reranker": {"enabled": False}}
    of = loads(params=PARAMS.model_validate({**PARAMS.model_dump(), **off}))
    assert not {"train_embedder", "encode", "train_reranker", "train_reranker_targeted"} & of.keys()
    given = PARAMS.model_copy(
        update={"qa": PARAMS.qa.model_copy(update={"provider": "given", "round_trip": "bm25"})}
    )
    of = loads(replace(COUNTS, given=500), given)
    assert of["generate_qa"].parallel == pytest.approx(20)  # no templates, and BM25 encodes nothing
    assert of["encode_base"].parallel == pytest.approx((1000 * 100 + 500 * 24) * 0.001)


def test_the_table_sums_by_target_and_divides_what_is_parallel_by_the_cores() -> None:
    rows = [
        Load("baseline", "prepare", "some", 0.0, 60.0),
        Load("baseline", "generate_qa", "more", 240.0, 60.0),
        Load("promoted", "train_embedder", "steps", 600.0, 0.0),
    ]
    head, *lines = table(rows, cores=4)
    assert "4 cores" in head
    assert [line.split()[-3:-1] for line in lines[:3]] == [["1.0", "1.0"], ["5.0", "2.0"], ["10.0", "2.5"]]
    assert lines[3].split()[:6] == ["sunwi", "dvc", "repro", "baseline", "6.0", "3.0"]
    assert lines[4].split()[:5] == ["sunwi", "dvc", "repro", "16.0", "5.5"]


def test_a_measurement_doubles_the_texts_until_it_takes_long_enough() -> None:
    calls: list[int] = []
    now = [0.0]

    def work(count: int) -> int:
        calls.append(count)
        now[0] += 0.1 * count
        return 50 * count

    assert cpu_seconds(work, 0.6, lambda: now[0]) == pytest.approx(0.002)  # 0.8 s for 8 texts of 50 units
    assert calls == [1, 2, 4, 8]
    calls.clear()
    assert cpu_seconds(work, 0.6, lambda: now[0], least=8) == pytest.approx(0.002)
    assert calls == [1, 8]
    assert cpu_seconds(lambda count: count, 0.6, lambda: 0.0) == 0  # it ends where no time passes


@pytest.fixture
def project(tmp_path: Path, tiny_corpus: list[Document], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source folder and no run yet."""
    whole = [document for document in tiny_corpus if "#" not in document.docid]
    write_rows(tmp_path / "source" / "corpus.jsonl", whole)
    settings = "data: {source: source}\nencoder: {precision: float32}\n"  # `auto` would try every precision
    (tmp_path / "params.yaml").write_text(settings, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_counts_come_from_the_source_and_the_cache(
    project: Path, own_cache: Path, tiny_corpus: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    params = Params.model_validate({"data": {"source": "source"}, "encoder": {"precision": "float32"}})
    before, sample = read_counts(params)
    assert (before.documents, before.passages, before.new_passages, before.new_analyses) == (6, 6, 6, 6)
    assert sorted(sample) == sorted(document.text for document in tiny_corpus if "#" not in document.docid)
    settings = params.encoder
    Encoder.of(resolve(settings.model), settings).encode(sample[:2], "passage", settings.max_length)
    assert before.sentences == SentenceCounts()  # sentences.enabled is false
    assert before.keeps_tokens  # 4 GiB hold the token vectors of six passages
    monkeypatch.setenv("SUNWI_TOKEN_VECTORS_GIB", "0.000001")
    assert not read_counts(params)[0].keeps_tokens
    monkeypatch.delenv("SUNWI_TOKEN_VECTORS_GIB")
    after, _ = read_counts(params.model_copy(update={"sentences": SentencesParams(enabled=True)}))
    found = after.sentences
    assert after == replace(before, new_passages=4, sentences=found)
    assert (found.total, found.new) == (6, 4)  # each passage is one sentence: two of them are encoded
    assert found.size == found.total * 384 * 2


def test_the_command_needs_no_prepared_tables(
    project: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "probe", lambda *_: SPEEDS)
    done = CliRunner().invoke(app, ["estimate"], catch_exceptions=False)
    assert done.exit_code == 0
    assert done.output.splitlines()[0].startswith("stage ")
    assert any(line.startswith("sunwi dvc repro baseline ") for line in done.output.splitlines())
