"""What is committed agrees: the lock with the code, the READMEs with the scores, the demo with its card."""

from __future__ import annotations

import ast
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from dvc.cli import main as dvc_main
from dvc.repo import Repo
from tests.pipeline.tiny_project import quick_parsing

from sunwi.graph.plan import plan_of
from sunwi.graph.rooms import page_of
from sunwi.report.dag import stages_above

ROOT = Path(__file__).resolve().parents[2]
STAGES = sorted((ROOT / "stages").glob("*.py"))


@pytest.fixture(scope="module")
def repository() -> Iterator[Repo]:
    with quick_parsing(), Repo(str(ROOT)) as repo:
        yield repo


def test_the_lock_is_in_sync_with_code_params_and_data(
    repository: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    graph = repository.index.graph
    with repository.lock:
        stale = [
            stage.addressing
            for stage in graph
            if stage.changed(allow_missing=True, upstream=list(graph.successors(stage)))
        ]
    assert stale == [], "run dvc repro, then commit dvc.lock and metrics/"


@pytest.mark.parametrize(
    ("stage", "never"),
    [
        ("baseline", {"mine", "train_embedder", "train_sparse", "encode", "fit_fusion", "train_reranker"}),
        ("submit_baseline", {"mine", "train_embedder", "train_sparse", "encode", "train_reranker"}),
        ("submit_promoted", {"train_sparse", "mine_pairs", "train_reranker", "train_reranker_targeted"}),
    ],
)
def test_a_family_of_variants_waits_for_no_later_training(stage: str, never: set[str]) -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    above = stages_above(stages, stage)
    assert above >= {"prepare", "generate_qa", "encode_base", "fit_fusion_base"}
    assert above & never == set()


def test_dvc_yaml_declares_the_code_that_each_stage_reaches() -> None:
    plan = plan_of(ROOT)
    differences = [*plan.differences(), *page_of(plan.imports).differences()]
    assert differences == [], "run sunwi graph --write, then commit dvc.yaml and docs/architecture.md"


SCRIPTS = [
    ("scripts/update_readme.py", "--check"),
    ("scripts/check_demo.py",),
    ("scripts/prune_lock.py", "--check"),
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_readme_table_demo_data_and_lock_hold(
    script: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", list(script))
    with quick_parsing():
        runpy.run_path(script[0], run_name="__main__")  # exits with what is wrong


def test_dvc_draws_the_pipeline_as_the_readmes_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "dvc dag --collapse-foreach-matrix --mermaid"
    assert all(
        f"`{command}`" in (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ko.md")
    )
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    assert dvc_main(command.split()[1:]) == 0  # it refuses a cycle, and an output inside another one
    drawn = capsys.readouterr().out
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    lists = {name: body["foreach"].strip("${}") for name, body in stages.items() if "foreach" in body}
    made_of_nothing = {name for name, key in lists.items() if not params[key]}
    assert made_of_nothing == {"export"}
    assert set(re.findall(r'\["(\w+)"\]', drawn)) == set(stages) - made_of_nothing


def test_every_artifact_is_a_model_that_a_stage_makes(repository: Repo) -> None:
    outs = {out.def_path for out in repository.index.outs}
    artifacts = repository.artifacts.read()["dvc.yaml"]
    assert sorted(artifacts) == ["embedder", "reranker", "sparse-encoder"]
    assert all(one.type == "model" and one.path in outs for one in artifacts.values())


@pytest.mark.parametrize("script", STAGES, ids=lambda path: path.stem)
def test_a_stage_is_thin(script: Path) -> None:
    """It reads params and tables through its workspace, and what it decides is the package's."""
    text = script.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    tree = ast.parse(text)
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    rooms = {str(module).split(".")[0] for module in imported}
    assert rooms <= {"sunwi", "sys", "pathlib"}, "a stage imports the package, and no other stage"
    assert "sunwi.workspace.stage" in imported
    assert not {node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_stage_has_its_script_and_every_script_its_stage() -> None:
    stages = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    commands = [stage.get("do", stage)["cmd"] for stage in stages.values()]
    assert {found for command in commands for found in re.findall(r"stages/(\w+)\.py", str(command))} == {
        path.stem for path in STAGES
    }
