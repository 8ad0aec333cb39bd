"""A newcomer of each kind is one new file beside the others: found by its name, it works throughout."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest
from tests.models.conftest import write_tiny_bert
from tests.report.conftest import page_inputs
from tests.search.conftest import GivenScores, queries_of
from typer.testing import CliRunner

from sunwi.cli import app
from sunwi.cli.checks.access import check_keys
from sunwi.cli.checks.project import check_source
from sunwi.corpus.importer import IMPORTERS
from sunwi.errors import DataError, LlmError, ModelError, ParamsError, ReplayMissing
from sunwi.llm.client import LlmClient
from sunwi.llm.provider import PROVIDERS
from sunwi.llm.request import LlmRequest, Message
from sunwi.models.builtin import write_pooling
from sunwi.models.encoder import Encoder
from sunwi.models.pooling import POOLINGS
from sunwi.models.resolver import resolve
from sunwi.params.llm import LlmParams
from sunwi.params.reading import validate
from sunwi.params.score import ScoreParams
from sunwi.params.submissions import SubmissionParams
from sunwi.params.whole import Params
from sunwi.qa.generate import QaSources, generate_questions
from sunwi.qa.judging import FILTERS
from sunwi.records.corpus import Document
from sunwi.records.files import read_json
from sunwi.registry import Registry, names_in
from sunwi.report.cards import model_cards
from sunwi.report.funnel import funnel_view
from sunwi.report.ladder import ladder_rows
from sunwi.report.page import render_page, view
from sunwi.score.markdown import markdown_table
from sunwi.score.measuring import MEASURES, measures
from sunwi.score.table import score_runs, write_scores
from sunwi.search.fusion.method import FUSIONS
from sunwi.search.passages import Passages
from sunwi.search.pipeline import SearchPipeline
from sunwi.submit.building import fusion_of
from sunwi.train.embedder.arguments import pooling_method

ROOT = Path(__file__).resolve().parents[1]
REGISTRIES: list[Registry[object]] = [FILTERS, FUSIONS, IMPORTERS, MEASURES, POOLINGS, PROVIDERS]  # type: ignore[list-item]


class Newcomers:
    """Files of a test that stand in the package's folders as if they had been written there."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.files: list[Path] = []
        self._folder, self._patch = folder, patch

    def add(self, registry: Registry[object] | str, name: str, text: str) -> None:
        package = registry if isinstance(registry, str) else registry.package
        path = self._folder / package / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        module = importlib.import_module(package)
        self._patch.setattr(module, "__path__", [*module.__path__, str(path.parent)])
        importlib.invalidate_caches()
        self.files.append(path)

    def forget(self) -> None:
        for path in self.files:
            sys.modules.pop(f"{path.parent.name}.{path.stem}", None)


@pytest.fixture
def newcomers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Newcomers]:
    folder = tmp_path / "newcomers"
    folder.mkdir()
    found = Newcomers(folder, monkeypatch)
    yield found
    found.forget()


