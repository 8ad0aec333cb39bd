"""People's judgements of `sunwi judge`, put into a copy of a source folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from sunwi.corpus.draft import Draft, Location
from sunwi.corpus.importer import Importer
from sunwi.corpus.rows import Judgement
from sunwi.corpus.source import read_source
from sunwi.errors import DataError
from sunwi.judging.merging import merge
from sunwi.judging.records import people, read_lines, standing
from sunwi.params.judge import JudgeParams
from sunwi.records.corpus import Message, Query

FLOOR = JudgeParams().floor or 0.0


def read(
    source: Annotated[Path, "The source folder that was judged, such as data/raw."],
    *,
    judgements: Annotated[Path, "Folder with the judges' files."] = Path("data/judgements"),
    rule: Annotated[
        Literal["majority", "strictest", "adjudicated"], "How several judges become one."
    ] = "majority",
    adjudicator: Annotated[str | None, "Whose word decides, for --rule adjudicated."] = None,
    machine: Annotated[bool, "Fill holes by the language model's grades; they are counted."] = False,
    floor: Annotated[float, "Agreement that this needs, as judge.floor."] = FLOOR,
) -> Draft:
    """The source with the judged grades in place of its own; new queries become dev queries.

    Grades of test queries go to the test qrels alone, which no fit reads. A query that is called chit-chat
    loses its judgements; one that is called unclear stays as it was.

    Raises
    ------
    DataError
        If nothing is judged.
    """
    lines = standing(read_lines(judgements))
    held = people(lines)
    if not held:
        raise DataError(f"{judgements} has no judgement", "judge first: sunwi judge pool, then sunwi judge")
    merged, draft = merge(held, rule, adjudicator), read_source(source)
    if machine:
        from sunwi.judging.machine import filled_by_machines  # numpy, which no help needs

        merged = filled_by_machines(merged, lines, JudgeParams(provider="llm", floor=floor), seed=42)
    draft.counted.update(merged.counted)
    place = Location(judgements, None)
    for split, queries, rows in (
        ("test", draft.queries, draft.qrels), ("dev", draft.dev_queries, draft.dev_qrels),
        ("new", draft.dev_queries, draft.dev_qrels),
    ):  # fmt: skip
        judged = merged.qrels.get(split, {})  # type: ignore[call-overload]  # mypy widens the literals to str
        if split == "new":
            known = {query.qid for _, query in queries}
            for qid in sorted(judged.keys() - known):
                text = merged.queries["new", qid]
                queries.append((place, Query(eval_id=qid, messages=[Message(role="user", content=text)])))
        chitchat = {qid for qid, grades in judged.items() if not grades}
        pairs = {(qid, docid) for qid, grades in judged.items() for docid in grades}
        kept = [
            (where, row)
            for where, row in rows
            if row.qid not in chitchat and (row.qid, row.docid) not in pairs
        ]
        replaced = len(rows) - len(kept)
        rows[:] = kept
        rows += [(place, Judgement(qid, docid, judged[qid][docid])) for qid, docid in sorted(pairs)]
        by_people = sum((split, *pair) not in merged.machine for pair in pairs)
        if by_people:
            draft.counted[f"{split} grades by people"] += by_people
        if replaced:
            draft.counted[f"{split} grades of the source that judged ones replace"] += replaced
    return draft


IMPORTER = Importer(read, "Judgements of `sunwi judge`, put into a copy of a source folder.")
