"""Is a submission file of any origin what the competition takes: every fault is named with its line."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sunwi.errors import DataError, Problem

TEXTS = ("standalone_query", "answer")
UTF8_MARK = b"\xef\xbb\xbf"
OTHER_MARKS = (b"\xff\xfe", b"\xfe\xff")


def submission_faults(
    path: Path, eval_ids: Collection[str], docids: Collection[str], k: int
) -> list[Problem]:
    """Every fault of a file of JSON lines (.jsonl or, as the competition calls it, .csv).

    Parameters
    ----------
    eval_ids
        Every query that must have exactly one line; those without are named in this order.
    docids
        The documents that a topk may name.
    k
        Documents a topk may have at most.

    Raises
    ------
    DataError
        If there is no such file.
    """
    if not path.is_file():
        raise DataError(f"{path} is no file", "give the path of a submission (.jsonl or .csv)")
    known, documents = set(eval_ids), set(docids)
    problems: list[Problem] = []
    first_line: dict[str, int] = {}
    with path.open("rb") as lines:
        if lines.read(2) in OTHER_MARKS:  # every line would be named, and none of them helps
            return [Problem(path, None, "the file is UTF-16; write it in UTF-8")]
        lines.seek(0)
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
    if missing := [qid for qid in dict.fromkeys(eval_ids) if qid not in first_line]:
        what = f"{len(missing)} of the {len(known)} queries have no line: eval_id {', '.join(missing)}"
        problems.append(Problem(path, None, what))
    return problems


def _object(raw: bytes) -> tuple[dict[str, Any] | None, str]:
    if raw.startswith(UTF8_MARK):
        return None, "the line begins with a byte order mark; write UTF-8 without it"
    if not raw.strip():
        return None, "the line is empty"
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
        row = json.loads(text, parse_constant=_refuse, object_pairs_hook=_each_key_once)
    except UnicodeDecodeError as error:
        return None, f"the line is no UTF-8 (byte {error.start + 1})"
    except json.JSONDecodeError as error:
        return None, f"the line is no JSON: {error.msg} at column {error.colno}"
    except ValueError as error:
        return None, f"the line is no JSON: {error}"
    return (row, "") if isinstance(row, dict) else (None, f"expected a JSON object, found {row!r}")


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is none of its values")


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object as a dict; a reader of the file might take either value of a repeated key."""
    keys = [key for key, _ in pairs]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"it gives {', '.join(map(repr, twice))} twice")
    return dict(pairs)


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
