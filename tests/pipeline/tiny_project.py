"""A tiny copy of the project: the real stages and dvc.yaml, a cut corpus and small budgets."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo
from dvc.repo.reproduce import plan_repro
from dvc.stage import Stage
from dvc.utils import strictyaml
from dvc.utils.serialize import _yaml

from sunwi.repro.parsing import parsing_once

ROOT = Path(__file__).resolve().parents[2]
PASSAGES = 20
PARSE = parsing_once(_yaml.parse_yaml)  # the lock is the same in most tests
QUICK = ("-c", "from sunwi.cli import main; main()", "dvc")  # of the copy, not the installed one
PLAIN = ("-m", "dvc")


def make_project(folder: Path) -> Path:
    """A project of its own: the real stages and dvc.yaml, a cut corpus and small budgets."""
    for name in ("stages", "src", "params"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info")
        )
    for name in ("dvc.yaml", ".dvcignore"):
        shutil.copyfile(ROOT / name, folder / name)
    # Every eighth example of chit-chat: all of them are encoded in tests/query.
    examples = folder / "src/sunwi/query/data/chitchat_examples.jsonl"
    lines = examples.read_text(encoding="utf-8").splitlines(keepends=True)
    examples.write_text("".join(lines[::8]), encoding="utf-8", newline="\n")
    params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["data"]["source"] = "data/source"
    params["encoder"] |= {"max_length": 48, "query_max_length": 24}
    params["qa"]["exclude_judged_documents"] = False
    params["train_embedder"] |= {
        "max_steps": 2, "batch_size": 2, "group_size": 3, "base_weights": [0.5, 1.0],
        "query_max_length": 24, "passage_max_length": 48,
    }  # fmt: skip
    params["train_reranker"] |= {"max_steps": 2, "batch_size": 2, "max_length": 64, "depth": 5}
    params["train_reranker"]["early_look"] = 0.0  # else so small a training would end
    params["train_reranker_targeted"] |= {"max_steps": 2, "evaluate_every": 1}
    params["baselines"] = {name: params["baselines"][name] for name in ("dense_base", "calibrated")}
    params["promoted"] = {"dense_promoted": params["promoted"]["dense_promoted"]}
    params["submissions"] = {"tuned": params["submissions"]["tuned"]}
    params["combinations"] = {
        "joined": {"union": {"of": ["swapped", "tuned"], "encoder": "base"}},
        "swapped": {"swap": {"from": "dense_base", "to": "tuned", "margin": 1.0, "limit": 3}},
    }
    params["score"] |= {"bootstrap": 200, "permutations": 200}
    (folder / "params.yaml").write_text(yaml.safe_dump(params, allow_unicode=True), encoding="utf-8")
    write_source(folder / "data" / "source", PASSAGES)
    (folder / params["data"]["documents"]).mkdir(parents=True)
    with Repo.init(str(folder), no_scm=True) as repo, repo.config.edit("repo") as config:
        config["cache"] = {"type": ["hardlink"]}
    return folder


def write_source(source: Path, passages: int) -> None:
    """The first passages of the demo, with the queries that are about them."""
    source.mkdir(parents=True, exist_ok=True)
    demo = ROOT / "data" / "demo"
    corpus = (demo / "corpus.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (source / "corpus.jsonl").write_text("".join(corpus[:passages]), encoding="utf-8", newline="\n")
    docids = {json.loads(line)["docid"] for line in corpus[:PASSAGES]}
    for queries, qrels in (("queries.jsonl", "qrels.tsv"), ("dev_queries.jsonl", "dev_qrels.tsv")):
        chitchat = 2
        judged = (demo / qrels).read_text(encoding="utf-8").splitlines(keepends=True)
        labelled = {line.split("\t")[0] for line in judged}
        kept = [line for line in judged if line.split("\t")[2] in docids]
        wanted = {line.split("\t")[0] for line in kept}
        rows = []
        for line in (demo / queries).read_text(encoding="utf-8").splitlines(keepends=True):
            qid = str(json.loads(line)["eval_id"])
            if qid not in labelled and chitchat:
                chitchat -= 1
                rows.append(line)
            elif qid in wanted:
                rows.append(line)
        (source / queries).write_text("".join(rows), encoding="utf-8", newline="\n")
        (source / qrels).write_text("".join(kept), encoding="utf-8", newline="\n")


def dvc(folder: Path, *arguments: str, command: Sequence[str] = QUICK, **variables: str) -> str:
    """Run DVC in the project with a row cache of its own; return what it printed."""
    environment = (
        os.environ
        | variables
        | {
            "SUNWI_CACHE_DIR": str(folder / ".cache"),
            "PYTHONPATH": str(folder / "src"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DVC_NO_ANALYTICS": "1",
        }
    )
    done = subprocess.run(
        [sys.executable, *command, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def would_run(folder: Path) -> list[str]:
    """The stages that `dvc repro --dry` names, in its order, by DVC's library."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        steps = _steps(folder, *((folder / name).read_bytes() for name in ("dvc.yaml", "dvc.lock")))
        return [stage.addressing for stage in steps if _changed(stage)]


@cache
def _steps(folder: Path, *_: bytes) -> list[Stage]:
    """Stages as `dvc repro` goes through them: reading them takes longer than what an edit changes."""
    with quick_parsing():
        return plan_repro(Repo(str(folder)).index.graph)


@contextmanager
def quick_parsing() -> Iterator[None]:
    """DVC in this process reads a file that another test had it read without parsing it again."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (_yaml, strictyaml):
            patch.setattr(module, "parse_yaml", PARSE)
        yield


def _changed(stage: Stage) -> bool:
    """`Stage.changed` without its locks against other processes, which take twice as long."""
    return stage.changed_stage() or any(part.status() for part in (*stage.deps, *stage.outs))


def stages_run(output: str) -> list[str]:
    return [line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")]


def set_params(folder: Path, section: str, key: str, value: object) -> None:
    """Set one key of a section."""
    params = yaml.safe_load((folder / "params.yaml").read_text(encoding="utf-8"))
    change_params(folder, **{section: params.get(section, {}) | {key: value}})


def change_params(folder: Path, **changed: object) -> None:
    """Set keys of the top level."""
    path = folder / "params.yaml"
    params = yaml.safe_load(path.read_text(encoding="utf-8")) | changed
    path.write_text(yaml.safe_dump(params, allow_unicode=True), encoding="utf-8")
