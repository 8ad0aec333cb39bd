"""Is a submission file of any origin what the competition takes: every fault is named with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from sunwi.corpus.identifiers import KnownIds
from sunwi.errors import DataError, InputProblems, Problem
from sunwi.records.json_text import MAX_DIGITS
from sunwi.records.submissions import SubmissionRow

TEXTS = ("standalone_query", "answer")
UTF8_MARK = b"\xef\xbb\xbf"
HALF_CHARACTER = re.compile(r"[\ud800-\udfff]")
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
    known, documents = KnownIds(eval_ids), KnownIds(docids)
    rows, problems = _read(path)
    if any(problem.line is None for problem in problems):  # of the file as a whole
        return problems
    for qid, (number, row) in rows.items():
        faults = (
            [] if qid in known else [f"eval_id {known.unknown(qid)} is not an id of the {len(known)} queries"]
        )
        if len(row.topk) > k:
            faults.append(f"topk has {len(row.topk)} documents, expected at most {k}")
        if unknown := sorted(set(row.topk) - set(documents)):
            named = ", ".join(
                documents.unknown(docid) if documents.like(docid) else docid for docid in unknown
            )
            faults.append(f"topk has unknown docids: {named}")
        problems += [Problem(path, number, fault) for fault in faults]
    problems.sort(key=lambda problem: problem.line or 0)
    if missing := [qid for qid in dict.fromkeys(eval_ids) if qid not in rows]:
        what = f"{len(missing)} of the {len(known)} queries have no line: eval_id {', '.join(missing)}"
        problems.append(Problem(path, None, what))
    return problems


def read_submission(path: Path) -> list[SubmissionRow]:
    """The rows of a submission file of any origin, in the order of their ids; the references are not read.

    Raises
    ------
    DataError
        If there is no such file.
    InputProblems
        Every fault of its form that `submission_faults` names too.
    """
    rows, problems = _read(path)
    if problems:
        raise InputProblems(problems, f"correct {path.name}, then check it with `sunwi validate {path}`")
    return sorted((row for _, row in rows.values()), key=SubmissionRow.sort_key)


def _read(path: Path) -> tuple[dict[str, tuple[int, SubmissionRow]], list[Problem]]:
    """Query id to line and row, and the faults of form: JSON, field types, repeated ids."""
    if not path.is_file():
        raise DataError(f"{path} is not a file", "give the path of a submission (.jsonl or .csv)")
    rows: dict[str, tuple[int, SubmissionRow]] = {}
    problems: list[Problem] = []
    with path.open("rb") as lines:
        if lines.read(2) in OTHER_MARKS:  # every line would be named, and none of them helps
            return rows, [Problem(path, None, "the file is UTF-16; write it in UTF-8")]
        lines.seek(0)
        for number, raw in enumerate(lines, start=1):
            content, fault = _object(raw)
            if content is None:
                problems.append(Problem(path, number, fault))
                continue
            faults = _row_faults(content)
            qid = _eval_id(content)
            if qid is None:
                eval_id = content.get("eval_id")
                faults.append(f"field 'eval_id': expected a whole number or text, found {eval_id!r}")
            elif qid in rows:
                faults.append(f"eval_id {qid!r} is on line {rows[qid][0]} already")
            if qid is not None and qid not in rows:
                topk = content.get("topk")
                rows[qid] = (
                    number,
                    SubmissionRow.model_construct(
                        eval_id=content["eval_id"],
                        standalone_query=str(content.get("standalone_query", "")),
                        topk=[docid for docid in topk if isinstance(docid, str)]
                        if isinstance(topk, list)
                        else [],
                    ),
                )
            problems += [Problem(path, number, fault) for fault in faults]
    return rows, problems


def _object(raw: bytes) -> tuple[dict[str, Any] | None, str]:
    if raw.startswith(UTF8_MARK):
        return None, "the line begins with a byte order mark; write UTF-8 without it"
    if not raw.strip():
        return None, "the line is empty"
    try:
        text = raw.decode("utf-8").rstrip("\r\n")
        row = json.loads(
            text, parse_constant=_refuse, parse_int=_whole_number, object_pairs_hook=_each_key_once
        )
    except UnicodeDecodeError as error:
        return None, f"the line is no UTF-8 (byte {error.start + 1})"
    except json.JSONDecodeError as error:
        return None, f"the line is no JSON: {error.msg} at column {error.colno}"
    except RecursionError:
        return None, "the line is no JSON: lists or objects are nested too deeply"
    except ValueError as error:
        return None, f"the line is no JSON: {error}"
    return (row, "") if isinstance(row, dict) else (None, f"expected a JSON object, found {row!r}")


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is none of its values")


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a whole number has {len(digits):,} digits, over {MAX_DIGITS:,}")
    return int(digits)


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


def _row_faults(row: dict[str, Any]) -> list[str]:
    faults = [
        f"field '{name}': expected text, found {row[name]!r}"
        for name in TEXTS
        if name in row and not isinstance(row[name], str)
    ]
    faults += [
        f"field '{name}' has half of a character ({row[name]!r}), which UTF-8 cannot hold; remove it"
        for name in ("eval_id", *TEXTS)
        if isinstance(row.get(name), str) and HALF_CHARACTER.search(row[name])
    ]
    if not isinstance(row.get("references", []), list):
        faults.append(f"field 'references': expected a list, found {row['references']!r}")
    topk = row.get("topk")
    if not isinstance(topk, list) or not all(isinstance(docid, str) for docid in topk):
        return [*faults, f"field 'topk': expected a list of docids, found {topk!r}"]
    repeated = sorted({docid for docid in topk if topk.count(docid) > 1})
    return [*faults, f"topk repeats {', '.join(repeated)}"] if repeated else faults
