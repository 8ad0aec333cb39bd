"""Parameters: defaults below params.yaml, faults by key, encodings, numbers that YAML 1.1 reads as text."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sunwi.errors import ParamsError
from sunwi.params.combinations import CombinationParams, Swap, UnionPool
from sunwi.params.decided import DECIDED
from sunwi.params.describe import defaults_text, keys_of
from sunwi.params.finishing import Answering, LlmRerank, Tiebreak
from sunwi.params.loading import load_params
from sunwi.params.reading import read_effective
from sunwi.params.submissions import SubmissionParams
from sunwi.params.tracking import MISSING, value_of
from sunwi.params.whole import Params
from sunwi.params.yaml_text import read_mapping

ROOT = Path(__file__).resolve().parents[1]

LEARNED = "{rerank: learned, retrievers: [bm25, dense, questions]"  # open: further settings follow


def load(tmp_path: Path, text: str) -> Params:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return load_params(path)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("bm25: {k2: 1}", "key 'bm25.k2' is not known here"),
        ("bm24: {}", "key 'bm24' is not known here"),
        ("bm25: {k1: -0.1}", "key 'bm25.k1'"),
        ("bm25: {b: 1.5}", "key 'bm25.b'"),
        ("bm25: {tokenizer: mecab}", "key 'bm25.tokenizer'"),
        ("encoder: {max_length: long}", "key 'encoder.max_length'"),
        ("train_embedder: {learning_rate: .nan}", "key 'train_embedder.learning_rate'"),
        ("train_embedder: {learning_rate: .inf}", "key 'train_embedder.learning_rate'"),
        ("fusion: {bm25_weights: []}", "key 'fusion.bm25_weights'"),
        ("mining: {first_rank: 9, last_rank: 3}", "first_rank 9 to last_rank 3 is empty"),
        ("submissions: {a: {retrievers: [bm25], weights: {dense: 1}}}", "weights for ['dense']"),
        ("submissions: {Bad-Name: {}}\nscore: {baseline: Bad-Name}", "Bad-Name"),
        ("submissions: {dense: {}}\nscore: {baseline: sparse}", "score.baseline is 'sparse'"),
        ("seed: [", "no YAML: line 1"),
        ("seed: " + "[" * 5000, "nested too deep"),
        ("data: {source: ''}", "data.source: expected a name, found an empty text"),
        ("encoder: {model: ' '}", "encoder.model: expected a name"),
        ("train_reranker: {target_modules: ['']}", "train_reranker.target_modules.0: expected a name"),
        ("encoder: {kernels: onednn}", "key 'encoder.kernels' was removed: its value 'onednn'"),
        ("seed: 1\nbm25:\n  b: 0.1\n  b: 0.2\n", "line 4: the key 'b' occurs twice"),
        ("- 1", "expected a mapping of sections, found list"),
        ("a:\n\tb: 1", "line 2: found character"),
        ("baselines: {a: {encoder: promoted}}", "baselines.a: encoder is promoted, which is trained: move"),
        ("baselines: {a: {rerank: both}}", "baselines.a: rerank is both, which needs a trained reranker"),
        ("promoted: {a: {rerank: cross_encoder}}", "promoted.a: rerank is cross_encoder, which needs"),
        (
            "mining: {question_weight: 0.25}\ntrain_embedder: {rounds: 2}",
            "mining.question_weight is above 0, but train_embedder.rounds",
        ),
        (
            "promoted: {a: {rerank: learned}}",
            "promoted.a: rerank: learned is fitted on the calibrated fusion",
        ),
        (f"promoted: {{a: {LEARNED}, queries: [standalone, variants]}}}}", "reads one search a query"),
        (f"promoted: {{a: {LEARNED}, rerank_depth: 3}}}}", "are not read by rerank: learned"),
        (
            f"promoted: {{a: {LEARNED}}}}}\nsearch: {{engine: opensearch}}\nscore: {{baseline: a}}",
            "variants ['a'] have rerank: learned, which reads a local index",
        ),
        (
            f"promoted: {{a: {LEARNED}}}}}\nbm25: {{tokenizer: 'subword:x'}}\nscore: {{baseline: a}}",
            "variants ['a'] have rerank: learned, which matches no subwords",
        ),
        ("combinations: {a: {union: {of: [b, c], rerank: learned}}}", "combinations.a.union.rerank"),
        ("train_embedder: {heads: [dense]}", "heads chooses among method m3's heads"),
        ("train_embedder: {method: m3, heads: [dense, dense]}", "heads names one twice"),
        ("train_embedder: {method: m3, hardness_mode: all_negatives}", "hardness_mode weighs cosines"),
        ("exports: [embedder, embedder]", "exports names a model twice"),
        ("exports: [reranker]\ntrain_reranker: {method: late_interaction}", "exports names reranker"),
        ("promoted: {a: {retrievers: [sparse], fusion: rrf}}", "promoted.a: retrievers names sparse"),
        (
            "promoted: {a: {rerank: late_interaction, reranker: stage1}}\nscore: {baseline: a}",
            "submissions ['a']: reranker is stage1, which rerank: late_interaction does not read",
        ),
        (
            "baselines: {a: {}}\npromoted: {a: {}}\nscore: {baseline: a}",
            "promoted.a: baselines has a variant",
        ),
    ],
)
def test_a_fault_names_its_key(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ParamsError) as error:
        load(tmp_path, text)
    assert named in str(error.value)
    assert "Next: " in str(error.value)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ParamsError) as error:
        load(tmp_path, "seed: -1\nbm25: {k1: x, b: 2}\nextra: 1\n")
    assert len(error.value.faults) == 4


def test_exponents_without_a_point_are_numbers(tmp_path: Path) -> None:
    params = load(tmp_path, "train_embedder: {learning_rate: 3e-05}\nfusion: {bm25_weights: [1e-1, 0.5]}")
    assert params.train_embedder.learning_rate == 3e-05
    assert params.fusion.bm25_weights == [0.1, 0.5]


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Params()


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="does not exist"):
        load_params(tmp_path / "params.yaml")


@pytest.mark.parametrize("number", ["1e2", "1E+2", "100.0", "100", "'100'"])
def test_every_form_of_a_whole_number_is_one(tmp_path: Path, number: str) -> None:
    assert load(tmp_path, f"train_embedder: {{max_steps: {number}}}").train_embedder.max_steps == 100


def test_a_part_of_a_whole_number_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"key 'seed'.*found 1\.5"):
        load(tmp_path, "seed: 15e-1")


class TestLayers:
    """The value is that of params.yaml, else that of params/defaults.yaml, else the section's."""

    @pytest.fixture
    def defaults(self, tmp_path: Path) -> Path:
        path = tmp_path / "params" / "defaults.yaml"
        path.parent.mkdir()
        return path

    def test_params_yaml_is_above_the_defaults_key_by_key(self, tmp_path: Path, defaults: Path) -> None:
        defaults.write_text(
            "bm25: {k1: 1.5, b: 0.5}\nqa: {style_shares: {factual: 1.0, keyword: 2.0}}\n", encoding="utf-8"
        )
        params = load(tmp_path, "bm25: {b: 0.25}\nqa: {style_shares: {keyword: 3.0}}\n")
        assert (params.bm25.k1, params.bm25.b, params.bm25.bigram_weight) == (1.5, 0.25, 0.2)
        shares = params.qa.style_shares
        assert (shares.factual, shares.keyword, shares.scenario) == (1.0, 3.0, 0.1)

    def test_a_mapping_that_is_no_section_is_replaced_whole(self, tmp_path: Path, defaults: Path) -> None:
        defaults.write_text("guard: {tolerances: {map: 0.5}}\n", encoding="utf-8")
        assert load(tmp_path, "guard: {tolerances: {mrr: 0.1}}").guard.tolerances == {"mrr": 0.1}

    def test_an_empty_section_has_the_defaults(self, tmp_path: Path, defaults: Path) -> None:
        defaults.write_text("bm25: {k1: 1.5}\n", encoding="utf-8")
        assert load(tmp_path, "bm25:\n").bm25.k1 == 1.5

    def test_a_fault_says_that_it_stands_in_the_defaults(self, tmp_path: Path, defaults: Path) -> None:
        defaults.write_text("bm25: {k1: x}\n", encoding="utf-8")
        with pytest.raises(ParamsError) as error:
            load(tmp_path, "bm25: {b: y}")
        in_defaults = {
            fault.partition("'")[2].partition("'")[0]: "(in params/" in fault for fault in error.value.faults
        }
        assert in_defaults == {"bm25.k1": True, "bm25.b": False}


