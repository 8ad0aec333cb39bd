"""A tiny copy of the whole pipeline (20 passages, 2 training steps), run by DVC itself."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml
from tests.pipeline.reruns import add_comment, locked_outputs, undone
from tests.pipeline.tiny_project import (
    PASSAGES,
    PLAIN,
    change_params,
    dvc,
    make_project,
    set_params,
    stages_run,
    would_run,
    write_source,
)

from sunwi.graph.plan import plan_of

SUBMITS = ("submit_baseline", "submit_promoted", "submit")
pytestmark = pytest.mark.timeout(1800)  # two whole runs of the pipeline, on a machine that may be busy


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_project(tmp_path_factory.mktemp("first"))
    ran = stages_run(dvc(folder, "repro"))
    assert ran[:3] == ["check_params", "read", "prepare"]
    assert {"score", "report"} <= set(ran)
    return folder


@pytest.mark.heavy  # the whole pipeline once more
def test_a_second_clone_gives_the_same_lock(project: Path, tmp_path: Path) -> None:
    second = make_project(tmp_path / "second")
    dvc(second, "repro", command=PLAIN)
    assert (second / "dvc.lock").read_bytes() == (project / "dvc.lock").read_bytes()


def test_nothing_runs_when_nothing_changed(project: Path) -> None:
    assert stages_run(dvc(project, "repro")) == []


COMMENTED = {
    "src/sunwi/report/page.py": ["baseline", "report"],
    "src/sunwi/score/table.py": ["baseline", "export_sparse", "score", "diagnose", "report"],
    "src/sunwi/qa/filters/copying.py": ["generate_qa", "report"],  # the page has its reasons' words
    "src/sunwi/train/targeted/run.py": ["augment_failures", "train_reranker_targeted"],
}


@pytest.mark.parametrize("edited", COMMENTED)
def test_a_comment_is_an_edit_of_the_stages_that_declare_its_file(project: Path, edited: str) -> None:
    with undone(project, edited):
        add_comment(project / edited)
        assert would_run(project) == COMMENTED[edited]


@pytest.mark.parametrize(
    "edited",
    [
        "src/sunwi/qa/filters/copying.py",
        pytest.param("src/sunwi/score/table.py", marks=pytest.mark.heavy),  # five stages, half a minute
    ],
)
def test_a_comment_runs_those_stages_and_none_behind_them(project: Path, edited: str) -> None:
    """Their outputs are the same bytes."""
    outputs = locked_outputs(project)
    with undone(project, edited):
        add_comment(project / edited)
        assert stages_run(dvc(project, "repro")) == COMMENTED[edited]
        assert locked_outputs(project) == outputs


@pytest.mark.heavy  # two minutes of DVC
def test_a_new_llm_provider_trains_nothing(project: Path) -> None:
    provider, outputs = "src/sunwi/llm/providers/another.py", locked_outputs(project)
    with undone(project, provider):
        (project / provider).write_text('"""Another provider."""\n', encoding="utf-8")
        plan_of(project).write()  # its stages declare every provider
        ran = {name.partition("@")[0] for name in stages_run(dvc(project, "repro"))}
        judging = {"judge", "mine"}
        assert ran == {"generate_qa", "understand_queries", "augment_failures", *judging, *SUBMITS, "combine"}
        assert locked_outputs(project) == outputs


KEYS = [
    ("report", "explorer_queries", 399, ["baseline"]),
    ("llm", "concurrency", 7, []),
    ("report", "perplexity", 20.0, ["diagnose"]),
    ("fusion", "question_weights", [0.0, 1.0], ["fit_fusion_base", "fit_fusion"]),
]


@pytest.mark.parametrize(
    ("section", "key", "value", "readers"),
    [*KEYS[:2], *(pytest.param(*key, marks=pytest.mark.heavy) for key in KEYS[2:])],  # 13 s of DVC each
)
def test_a_key_of_params_reruns_the_stages_that_read_it(
    project: Path, section: str, key: str, value: object, readers: list[str]
) -> None:
    """Beside its check and the page, which shows every key."""
    with undone(project):
        set_params(project, section, key, value)
        assert stages_run(dvc(project, "repro", "check_params")) == ["check_params"]
        assert would_run(project) == [*readers, "report"]


@pytest.mark.parametrize(("section", "key", "value", "readers"), KEYS)
def test_a_default_reruns_the_stages_that_read_it(
    project: Path, section: str, key: str, value: object, readers: list[str]
) -> None:
    with undone(project):
        defaults = project / "params" / "defaults.yaml"
        content = yaml.safe_load(defaults.read_text(encoding="utf-8"))
        content[section][key] = value
        defaults.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        assert would_run(project) == ["check_params", *readers, "report"]


def test_a_scoring_param_reruns_scoring_alone(project: Path) -> None:
    with undone(project):
        set_params(project, "score", "baseline", "tuned")
        ran = would_run(project)
        assert stages_run(dvc(project, "repro", "--dry", command=PLAIN)) == ran
    assert ran == ["check_params", "baseline", "score", "diagnose", "report"]  # the last two show the scores


def test_every_variant_is_scored(project: Path) -> None:
    scores = json.loads((project / "metrics" / "scores.json").read_text(encoding="utf-8"))
    assert sorted(scores) == ["calibrated", "dense_base", "dense_promoted", "joined", "swapped", "tuned"]
    first = json.loads((project / "metrics" / "baseline.json").read_text(encoding="utf-8"))
    assert sorted(first) == ["calibrated", "dense_base"]
    assert {name: row["map"] for name, row in first.items()} == {name: scores[name]["map"] for name in first}
    assert all(0.0 <= row["map"] <= 1.0 for row in scores.values())


def test_the_baselines_have_a_page_of_their_own(project: Path) -> None:
    page = (project / "data" / "baseline" / "index.html").read_text(encoding="utf-8")
    rows = re.findall(r'<th scope="row"><code>(\w+)</code>', page)
    assert sorted(rows) == ["calibrated", "dense_base"]
    assert "bm25+dense+questions" in page  # with what each set of retrievers reaches on dev questions


def test_a_project_without_baselines(project: Path) -> None:
    with undone(project):
        combinations = {"joined": {"union": {"of": ["dense_promoted", "tuned"], "encoder": "base"}}}
        change_params(project, baselines={}, combinations=combinations)
        set_params(project, "score", "baseline", "dense_promoted")
        for folder in ("data/submissions/baselines", "metrics/submissions/baselines"):
            shutil.rmtree(project / folder)  # a clone has neither
        dvc(project, "repro", "baseline")
        assert json.loads((project / "metrics" / "baseline.json").read_text(encoding="utf-8")) == {}
        page = (project / "data" / "baseline" / "index.html").read_text(encoding="utf-8")
        assert "<code>baselines</code>에 변형이 없습니다" in page


def test_no_output_names_this_machine(project: Path) -> None:
    written = [path for folder in ("data", "models", "metrics") for path in (project / folder).rglob("*")]
    texts = [path for path in written if path.suffix in {".json", ".jsonl", ".csv", ".run", ".md", ".tsv"}]
    assert texts
    for path in texts:
        content = path.read_text(encoding="utf-8")
        assert str(project) not in content, path
        assert str(Path.home()) not in content, path


TABLES = ("prepared/corpus", "qa/questions", "qa/rejected", "mined/train", "mined/pairs", "mined/triplets")


@pytest.mark.heavy
def test_tables_in_shards_hold_the_same_rows(project: Path) -> None:
    paths = [project / "data" / f"{name}.jsonl" for name in TABLES]
    whole = [path.read_bytes() for path in paths]
    vectors = (project / "data/index/promoted/corpus.npy").read_bytes()
    change_params(project, rows_per_shard=4)
    ran = stages_run(dvc(project, "repro", "mine_pairs"))
    assert {"prepare", "generate_qa", "mine", "train_embedder", "mine_pairs"} <= set(ran)
    for path, one in zip(paths, whole, strict=True):
        shards = sorted(path.iterdir())
        assert len(shards) > 1, path
        assert b"".join(shard.read_bytes() for shard in shards) == one, path
    assert (project / "data/index/promoted/corpus.npy").read_bytes() == vectors
    change_params(project, rows_per_shard=0)
    dvc(project, "repro", "prepare")


def test_five_more_passages_encode_five(project: Path) -> None:
    """Last in the file: it changes the project's corpus."""
    set_params(project, "qa", "round_trip", "bm25")  # else the round trip is the first to encode them
    write_source(project / "data" / "source", PASSAGES + 5)
    dvc(project, "repro", "encode_base")
    rows = json.loads((project / "metrics" / "timing" / "encode_base_rows.json").read_text(encoding="utf-8"))
    assert rows == {"encoded": 5, "cached": PASSAGES, "precision": "float32"}
