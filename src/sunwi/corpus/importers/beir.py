"""BEIR folders (Thakur et al. 2021): corpus.jsonl, queries.jsonl, qrels/{train,dev,test}.tsv."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from sunwi.corpus.draft import Draft, Place
from sunwi.corpus.importer import Importer
from sunwi.corpus.jsonl import read_objects
from sunwi.corpus.judgements import read_judgements
from sunwi.corpus.rows import GivenQuestion, Judgement
from sunwi.records.corpus import Document, Message, Query
from sunwi.records.row import Identifier, Row

_NAMES = {"docid": "_id", "content": "text", "title": "title"}


class BeirQuery(Row):
    """One line of queries.jsonl."""

    qid: Identifier
    text: str


def read_beir(
    folder: Annotated[Path, "Folder of corpus.jsonl, queries.jsonl and qrels/*.tsv."],
) -> Draft:
    """Read a BEIR folder.

    The test split becomes queries and qrels, the dev split the dev set, and the train split's queries
    become given questions of their relevant documents. With no qrels at all every query is one to answer.
    """
    draft = Draft()
    for place, values in read_objects(folder / "corpus.jsonl", draft):
        row = draft.parse(place, Document, _with_text(values, draft), _NAMES)
        if row is not None:
            draft.documents.append((place, row))
    queries = _read_queries(folder / "queries.jsonl", draft)
    splits = {split: folder / "qrels" / f"{split}.tsv" for split in ("test", "dev", "train")}
    judged = {
        split: list(read_judgements(path, draft)) if path.exists() else [] for split, path in splits.items()
    }
    draft.qrels, draft.dev_qrels = judged["test"], judged["dev"]
    wanted = {split: {judgement.qid for _, judgement in rows} for split, rows in judged.items()}
    unsplit = not any(wanted.values())
    for qid, (place, text) in queries.items():
        query = Query(eval_id=qid, messages=[Message(role="user", content=text)])
        if unsplit or qid in wanted["test"]:
            draft.queries.append((place, query))
        elif qid in wanted["dev"]:
            draft.dev_queries.append((place, query))
        elif qid not in wanted["train"]:
            draft.counted["queries without a judgement in any split, left out"] += 1
    _add_questions(judged["train"], queries, wanted["test"] | wanted["dev"], draft)
    return draft


def _with_text(values: dict[str, Any], draft: Draft) -> dict[str, Any]:
    """Public sets hold documents of a title alone; the title is their content then."""
    title = values.get("title") or None
    if values.get("text") == "" and title:
        draft.counted["documents without text, their title is the content"] += 1
        return {**values, "text": title, "title": None}
    return {**values, "title": title}


def _read_queries(path: Path, draft: Draft) -> dict[str, tuple[Place, str]]:
    queries: dict[str, tuple[Place, str]] = {}
    for place, values in read_objects(path, draft):
        row = draft.parse(place, BeirQuery, values, {"qid": "_id", "text": "text"})
        if row is None:
            continue
        if row.qid in queries:
            before = queries[row.qid][0]
            draft.problems.append(place.problem(f"query id {row.qid!r} was given before, at {before}"))
        else:
            queries[row.qid] = (place, row.text)
    return queries


def _add_questions(
    judged: Iterable[tuple[Place, Judgement]],
    queries: dict[str, tuple[Place, str]],
    held_out: set[str],
    draft: Draft,
) -> None:
    for place, (qid, docid, grade) in judged:
        if qid not in queries:
            draft.problems.append(place.problem(f"unknown query {qid!r}"))
        elif qid in held_out:
            draft.counted["train judgements of test or dev queries, left out"] += 1
        elif grade == 0:
            draft.counted["train judgements of grade 0, left out"] += 1
        elif not queries[qid][1].strip():
            draft.problems.append(queries[qid][0].problem("field 'text' is empty"))
        else:
            draft.questions.append(
                (place, GivenQuestion(docid=docid, question=queries[qid][1], source="train"))
            )


IMPORTER = Importer(
    read_beir, "A BEIR folder: test is evaluated, dev is the dev set, train gives questions to train on."
)
