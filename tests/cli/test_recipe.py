import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from sunwi.cli import app
from sunwi.cli.overlay import overlay
from sunwi.cli.params_file import read_yaml
from sunwi.cli.recipe import apply_recipe, find_recipes, summary
from sunwi.errors import DataError, ParamsError
from sunwi.models.published import MODELS, markdown_table
from sunwi.params.loading import load_params
from sunwi.params.tracking import value_of
from sunwi.params.whole import Params
from sunwi.params.yaml_text import read_mapping

ROOT = Path(__file__).parents[2]
NAMES = [
    "arctic-ko", "bge-m3-ko", "bge-m3", "bge-reranker-ko", "e5-large-instruct", "embedded",
    "embeddinggemma", "full-ladder", "gte-reranker-modernbert", "kure-reranker-base",
    "kure-reranker-nano", "kure-v1", "learned-ranker", "legal-finance-cpu", "legal-finance",
    "mbert-reranker", "neural-sparse", "polyglot-ko", "qwen3-embedding-0.6b", "qwen3-embedding-4b",
    "qwen3-reranker", "sentences", "solar", "whole-ranking",
]  # fmt: skip


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_bytes((ROOT / "params.yaml").read_bytes())
    for folder in ("params", "recipes"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def read(project: Path) -> dict[str, Any]:
    """params.yaml as PyYAML reads it, by libyaml: its own parser takes ten times as long."""
    content: dict[str, Any] = yaml.load(
        (project / "params.yaml").read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    )
    return content


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["recipe", *arguments])


def test_the_recipes_and_what_they_are_for(project: Path) -> None:
    result = run("--list")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.output.splitlines()] == NAMES
    assert all(len(summary(path)) > 20 for path in find_recipes(project / "recipes").values())
    assert run().output == result.output


def test_embedded_is_what_params_yaml_comes_with(project: Path) -> None:
    before = (project / "params.yaml").read_bytes()
    result = run("embedded")
    assert result.exit_code == 0
    assert "nothing was written" in result.output
    assert (project / "params.yaml").read_bytes() == before


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_gives_valid_params_and_embedded_is_the_way_back(project: Path, name: str) -> None:
    run("embedded")
    before = (project / "params.yaml").read_bytes()
    assert run(name).exit_code == 0
    load_params("params.yaml")
    assert "nothing was written" in run(name).output  # once more changes nothing
    assert run("embedded").exit_code == 0
    assert (project / "params.yaml").read_bytes() == before


def test_bge_m3_sets_the_embedder_and_the_reranker(project: Path) -> None:
    result = run("bge-m3")
    params = load_params("params.yaml")
    assert params.encoder.model == "BAAI/bge-m3"
    tuning = params.train_embedder
    assert (tuning.method, tuning.group_size, tuning.epochs, tuning.batch_size) == ("m3", 8, 5, 32)
    assert (tuning.learning_rate, tuning.temperature, tuning.max_steps) == (1e-5, 0.02, 0)
    assert params.train_reranker.target_modules == ["query", "value"]
    assert params.train_reranker.modules_to_save == ["classifier"]
    assert "train_embedder.method: dense -> m3" in result.output
    assert "Next: make repro" in result.output


def test_a_dry_run_writes_nothing(project: Path) -> None:
    before = (project / "params.yaml").read_bytes()
    result = run("bge-m3", "--dry-run")
    assert "encoder.model: builtin/multilingual-e5-small -> BAAI/bge-m3" in result.output
    assert "Next: sunwi recipe bge-m3" in result.output
    assert (project / "params.yaml").read_bytes() == before


def test_an_unknown_name_tells_the_known_ones_and_where_it_looked(project: Path) -> None:
    result = run("../params")
    assert isinstance(result.exception, DataError)
    assert str(project / "recipes") in str(result.exception)
    assert all(name in str(result.exception) for name in NAMES)


def test_without_a_folder_of_recipes_it_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=str(tmp_path / "recipes")):
        find_recipes(Path("recipes"))


@pytest.mark.parametrize(
    ("recipe", "fault"),
    [("encoder: {modle: x}\n", "encoder.modle"), ("encoder: [1\n", "no YAML"), ("- 1\n", "a mapping")],
)
def test_what_is_not_valid_is_not_written(project: Path, recipe: str, fault: str) -> None:
    before = (project / "params.yaml").read_bytes()
    bad = project / "bad.yaml"
    bad.write_text(recipe, encoding="utf-8")
    with pytest.raises(ParamsError, match=fault):
        apply_recipe(bad, Path("params.yaml"), write=True)
    assert (project / "params.yaml").read_bytes() == before


