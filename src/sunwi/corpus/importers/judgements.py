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
from sunwi.records.judged import JudgedQuery
from sunwi.trec import Qrels

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
    loses its judgements; one that is called unclear stays as it was. Which dev queries people judged is noted
    in dev_judged.jsonl: they move the chit-chat threshold.

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
    by_people = {**merged.qrels.get("dev", {}), **merged.qrels.get("new", {})}
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
        of_people = sum((split, *pair) not in merged.machine for pair in pairs)
        if of_people:
            draft.counted[f"{split} grades by people"] += of_people
        if replaced:
            draft.counted[f"{split} grades of the source that judged ones replace"] += replaced
    _note_judged(draft, by_people, place)
    return draft


def _note_judged(draft: Draft, by_people: Qrels, place: Location) -> None:
    """Say which dev queries people judged, and which of them they called chit-chat."""
    ids = {query.qid: query.eval_id for _, query in draft.dev_queries}
    draft.judged[:] = [(where, row) for where, row in draft.judged if row.qid not in by_people]
    draft.judged += [
        (place, JudgedQuery(eval_id=ids[qid], chitchat=not grades))
        for qid, grades in sorted(by_people.items())
        if qid in ids
    ]
    if chitchat := sum(row.chitchat for _, row in draft.judged):
        draft.counted["dev queries that people called chit-chat"] += chitchat


IMPORTER = Importer(
    read, "Judgements of `sunwi judge`, put into a copy of a source folder.", same_corpus=True
)
