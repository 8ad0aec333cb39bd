"""Scores in the form of mteb's result files (TaskResult, mteb 2), so that its tools load them.

Source: mteb/results/task_result.py of mteb 2.26.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sunwi.records.files import write_json
from sunwi.score.sets.measures import MAIN

FORM = "2.26.24"  # the version whose form it is; mteb reads files of an unnamed version as those before 1.11
# mteb's tasks of the sets that are known: task name and subset, by what a folder's name holds.
TASKS: tuple[tuple[str, str, str], ...] = (
    ("autorag", "AutoRAGRetrieval", "default"),
    ("markers_bm", "AutoRAGRetrieval", "default"),
    ("strategyqa", "Ko-StrategyQA", "default"),
    ("miracl", "MIRACLRetrieval", "ko"),
    ("publichealth", "PublicHealthQA", "korean"),
    ("squad_kor", "SQuADKorV1Retrieval", "default"),
)
LANGUAGES = {"MIRACLRetrieval": "kor-Kore"}


def task_of(set_name: str) -> tuple[str, str]:
    """mteb's task and subset for a set's name; of an unknown set its own name and "default"."""
    plain = set_name.lower().replace("-", "").replace(" ", "")
    return next(
        ((task, subset) for part, task, subset in TASKS if part.replace("-", "") in plain),
        (set_name, "default"),
    )


def file_name(name: str) -> str:
    """A system's or set's name as that of a file.

    Examples
    --------
    >>> file_name("dense BAAI/bge-m3")
    'dense__BAAI__bge-m3'
    """
    return re.sub(r"[^\w.=+-]+", "__", name)


def task_result(set_name: str, split: str, means: Mapping[str, float]) -> dict[str, Any]:
    """One set's result of one system."""
    task, subset = task_of(set_name)
    scores = {
        **means,
        "main_score": means[MAIN],
        "hf_subset": subset,
        "languages": [LANGUAGES.get(task, "kor-Hang")],
    }
    return {
        "dataset_revision": "local",
        "task_name": task,
        "mteb_version": FORM,
        "scores": {split: [scores]},
        "evaluation_time": None,
        "kg_co2_emissions": None,
    }


def write_results(
    folder: Path, system: str, table: Mapping[str, Any], splits: Mapping[str, str]
) -> list[Path]:
    """Write `results/SYSTEM/local/TASK.json` for each set of a system; return the files.

    Two sets of one task (two folders of MIRACL) have their own names kept apart.
    """
    place = folder / "results" / file_name(system) / "local"
    meta = {"name": f"sunwi/{file_name(system)}", "revision": "local"}
    write_json(place / "model_meta.json", meta)
    written = []
    for name in sorted(table["sets"]):
        result = task_result(name, splits[name], table["sets"][name]["means"])
        path = place / f"{result['task_name']}.json"
        if path in written:
            result["task_name"] = name
            path = place / f"{name}.json"
        write_json(path, result)
        written.append(path)
    return written