def test_a_recipe_holds_only_what_differs_from_the_defaults() -> None:
    default = Params().model_dump(mode="json", by_alias=True)
    equal = [
        f"{path.stem}: {section}.{key}"
        for path in find_recipes(ROOT / "recipes").values()
        for section, entry in read_mapping(path).items()
        for key, value in entry.items()
        if value_of(default, f"{section}.{key}") == value
    ]
    # params.yaml pins float32, where the GPU's recipes want `auto`; a model stands beside its address.
    on_gpu = [path.stem for path in find_recipes(ROOT / "recipes").values() if "For a GPU" in summary(path)]
    assert len(on_gpu) > 8
    assert {row for row in equal if not row.endswith(": encoder.precision")} == {"solar: llm.model"}
    assert {row.partition(":")[0] for row in equal if row.endswith(": encoder.precision")} <= {*on_gpu}


def test_the_table_of_models_is_that_of_the_registry_and_its_recipes_use_them() -> None:
    assert markdown_table() in (ROOT / "recipes/README.md").read_text(encoding="utf-8"), (
        "run python scripts/model_table.py"
    )
    for model in MODELS:
        if model.recipe is None or model.name.startswith("builtin/"):
            continue
        recipe = read_mapping(ROOT / "recipes" / f"{model.recipe}.yaml")
        named = {section.get(key) for section in recipe.values() for key in ("model", "reranker")}
        assert model.name in named, model.recipe
        if model.use == "encoder":
            trained = recipe["train_embedder"].get("passage_max_length", 0)
            assert max(trained, recipe["encoder"].get("max_length", 0)) <= model.length
            assert (recipe["train_embedder"].get("method") == "decoder") == (model.pooling == "last token")


def test_another_encoder_does_not_inherit_how_many_layers_of_the_builtin_one_train(project: Path) -> None:
    assert load_params(project / "params.yaml").train_embedder.freeze_layers == 8
    assert run("bge-m3").exit_code == 0
    assert load_params(project / "params.yaml").train_embedder.freeze_layers == 0


def test_a_recipe_takes_back_what_others_set_in_its_sections_and_no_more(project: Path) -> None:
    run("polyglot-ko")
    run("mbert-reranker")
    params = load_params("params.yaml")
    assert params.train_embedder.method == "decoder"  # of the first recipe
    assert params.train_reranker.enabled  # the first one had switched it off
    assert params.train_reranker.model == "google-bert/bert-base-multilingual-cased"
    run("bge-m3")
    params = load_params("params.yaml")
    assert (params.train_embedder.method, params.encoder.batch_size) == ("m3", 32)


MINE = """  mine: {encoder: base, retrievers: [bm25], fusion: weighted} # my own

combinations: {}
# a last word
mining:
  fill: random # mine too
bm25: {tokenizer: kiwi, k1: 0.9}
"""


def test_the_way_back_keeps_what_no_recipe_sets(project: Path) -> None:
    text = (project / "params.yaml").read_text(encoding="utf-8")
    start, end = text.index("combinations:"), text.index("score:")
    text = text[:start].rstrip() + "\n" + MINE + "\n" + text[end:]
    text = re.sub(r"\n(mining|bm25):\n  [^\n]*\n(?=\n)", "\n", text).replace("data/demo", "data/raw")
    (project / "params.yaml").write_text(text, encoding="utf-8")
    for name in NAMES:
        assert run(name).exit_code == 0, name
    run("embedded")
    assert (project / "params.yaml").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("deleted", [["multiquery_hyde"], ["alpha06", "multiquery_hyde"], ["calibrated"]])