@pytest.mark.parametrize("encoding", ["cp949", "utf-16"])
def test_another_encoding_is_named_with_a_command_that_converts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_bytes("# 설정\nseed: 7\n".encode(encoding))
    with pytest.raises(ParamsError, match=f"found {encoding.upper()}") as error:
        load_params()
    command = str(error.value).partition("convert the file: ")[2]
    program = shlex.split(command)
    subprocess.run([sys.executable, *program[1:]], check=True)
    assert load_params().seed == 7
    assert Path("params.yaml").read_text(encoding="utf-8").lstrip("\ufeff") == "# 설정\nseed: 7\n"


def test_a_byte_order_mark_and_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(b"\xef\xbb\xbfseed: 7\r\nbm25:\r\n  b: 0.5\r\n")
    assert load_params(tmp_path / "params.yaml") == load(tmp_path, "seed: 7\nbm25: {b: 0.5}\n")


class TestTheFilesOfTheProject:
    def test_the_defaults_are_those_of_the_sections(self) -> None:
        text = (ROOT / "params" / "defaults.yaml").read_text(encoding="utf-8")
        assert text == defaults_text(), "run sunwi params --write"
        written = yaml.safe_load(text)
        default = Params().model_dump(mode="json")
        assert {key.name for key in keys_of() if value_of(written, key.name) is not MISSING} == {
            key.name for key in keys_of() if key.name not in DECIDED
        }
        assert all(
            value_of(written, k.name) == value_of(default, k.name) for k in keys_of() if k.name not in DECIDED
        )

    def test_params_yaml_has_the_decided_keys_in_their_order_with_their_defaults(self) -> None:
        content = read_mapping(ROOT / "params.yaml")
        own = {"baselines", "promoted", "submissions", "combinations", "report.headline"}
        keys = []
        for section, entry in content.items():
            if isinstance(entry, dict) and section not in own:
                keys += [f"{section}.{key}" for key in entry]
            else:
                keys.append(section)
        assert tuple(keys) == DECIDED
        default = Params().model_dump(mode="json")
        own.add("encoder.precision")  # pinned for the same bytes on CPUs of one kind
        own.add("train_embedder.freeze_layers")  # of 12; the default has to fit every encoder
        assert all(value_of(content, key) == value_of(default, key) for key in DECIDED if key not in own)

    def test_the_five_that_matter_are_marked_in_their_order(self) -> None:
        lines = (ROOT / "params.yaml").read_text(encoding="utf-8").splitlines()
        marked = [line.split(":")[0].strip() + line.partition("# ")[2][:3] for line in lines if "# (" in line]
        assert marked == [
            "source(1)", "model(2)", "provider(3)", "max_steps(4)", "max_steps(4)", "max_steps(4)",
            "baselines(5)",
        ]  # fmt: skip

    def test_every_key_says_in_a_line_what_it_does(self) -> None:
        models = (
            Params,
            SubmissionParams,
            CombinationParams,
            Swap,
            UnionPool,
            LlmRerank,
            Tiebreak,
            Answering,
        )
        keys = [key for model in models for key in keys_of(model)]
        assert len(keys) > 200
        assert [key.name for key in keys if len(key.text) < 5 or "\n" in key.text] == []


def test_params_of_an_earlier_version_are_the_same_values() -> None:
    """params.yaml of commit d564c90, of which the four variants that are recipes now are left out."""
    old = load_params(Path(__file__).with_name("params_d564c90.yaml"))
    now = Params.model_validate(read_effective(Params, ROOT / "params.yaml"))
    differing = {name for name in Params.model_fields if getattr(old, name) != getattr(now, name)}
    sections = {"baselines", "promoted", "submissions", "combinations"}  # three for one
    assert differing == {*sections, "encoder", "search", "train_embedder"}
    assert (old.encoder.precision, now.encoder.precision) == ("auto", "float32")
    assert old.encoder.model_copy(update={"precision": "float32"}) == now.encoder
    assert old.train_embedder.model_copy(update={"freeze_layers": 8}) == now.train_embedder
    assert old.search.model_copy(update={"keep_indexes": True}) == now.search  # a cache, no output
    variants = [{name: one.model_dump() for name, one in of.searching.items()} for of in (old, now)]
    assert variants[0] | variants[1] == variants[0]
    assert old.combinations | now.combinations == old.combinations
