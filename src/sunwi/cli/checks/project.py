"""The project: params.yaml, its data source, DVC's files, row caches."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path

from sunwi.cli.checks import Finding, size
from sunwi.corpus.importer import IMPORTERS
from sunwi.errors import ParamsError
from sunwi.params.loading import load_params
from sunwi.params.whole import Params
from sunwi.runtime import cache_dir
from sunwi.system_errors import system_fault

TOPIC = "project"


def check_params(path: Path) -> tuple[Params | None, list[Finding]]:
    """The parameters, if they are valid, and one finding a fault."""
    if not path.exists():
        found = f"not in {path.resolve().parent}"
        return None, [Finding(TOPIC, path.name, "missing", found, "cd into the project's folder")]
    try:
        params = load_params(path)
    except ParamsError as error:
        fix = f"correct the key in {path}" if error.next_step == error.CORRECT else error.next_step
        return None, [Finding(TOPIC, path.name, "missing", fault, fix) for fault in error.faults]
    except (OSError, UnicodeDecodeError) as error:
        fault = system_fault(error)
        assert fault is not None  # it knows both
        return None, [Finding(TOPIC, path.name, "missing", fault.found, fault.next_step)]
    return params, [Finding(TOPIC, path.name, "ok", "valid")]


def check_source(params: Params) -> Finding:
    """Whether data.source holds a corpus, or data.documents files."""
    corpus = Path(params.data.source) / "corpus.jsonl"
    if corpus.exists():
        shards = corpus.iterdir() if corpus.is_dir() else [corpus]  # shards, or one file
        held = size(sum(file.stat().st_size for file in shards))
        return Finding(TOPIC, "data.source", "ok", f"{corpus.as_posix()}, {held}")
    folder = Path(params.data.documents)
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    if files:
        return Finding(TOPIC, "data.documents", "ok", f"{folder.as_posix()}, {len(files):,} files")
    others = ", ".join(name for name in IMPORTERS.names if name not in {"table", "judgements"})
    fix = f"sunwi import folder PATH, or sunwi import table FILE (or {others})"
    return Finding(TOPIC, "data.source", "missing", f"there is no {corpus.as_posix()}", fix)


def check_dvc(project: Path) -> list[Finding]:
    """Whether DVC can run the stages here, and whether it has."""
    findings = []
    if importlib.util.find_spec("dvc") is None:
        findings.append(Finding(TOPIC, "dvc", "missing", "not installed", "pip install -e ."))
    for name, fix in (("dvc.yaml", "cd into the project's folder"), (".dvc", "dvc init")):
        there = (project / name).exists()
        found = "there" if there else "not there"
        findings.append(Finding(TOPIC, name, "ok" if there else "missing", found, None if there else fix))
    if (project / "dvc.lock").exists():
        return [*findings, Finding(TOPIC, "dvc.lock", "ok", "there: the pipeline has run")]
    found = "not there: the pipeline has not run yet"
    return [*findings, Finding(TOPIC, "dvc.lock", "note", found, "make repro")]


def check_row_caches() -> Finding:
    """Size of the row caches, kind by kind."""
    folder = cache_dir()
    sizes: Counter[str] = Counter()
    for path in folder.rglob("*") if folder.is_dir() else []:
        if path.is_file():  # "vectors" is vectors.sqlite with its -wal and -shm
            sizes[path.relative_to(folder).parts[0].partition(".")[0]] += path.stat().st_size
    kinds = ", ".join(f"{kind} {size(count)}" for kind, count in sorted(sizes.items()))
    return Finding(TOPIC, "row caches", "ok", f"{folder}: {kinds}" if kinds else f"{folder}: empty")
