"""Is a submission file of any origin what the competition takes: every fault is named with its line."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sunwi.errors import Problem
from sunwi.records import check_exists

TEXTS = ("standalone_query", "answer")


def submission_faults(
    path: Path, eval_ids: Collection[str], docids: Collection[str], k: int
) -> list[Problem]:
    """Every fault of a file of JSON lines (.jsonl or, as the competition calls it, .csv).

    Parameters
    ----------
    eval_ids
        Every query that must have exactly one line.
    docids
        The documents that a topk may name.
    k
        Documents a topk may have at most.

    Raises
    ------
    InputProblems
        If there is no such file.
    """
    check_exists(path)
    known, documents = set(eval_ids), set(docids)
    problems: list[Problem] = []
    first_line: dict[str, int] = {}
    with path.open("rb") as lines:
        for number, raw in enumerate(lines, start=1):
            row, fault = _object(raw)
            if row is None:
                problems.append(Problem(path, number, fault))
                continue
            faults = _row_faults(row, documents, k)
            qid = _eval_id(row)
            if qid is None:
                faults.append(
                    f"field 'eval_id': expected a whole number or text, found {row.get('eval_id')!r}"
                )
            elif qid not in known:
                faults.append(f"eval_id {qid!r} is none of the {len(known)} queries")
            elif qid in first_line:
                faults.append(f"eval_id {qid!r} stands on line {first_line[qid]} already")
            else:
                first_line[qid] = number
            problems += [Problem(path, number, fault) for fault in faults]
    problems += [
        Problem(path, None, f"eval_id {qid!r} is missing") for qid in sorted(known - first_line.keys())
    ]
    return problems


def _object(raw: bytes) -> tuple[dict[str, Any] | None, str]:
    try:
        row = json.loads(raw.decode("utf-8"), parse_constant=_refuse)
    except UnicodeDecodeError as error:
        return None, f"the line is no UTF-8 (byte {error.start + 1})"
    except ValueError as error:
        return None, f"the line is no JSON: {error}"
    return (row, "") if isinstance(row, dict) else (None, f"expected a JSON object, found {row!r}")


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON")


def _eval_id(row: dict[str, Any]) -> str | None:
    value = row.get("eval_id")
    return (
        str(value) if isinstance(value, int | str) and not isinstance(value, bool) and value != "" else None
    )


def _row_faults(row: dict[str, Any], documents: Collection[str], k: int) -> list[str]:
    faults = [
        f"field '{name}': expected text, found {row[name]!r}"
        for name in TEXTS
        if name in row and not isinstance(row[name], str)
    ]
    if not isinstance(row.get("references", []), list):
        faults.append(f"field 'references': expected a list, found {row['references']!r}")
    topk = row.get("topk")
    if not isinstance(topk, list) or not all(isinstance(docid, str) for docid in topk):
        return [*faults, f"field 'topk': expected a list of docids, found {topk!r}"]
    if len(topk) > k:
        faults.append(f"topk has {len(topk)} documents, at most {k} are taken")
    repeated = sorted({docid for docid in topk if topk.count(docid) > 1})
    unknown = sorted({docid for docid in topk if docid not in documents})
    faults += [f"topk repeats {', '.join(repeated)}"] if repeated else []
    faults += [f"topk has unknown docids: {', '.join(unknown)}"] if unknown else []
    return faults
