"""What DVC sees: the keys that stages name, and the defaults that params.yaml replaces."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sunwi.errors import ParamsError
from sunwi.params.decided import DECIDED
from sunwi.params.describe import keys_of
from sunwi.params.page import VARIANTS, parameters_page
from sunwi.params.reading import DEFAULTS_FILE, PARAMS_FILE
from sunwi.params.tracking import OVERRIDES_FILE, covers, declared_keys, overrides_text, stages_of
from sunwi.params.whole import Params

ROOT = Path(__file__).resolve().parents[1]
DVC = """\
stages:
  all: {cmd: x, params: [{params.yaml: }, {params/defaults.yaml: }]}
  one:
    cmd: x
    params:
      - llm.model
      - bm25
      - params/defaults.yaml: [llm.max_tokens, bm25, train_embedder.style_shares]
      - params/overrides.yaml: [one]
  each:
    foreach: ${submissions}
    do:
      cmd: x
      params: ["submissions.${key}", {params/defaults.yaml: [llm.timeout]}, {params/overrides.yaml: [each]}]
"""
DEFAULTS = "llm: {max_tokens: 1024, timeout: 60.0}\nbm25: {b: 0.75}\ntrain_embedder: {style_shares: {}}\n"


@pytest.fixture
def overrides(tmp_path: Path):
    (tmp_path / "params").mkdir()
    (tmp_path / "dvc.yaml").write_text(DVC, encoding="utf-8")
    (tmp_path / DEFAULTS_FILE).write_text(DEFAULTS, encoding="utf-8")

    def of(params: str) -> dict[str, dict[str, object]]:
        (tmp_path / PARAMS_FILE).write_text(params, encoding="utf-8")
        return yaml.safe_load(overrides_text(tmp_path))

    return of


OWN = "llm: {model: m%s}\nbm25: {tokenizer: kiwi%s}\n"


@pytest.mark.parametrize(
    ("params", "one", "each"),
    [
        (OWN % ("", ""), {}, {}),
        (OWN % (", max_tokens: 2048", ""), {"llm.max_tokens": 2048}, {}),
        (OWN % (", max_tokens: 1024", ""), {}, {}),  # the default's value changes nothing
        (OWN % (", timeout: 5", ""), {}, {"llm.timeout": 5}),
        (OWN % (", timeout: 60", ""), {}, {}),
        (OWN % (", budget: 1", ""), {}, {}),  # no stage reads it
        (OWN % ("", ", b: 0.5"), {}, {}),  # the stage names the whole section of params.yaml
        (
            OWN % ("", "") + "train_embedder: {style_shares: {factual: 1}}\n",
            {"train_embedder.style_shares.factual": 1},
            {},
        ),
    ],
)
def test_a_default_that_params_yaml_replaces_is_shown_to_the_stages_that_read_it(
    overrides, params: str, one: dict[str, object], each: dict[str, object]
) -> None:
    assert overrides(params) == {"one": one, "each": each}


@pytest.mark.parametrize(
    ("params", "missing"), [("llm: {}\nbm25: {b: 1}\n", "llm.model"), ("llm: {model: m}\n", "bm25")]
)
def test_a_key_that_dvc_would_miss_after_the_work_is_refused_before_it(
    overrides, params: str, missing: str
) -> None:
    with pytest.raises(ParamsError, match=f"key '{missing}' is missing, and dvc.yaml names it"):
        overrides(params)


def test_a_default_that_was_taken_out_is_refused_with_the_command_that_writes_it(
    overrides, tmp_path: Path
) -> None:
    (tmp_path / DEFAULTS_FILE).write_text("bm25: {}\ntrain_embedder: {style_shares: {}}\n", encoding="utf-8")
    with pytest.raises(ParamsError) as error:
        overrides(OWN % ("", ""))
    assert [fault.split("'")[1] for fault in error.value.faults] == ["llm.max_tokens", "llm.timeout"]
    assert "Next: sunwi params --write" in str(error.value)


class TestTheFilesOfTheProject:
    declared = declared_keys(ROOT)
    keys = tuple(keys_of())

    def test_the_page_and_the_overrides_are_as_written(self) -> None:
        page = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
        assert page == parameters_page(self.declared), "run sunwi params --write"
        assert (ROOT / OVERRIDES_FILE).read_text(encoding="utf-8") == overrides_text(ROOT)

    @pytest.mark.parametrize("stage", declared)
    def test_a_stage_names_each_key_in_the_file_that_holds_it(self, stage: str) -> None:
        """So a section that is named in one file is named in the other, where both have keys of it."""
        files = self.declared[stage]
        read = [key for key in self.keys if any(covers(keys, key.name) for keys in files.values())]
        for key in read:
            assert covers(files.get(key.file, ()), key.name), key.name
        named = [key for keys in files.values() for key in keys if "${" not in key]
        assert [
            key for key in named if key != stage and not any(covers([key], one.name) for one in self.keys)
        ] == []
        defaults = any(key.file == DEFAULTS_FILE for key in read)
        assert files.get(OVERRIDES_FILE, []) == ([stage] if defaults else [])

    def test_what_has_no_influence_on_outputs_is_named_by_no_stage(self) -> None:
        unnamed = {key.name for key in self.keys if not stages_of(key.name, self.declared)}
        assert {"llm.concurrency", "llm.budget", "llm.provider", "compute.workers"} <= unnamed
        assert unnamed & set(DECIDED) == {
            "llm.provider", "llm.base_url", "llm.api_key_env", "llm.budget", "compute.engine",
            "compute.workers", "guard.tolerances", "exports",
        }  # fmt: skip


def test_no_key_has_a_name_that_dvcs_run_cache_leaves_out() -> None:
    """It takes `size` and `nfiles` for facts about files: a stage would get the outputs of another value."""
    models = (Params, *VARIANTS.values())
    parts = {part for model in models for key in keys_of(model) for part in key.name.split(".")}
    assert not parts & {"size", "nfiles"}
    assert {"llm", "max_tokens", "rerank"} <= parts