def table() -> dict[str, int]:
    """What a newcomer adds, by docs/architecture.md: kind to its number of files."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition("A newcomer adds")[2].partition("\n## ")[0]
    return {
        kind: int(files)
        for kind, files in re.findall(r"^\| ([\w ]+?) \|.*\| (\d+) \|$", section, re.MULTILINE)
    }


def test_a_fusion(newcomers: Newcomers) -> None:
    settings = {"fusion": "best_of", "retrievers": ["bm25", "dense"], "weights": {"dense": 3.0}}
    with pytest.raises(ParamsError, match=r"key 'fusion': .* alpha, calibrated, .*; found 'best_of'"):
        validate(SubmissionParams, settings, "params.yaml")
    newcomers.add(
        FUSIONS,
        "best_of",
        """
        import numpy as np
        from sunwi.search.fusion.method import FusionMethod

        def best_of(scores, settings):
            return np.max([settings.weights.get(name, 1.0) * of for name, of in scores.items()], axis=0)

        FUSION = FusionMethod(best_of)
        """,
    )
    params = validate(Params, {"submissions": {"a": settings}, "score": {"baseline": "a"}}, "params.yaml")
    assert "sunwi.search.fusion.methods.best_of" not in sys.modules  # its name alone is read there
    variant = params.submissions["a"]
    bm25, dense = GivenScores("bm25", {"q": [5.0, 0.0, 1.0]}), GivenScores("dense", {"q": [0.0, 2.0, 1.0]})
    passages = Passages.of([Document(docid=docid, content=docid) for docid in ("a", "b", "c")])
    pipeline = SearchPipeline(passages, [bm25, dense])
    (found,) = pipeline.rank(queries_of(["q"]), ["bm25", "dense"], fusion_of(variant, {}), 3)
    assert [passages.docids[at] for at in found.positions] == ["b", "a", "c"]
    assert found.scores.tolist() == [6.0, 5.0, 3.0]
    assert ladder_rows(params, {"a": {}}, {}, {})[0]["fusion"] == "best_of"
    assert len(newcomers.files) == table()["fusion"]


def test_a_question_filter(newcomers: Newcomers) -> None:
    newcomers.add(
        FILTERS,
        "shouting",
        """
        from sunwi.qa.candidate import FilterVerdict
        from sunwi.qa.filter import Filter

        def shouting(candidate, evidence):
            marks = candidate.question.count("!")
            return FilterVerdict({"marks": marks}, "shouts" if marks > 1 else None)

        FILTER = Filter("text", 15, {"shouts": "소리를 지름"}, shouting)
        """,
    )
    text = "마찰력은 접촉한 두 물체의 운동을 방해하는 힘이다. 마찰력은 브레이크에 널리 사용된다."
    given = [("d", "브레이크는 어떤 힘을 쓰나요?", "x"), ("d", "마찰력이 무엇인지 알려 주세요!!", "x")]
    settings = Params.model_validate({"qa": {"provider": "given", "round_trip": "bm25"}})
    result = generate_questions(QaSources([Document(docid="d", content=text)], given), settings)
    (refused,) = result.rejected
    assert (refused.reason, refused.checks["marks"]) == ("shouts", 2)
    assert "characters" not in refused.checks  # its order is before that of `form`
    assert [question.checks["marks"] for question in result.kept] == [0]
    assert funnel_view({"qa": result.metrics})["rejected"] == [{"label": "소리를 지름", "count": 1}]
    assert len(newcomers.files) == table()["question filter"]


def test_a_provider_of_language_models(
    newcomers: Newcomers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ParamsError, match="none, replay, gemini, openai; found 'echo'"):
        validate(LlmParams, {"provider": "echo"}, "params.yaml")
    newcomers.add(
        PROVIDERS,
        "echo",
        """
        from sunwi.llm.answer import Answer

        class Echo:
            EXTRA = None
            KEYS = ("ECHO_KEY",)

            @staticmethod
            def usual_key(base_url):
                return "ECHO_KEY"

            def __init__(self, settings, key, redact):
                if settings.model == "absent":
                    import echo_sdk
                self.key, self.redact = key, redact

            async def answer(self, messages, schema):
                text = self.redact(f"{messages[-1].content} {self.key}")
                return Answer(text, "ok", "stop", 1, 2, "echo/1")

            async def close(self):
                pass

        PROVIDER = Echo
        """,
    )
    client = LlmClient(validate(LlmParams, {"provider": "echo"}, "params.yaml"), tmp_path / "cache")
    request = LlmRequest("task", "d1", (Message("user", "메아리"),))
    monkeypatch.delenv("ECHO_KEY", raising=False)
    with pytest.raises(ReplayMissing, match="ECHO_KEY is not set"):
        client.complete([request], str)
    monkeypatch.setenv("ECHO_KEY", "planted")
    (outcome,) = client.complete([request], str)
    assert (outcome.status, outcome.value) == ("ok", "메아리 [key]")
    assert "ECHO_KEY" in {finding.name for finding in check_keys({})}
    other = LlmClient(LlmParams(provider="echo", model="absent"), tmp_path / "cache")
    with pytest.raises(LlmError, match="pip install 'echo_sdk'"):
        other.complete([request], str)
    assert len(newcomers.files) == table()["LLM provider"]


def test_a_pooling(newcomers: Newcomers, tmp_path: Path, own_cache: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = write_tiny_bert(tmp_path / "bert", labels=0)
    newcomers.add(
        POOLINGS,
        "max",
        """
        from sunwi.models.poolings import Pooling

        def largest(hidden, mask):
            return hidden.masked_fill(mask.unsqueeze(-1) == 0, float("-inf")).max(dim=1).values

        POOLING = Pooling(largest, "pooling_mode_max_tokens")
        """,
    )
    write_pooling(folder, 8, "max", "", "", 16)
    info = resolve(str(folder))
    assert info.pooling == "max"
    texts = ["물", "물 빛 산소 힘 지진"]
    found = Encoder(info).encode(texts, "query", 16).astype(np.float32)
    theirs = SentenceTransformer(str(folder), device="cpu")  # one by one: this tokeniser pads on the left
    oracle = theirs.encode(texts, batch_size=1, normalize_embeddings=True)
    np.testing.assert_allclose(found, oracle, atol=2e-3)
    with pytest.raises(ModelError, match="pools by max, which FlagEmbedding does not train"):
        pooling_method(info)
    assert len(newcomers.files) == table()["pooling"]


def test_a_measure(newcomers: Newcomers, tmp_path: Path) -> None:
    newcomers.add(
        MEASURES,
        "rprec",
        """
        from sunwi.score.measure import Family, Measure

        def second(grades, docids):
            return float(len(docids) > 1 and grades.get(docids[1], 0) > 0)

        SHOWN = ("summary", "tables", "ladder")
        MEASURE = Family.of(
            Measure("rprec", "R-Prec", 650, "Rprec", shown=SHOWN),
            Measure("second", "Second", 660, of_ranking=second, shown=SHOWN, compared=True, decimals=1),
        )
        """,
    )
    qrels = {"1": {"a": 1, "b": 1}, "2": {"c": 1}}
    runs = {
        "base": {"1": {"a": 2.0, "x": 1.0}, "2": {"x": 2.0, "c": 1.0}},
        "new": {"1": {"a": 3.0, "b": 2.0}},  # nothing for query 2
    }
    topk = {name: {qid: sorted(run.get(qid, {}))[:1] for qid in ("1", "2")} for name, run in runs.items()}
    params = ScoreParams(baseline="base", bootstrap=20, permutations=20)
    write_scores(score_runs(qrels, runs, topk, ["1", "2"], params, seed=1), tmp_path)
    summary = read_json(tmp_path / "scores.json")
    assert (summary["base"]["rprec"], summary["new"]["rprec"]) == (0.25, 0.5)  # (1/2 + 0) / 2, (1 + 0) / 2
    assert (summary["base"]["second"], summary["new"]["second"]) == (0.5, 0.5)
    gains = read_json(tmp_path / "scores_detail.json")["all"]["variants"]["new"]["against_baseline"]
    assert gains.keys() == {"map", "mrr", "second"}
    assert (
        markdown_table(summary).splitlines()[0].endswith(" Hit@1 | R-Prec | Second | empty | p vs baseline |")
    )
    assert re.search(r"^\| new \|.* 0\.500 \| 0\.5 \| \d+ \| ", markdown_table(summary), re.MULTILINE)

    page = page_inputs()
    name = page.params.headline
    labels = {one["key"]: one["label"] for one in view(page)["headline"]["others"]}
    assert labels["rprec"] == "R-Prec"
    html = render_page(page)
    assert '<th scope="col" class="num">Hit@1</th><th scope="col" class="num">R-Prec</th>' in html
    (row,) = re.findall(rf"<tr[^>]*>\s*<th scope=\"row\"><code>{name}</code>.*?</tr>", html, re.DOTALL)[:1]
    assert f'<td class="num">{page.scores[name]["rprec"]:.3f}</td>' in row
    card = model_cards(page.params, page.scores, page.metrics, page.detail)["embedder"]
    assert " Hit@1 | R-Prec | Second | MAP interval |" in card
    assert len(newcomers.files) == table()["measure"]


def test_an_importer(newcomers: Newcomers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    newcomers.add(
        IMPORTERS,
        "dictionary",
        """
        from pathlib import Path
        from typing import Annotated

        from sunwi.corpus.draft import Draft, Location
        from sunwi.corpus.importer import Importer
        from sunwi.records.corpus import Document

        def read(
            file: Annotated[Path, "A term and its meaning a line."],
            *,
            separator: Annotated[str, "What stands between them."] = "=",
        ) -> Draft:
            draft = Draft()
            for number, line in enumerate(filter(None, draft.open(file).lines), start=1):
                term, _, meaning = line.partition(separator)
                place = Location(file, number)
                row = draft.build(place, Document, docid=term, content=meaning)
                draft.documents += [(place, row)] if row else []
            return draft

        IMPORTER = Importer(read, "A dictionary as plain text.")
        """,
    )
    (tmp_path / "terms.txt").write_text("굴절:빛이 꺾임\n조석:바닷물의 드나듦\n", encoding="utf-8")
    assert re.search(r"^ +dictionary +A dictionary as plain text\.$", run("--help"), re.MULTILINE)
    assert "What stands between them. [default: =]" in " ".join(run("dictionary", "--help").split())
    run("dictionary", "terms.txt", "--separator", ":", "--out", "made")
    rows = [json.loads(line) for line in (tmp_path / "made" / "corpus.jsonl").read_text("utf-8").splitlines()]
    assert [(row["docid"], row["content"]) for row in rows] == [
        ("굴절", "빛이 꺾임"), ("조석", "바닷물의 드나듦"),
    ]  # fmt: skip
    settings = Params.model_validate({"data": {"source": "absent"}})
    assert "(or beir, competition, dictionary, squad)" in str(check_source(settings).fix)
    assert len(newcomers.files) == table()["importer"]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["import", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_params_are_checked_with_no_member_imported() -> None:
    code = """
