"""Check that the demo set keeps what its data card promises; exits 1 naming every fault with its id."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sunwi.errors import SunwiError
from sunwi.params.bm25 import Bm25Params
from sunwi.records.corpus import Document, Query
from sunwi.records.files import read_rows
from sunwi.search.index.bm25 import Bm25
from sunwi.text import char_ngrams, morphemes, overlap
from sunwi.trec import Qrels, read_qrels

Corpus = dict[str, Document]  # docid -> passage
SHORTEST, LONGEST = 150, 400  # characters of a passage
PASSAGES, TEST, MULTI_TURN, UNANSWERED, LABELLED_DEV = 320, 120, 15, 18, 60  # least counts


def user_turns(query: Query) -> list[str]:
    """What the user said, turn by turn."""
    return [message.content for message in query.messages if message.role == "user"]


def query_faults(queries: Sequence[Query], qrels: Qrels, corpus: Corpus, most_shared: float) -> list[str]:
    """Ids that do not resolve, grades off the scale, repeated dialogues, copied 6-grams."""
    unknown = sorted(qrels.keys() - {query.qid for query in queries})
    faults = [f"query {qid}: judged, but not among the queries" for qid in unknown]
    first: dict[tuple[str, ...], str] = {}
    for query in queries:
        turns = user_turns(query)
        if (twin := first.setdefault(tuple(turns), query.qid)) != query.qid:
            faults.append(f"query {query.qid}: repeats query {twin}")
        grams = {gram for turn in turns for gram in char_ngrams(turn, 6)}
        for docid, grade in sorted(qrels.get(query.qid, {}).items()):
            if grade not in {1, 2}:
                faults.append(f"query {query.qid}: the grade of {docid} is {grade}, expected 1 or 2")
            if docid not in corpus:
                faults.append(f"query {query.qid}: unknown document {docid}")
                continue
            copied = sorted(grams & char_ngrams(corpus[docid].text, 6))
            if len(copied) > most_shared * len(grams):
                faults.append(f"query {query.qid}: {len(copied)}/{len(grams)} 6-grams in {docid}: {copied}")
    return faults


def difficulty(queries: Sequence[Query], qrels: Qrels, corpus: Corpus) -> tuple[float, float]:
    """Mean token overlap with the best relevant passage, and the share that BM25 answers wrongly first."""
    terms = dict(zip(corpus, morphemes([document.text for document in corpus.values()]), strict=True))
    labelled = [query for query in queries if qrels.get(query.qid)]
    asked = morphemes([" ".join(user_turns(query)) for query in labelled])
    nearest, _ = Bm25(list(terms.values()), Bm25Params()).search(asked, depth=1)
    relevant = [qrels[query.qid] for query in labelled]
    best = [max(overlap(q, terms[docid]) for docid in rows) for q, rows in zip(asked, relevant, strict=True)]
    wrong = [list(corpus)[top] not in rows for top, rows in zip(nearest[:, 0], relevant, strict=True)]
    return sum(best) / len(best), sum(wrong) / len(wrong)


def main() -> None:
    """Read, judge, print; exit 1 on any fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("data/demo"))
    parser.add_argument("--most-shared", type=float, default=0.0, help="share of a query's 6-grams, 0 to 1")
    args = parser.parse_args()
    try:
        corpus = {row.docid: row for row in read_rows(args.folder / "corpus.jsonl", Document)}
        test, dev = (read_rows(args.folder / f"{split}queries.jsonl", Query) for split in ("", "dev_"))
        qrels, dev_qrels = (read_qrels(args.folder / f"{split}qrels.tsv") for split in ("", "dev_"))
    except SunwiError as error:
        sys.exit(str(error))
    sizes = {docid: len(document.content) for docid, document in corpus.items()}
    faults = [f"{docid}: {n} characters" for docid, n in sizes.items() if not SHORTEST <= n <= LONGEST]
    for queries, rows in ((test, qrels), (dev, dev_qrels)):
        faults += query_faults(queries, rows, corpus, args.most_shared)
    judged, dev_judged = ({docid for row in rows.values() for docid in row} for rows in (qrels, dev_qrels))
    faults += [f"{docid}: judged in both test and dev" for docid in sorted(judged & dev_judged)]
    for what, count, least in (
        ("passages", len(corpus), PASSAGES),
        ("test dialogues", len(test), TEST),
        ("multi-turn test dialogues", sum(len(user_turns(query)) > 1 for query in test), MULTI_TURN),
        ("test dialogues without a relevant passage", sum(q.qid not in qrels for q in test), UNANSWERED),
        ("labelled dev queries", sum(query.qid in dev_qrels for query in dev), LABELLED_DEV),
        ("test dialogues with several relevant passages", sum(len(row) > 1 for row in qrels.values()), 1),
        ("dev queries with several relevant passages", sum(len(row) > 1 for row in dev_qrels.values()), 1),
    ):
        print(f"{what}: {count}")
        faults += [f"{what}: {count}, expected at least {least}"] if count < least else []
    if faults:
        sys.exit("\n".join(faults))
    for split, queries, rows in (("test", test, qrels), ("dev", dev, dev_qrels)):
        shared, wrong = difficulty(queries, rows, corpus)
        print(f"{split}: mean token overlap {shared:.3f}, BM25's nearest passage is wrong for {wrong:.1%}")


if __name__ == "__main__":
    main()
