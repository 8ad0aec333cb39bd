"""A grid over one variant's settings as DVC experiments, and their ranking by dev MAP."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import yaml

from sunwi.errors import DataError
from sunwi.params.reading import validate
from sunwi.params.whole import Params
from sunwi.params.yaml_text import Loader
from sunwi.records.json_text import shorten

Cell = dict[str, Any]
STAGES = {  # section of params.yaml to its stage
    "baselines": "submit_baseline", "promoted": "submit_promoted", "submissions": "submit",
    "combinations": "combine",
}  # fmt: skip
NEXT = "write KEY=VALUE,VALUE, such as rrf_k=10,30,60"


def parse_axes(texts: Sequence[str]) -> dict[str, list[Any]]:
    """Key to values of each KEY=VALUE,VALUE; values are YAML, so `retrievers=[bm25],[bm25,dense]` has two.

    Raises
    ------
    DataError
        Naming what cannot be read, has no value, or gives a key or a value twice.

    Examples
    --------
    >>> parse_axes(["rrf_k=10,30", "rerank=none"])
    {'rrf_k': [10, 30], 'rerank': ['none']}
    """
    axes: dict[str, list[Any]] = {}
    for text in texts:
        key, sign, values = text.partition("=")
        try:
            parsed = yaml.load(f"[{values}]", Loader)  # noqa: S506  a subclass of the safe loader
        except (yaml.YAMLError, ValueError, RecursionError):  # also dates and numbers out of range
            parsed = None
        if not sign or not key or not parsed:
            raise DataError(f"cannot read the grid's axis {shorten(text)}", NEXT)
        if key in axes or any(value in parsed[:place] for place, value in enumerate(parsed)):
            raise DataError(f"the axis {text!r} gives a key or a value twice", NEXT)
        axes[key] = parsed
    return axes


def section_of(content: Mapping[str, Any], variant: str) -> str:
    """The section of params.yaml that declares a variant.

    Raises
    ------
    DataError
        If none does.
    """
    known = {name: section for section in STAGES for name in content.get(section) or {}}
    if variant not in known:
        raise DataError(f"{variant!r} is no variant of params.yaml", f"one of {', '.join(known)}")
    return known[variant]


def cells(content: Mapping[str, Any], variant: str, axes: Mapping[str, Sequence[Any]]) -> list[Cell]:
    """Every combination of the values, checked against the whole of params.yaml before one is queued.

    Raises
    ------
    DataError
        If there is no such variant.
    ParamsError
        With the first cell that is not valid.
    """
    section = section_of(content, variant)
    declared = content[section]
    cells = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    for cell in cells:
        changed = {**declared, variant: _merged(declared[variant] or {}, cell)}
        validate(Params, {**content, section: changed}, f"params.yaml with {cell}")
    return cells


def _merged(settings: Mapping[str, Any], cell: Cell) -> dict[str, Any]:
    """Settings with the cell's values, whose keys may be dotted paths (`llm_rerank.top`)."""
    merged = dict(settings)
    for key, value in cell.items():
        head, dot, rest = key.partition(".")
        merged[head] = _merged(merged.get(head) or {}, {rest: value}) if dot else value
    return merged


def command(content: Mapping[str, Any], variant: str, cell: Cell) -> list[str]:
    """The command that queues one cell: only the variant's stage and the stages before it run."""
    section = section_of(content, variant)
    settings = []
    for key, value in cell.items():
        # DVC wants a plus before a key that params.yaml leaves to its default
        sign = "" if _is_set(content[section][variant], key) else "+"
        settings += ["-S", f"{sign}{section}.{variant}.{key}={json.dumps(value, ensure_ascii=False)}"]
    return ["dvc", "exp", "run", "--queue", *settings, f"{STAGES[section]}@{variant}"]


def _is_set(settings: Mapping[str, Any] | None, key: str) -> bool:
    head, _, rest = key.partition(".")
    return settings is not None and head in settings and (not rest or _is_set(settings[head], rest))


def rank_experiments(
    rows: Sequence[Mapping[str, Any]], variant: str, alone: bool = False
) -> list[tuple[str, float]]:
    """Experiments that have the variant's dev MAP, best first, ties by name; the test's is not looked at.

    `rows` are those of `dvc.api.exp_show`, which leaves out a metric's file where no other file has that
    metric; that name is read where the variant is the only one (`alone`) in params.yaml.
    """
    names = (f"/{variant}.json:dev_map", *(("dev_map",) if alone else ()))
    dev_map = {}
    for row in rows:
        key = next((key for key in sorted(row) if key.endswith(names[0]) or key in names), None)
        value = row[key] if key is not None else None
        if isinstance(value, int | float):
            dev_map[str(row.get("Experiment") or row.get("rev"))] = float(value)
    return sorted(dev_map.items(), key=lambda item: (-item[1], item[0]))