@pytest.mark.parametrize("name", NAMES)
def test_recipes_go_forth_and_back_whatever_variants_a_person_deleted(
    project: Path, name: str, deleted: list[str]
) -> None:
    content = read(project)
    content["baselines"] = {key: one for key, one in content["baselines"].items() if key not in deleted}
    before = content["baselines"].keys() | content["promoted"].keys() | content["submissions"].keys()
    content["combinations"] = {}
    (project / "params.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    result = run(name)
    assert result.exit_code == 0, result.exception
    added = load_params("params.yaml").variants.keys() - before
    left_out = {
        line.split()[0].split(".")[1] for line in result.output.splitlines() if "is left out: " in line
    }
    assert not added & {*left_out, *deleted}
    assert (added | left_out) - set(deleted) == VARIANTS_OF.get(name, set())
    assert run("embedded").exit_code == 0
    assert read(project) == content


VARIANTS_OF = {
    "solar": {"llm_rerank", "answered", "solar_tiebreak", "swap_to_llm"},
    "learned-ranker": {"learned"},
    "sentences": {"calibrated_sentences", "hybrid_sentences"},
    "full-ladder": {
        "tuned_stage1", "conservative_swap_005_1", "conservative_swap_004_2", "conservative_swap_003_5",
    },
}  # fmt: skip


def test_a_byte_order_mark_and_line_ends_of_windows_stay(project: Path) -> None:
    path = project / "params.yaml"
    before = b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n")
    path.write_bytes(before)
    assert run("bge-m3").exit_code == 0
    changed = path.read_bytes()
    assert changed.startswith(b"\xef\xbb\xbf#")
    assert changed.count(b"\n") == changed.count(b"\r\n") > before.count(b"\r\n")
    assert run("embedded").exit_code == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize("encoding", ["cp949", "utf-16"])
def test_a_recipe_of_another_encoding_is_read_and_params_are_not(project: Path, encoding: str) -> None:
    (project / "recipes/mine.yaml").write_bytes(
        "# 내 설정: 짧은 글\nencoder: {max_length: 64}\n".encode(encoding)
    )
    assert "내 설정: 짧은 글" in run("--list").output
    assert run("mine").exit_code == 0
    assert load_params("params.yaml").encoder.max_length == 64
    (project / "params.yaml").write_bytes("# 설정\nseed: 1\n".encode(encoding))
    error = run("bge-m3").exception
    assert isinstance(error, ParamsError)
    assert f"decode('{encoding}').encode()" in str(error)


def laid_over(tmp_path: Path, base: str, partial: str) -> str:
    (tmp_path / "base.yaml").write_text(base, encoding="utf-8")
    (tmp_path / "partial.yaml").write_text(partial, encoding="utf-8")
    file = read_yaml(tmp_path / "base.yaml")
    assert file.text() == base
    overlay(file.content, read_yaml(tmp_path / "partial.yaml").content)
    return file.text()


def test_comments_order_and_indents_stay(tmp_path: Path) -> None:
    base = """\
# the head
a:
  rate: 1.0e-05 # of learning
  flow: [x, "y"] # in one line

  # above
  block: # on it
    - p # first
    - q # last

# of b
b:
  nothing: null # calibrated

# of c
c: 'yes'

# the end
"""
    partial = (
        "a: {rate: 2.0e-05, flow: [z], block: [r]}  # mine\nb: {nothing: 0.5, more: 1}\nd: {e: [1, 2]}\n"
    )
    assert (
        laid_over(tmp_path, base, partial)
        == """\
# the head
a:
  rate: 2.0e-05 # of learning
  flow: [z] # in one line

  # above
  block: # on it
    - r

# of b
b:
  nothing: 0.5 # calibrated
  more: 1

# of c
c: 'yes'
d:
  e: [1, 2]

# the end
"""
    )


@pytest.mark.parametrize("indent", ["", "  "])
def test_both_habits_of_indenting_lists_stay(tmp_path: Path, indent: str) -> None:
    base = f"a:\n{indent}- 1\n{indent}- 2\nb: 3\n"
    assert laid_over(tmp_path, base, "b: 4\n") == base.replace("3", "4")


SECTION = st.dictionaries(
    st.sampled_from("abcd"),
    st.one_of(
        st.integers(),
        st.booleans(),
        st.none(),
        st.sampled_from(["x", "더", "1", "null"]),
        st.lists(st.integers()),
    ),
    min_size=1,
)
SECTIONS = st.dictionaries(st.sampled_from("stuv"), SECTION, min_size=1)


@given(base=SECTIONS, partial=SECTIONS)
def test_the_overlay_is_the_merge_of_the_mappings(
    tmp_path_factory: pytest.TempPathFactory,
    base: dict[str, dict[str, object]],
    partial: dict[str, dict[str, object]],
) -> None:
    folder = tmp_path_factory.mktemp("overlay")
    for name, content in (("base.yaml", base), ("partial.yaml", partial)):
        (folder / name).write_text(
            yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8"
        )
    file = read_yaml(folder / "base.yaml")
    changes = overlay(file.content, read_yaml(folder / "partial.yaml").content)
    merged = {key: base.get(key, {}) | partial.get(key, {}) for key in {**base, **partial}}
    read_back = yaml.safe_load(file.text())
    assert read_back == merged
    assert {change.key.partition(".")[0] for change in changes} <= set(partial)


def test_a_file_that_is_nested_too_deep_is_named(tmp_path: Path) -> None:
    (tmp_path / "deep.yaml").write_text("a: " + "[" * 5000 + "]" * 5000 + "\n", encoding="utf-8")
    with pytest.raises(ParamsError, match=r"deep\.yaml(.|\n)*nested too deep"):
        read_yaml(tmp_path / "deep.yaml")