import sys
from sunwi.params.whole import Params
Params.model_validate({"llm": {"provider": "gemini"}, "submissions": {"dense_base": {"fusion": "rrf"}}})
print(sorted({name.partition(".")[2].partition(".")[0] for name in sys.modules if name.startswith("sunwi.")}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['errors', 'params', 'records', 'registry', 'runtime']"


@pytest.mark.parametrize("registry", REGISTRIES, ids=lambda one: one.constant)
def test_every_member_defines_its_constant(registry: Registry[object]) -> None:
    folder = Path(importlib.import_module(registry.package).__path__[0])
    assert registry.names == sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert list(registry.all()) == registry.names


def test_what_is_no_member_is_refused(newcomers: Newcomers) -> None:
    newcomers.add(POOLINGS, "_shared", "")
    newcomers.add(POOLINGS, "vague", "POOLINGS = 1\n")
    assert POOLINGS.names == ["cls", "lasttoken", "mean", "vague"]
    with pytest.raises(DataError, match=r"poolings\.vague should define POOLING, a Pooling; found None"):
        POOLINGS.load("vague")
    with pytest.raises(DataError, match=r"no 'median' in sunwi\.models\.poolings.*cls, lasttoken, mean"):
        POOLINGS.load("median")
    with pytest.raises(ModuleNotFoundError, match=r"no package sunwi\.models\.absent"):
        names_in("sunwi.models.absent")


def test_a_measure_that_is_found_in_no_way_or_named_as_another_is_refused(newcomers: Newcomers) -> None:
    newcomers.add(
        MEASURES,
        "again",
        """
        from sunwi.score.measure import Family, Measure
        MEASURE = Family.of(Measure("mrr", "MRR", 1, "RR"))
        """,
    )
    with pytest.raises(DataError, match="two measures have the key mrr"):
        measures()
    newcomers.add(
        MEASURES, "again_not", "from sunwi.score.measure import Measure\nMeasure('none', 'None', 1)\n"
    )
    with pytest.raises(DataError, match="the measure 'none' has 0 of ir_measures"):
        MEASURES.load("again_not")


def test_an_importer_without_help_is_refused(newcomers: Newcomers) -> None:
    newcomers.add(
        IMPORTERS,
        "silent",
        """
        from pathlib import Path
        from sunwi.corpus.draft import Draft
        from sunwi.corpus.importer import Importer
        IMPORTER = Importer(lambda folder: Draft(), "x")
        IMPORTER.read.__annotations__ = {"folder": Path}
        """,
    )
    result = CliRunner().invoke(app, ["import", "silent", "x"])
    assert isinstance(result.exception, DataError)
    assert "importer silent has a parameter 'folder' without help" in str(result.exception)
