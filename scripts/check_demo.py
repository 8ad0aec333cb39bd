"""Check that the demo set keeps what its data card promises: `python scripts/check_demo.py [FOLDER]`.

Prints the counts and how hard the queries are; exits 1 naming every fault with its id.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

from sunwi.errors import SunwiError
from sunwi.params import Bm25Params
from sunwi.records import Document, Qrels, Query, read_qrels, read_rows
from sunwi.search.bm25 import Bm25
from sunwi.text import char_ngrams, morphemes, overlap

SHORTEST, LONGEST = 150, 400  # characters of a passage
PASSAGES, TEST, MULTI_TURN, UNANSWERED, LABELLED_DEV = 320, 120, 15, 18, 60  # least counts
GRADES = frozenset({1, 2})


def user_turns(query: Query) -> list[str]:
    """What the user said, turn by turn."""
    return [message.content for message in query.messages if message.role == "user"]


def query_faults(queries: Sequence[Query], qrels: Qrels, corpus: dict[str, Document], shared: float) -> list[str]:
    """Ids that do not resolve, grades off the scale, repeated dialogues, copied 6-grams."""
    known = {query.qid for query in queries}
    faults = [f"query {qid}: judged, but not among the queries" for qid in sorted(qrels.keys() - known)]
    first: dict[tuple[str, ...], str] = {}
    for query in queries:
        turns = user_turns(query)
        if (twin := first.setdefault(tuple(turns), query.qid)) != query.qid:
            faults.append(f"query {query.qid}: repeats query {twin}")
        if query.messages[-1].role != "user":
            faults.append(f"query {query.qid}: the last turn is not the user's")
        grams: set[str] = set().union(*(char_ngrams(turn, 6) for turn in turns))
        for docid, grade in sorted(qrels.get(query.qid, {}).items()):
            if grade not in GRADES:
                faults.append(f"query {query.qid}: grade {grade} of {docid} is not 1 or 2")
            if docid not in corpus:
                faults.append(f"query {query.qid}: unknown document {docid}")
            elif copied := grams & char_ngrams(corpus[docid].text, 6):
                if (share := len(copied) / len(grams)) > shared:
                    faults.append(f"query {query.qid}: shares {share:.0%} with {docid}: {sorted(copied)}")
    return faults


def difficulty(queries: Sequence[Query], qrels: Qrels, corpus: dict[str, Document]) -> tuple[float, float]:
    """Mean token overlap with the best relevant passage, and the share that BM25 answers wrongly first."""
    docids = list(corpus)
    terms = dict(zip(docids, morphemes([document.text for document in corpus.values()]), strict=True))
    labelled = [query for query in queries if qrels.get(query.qid)]
    asked = morphemes([" ".join(user_turns(query)) for query in labelled])
    nearest, _ = Bm25(list(terms.values()), Bm25Params()).search(asked, depth=1)
    pairs = list(zip(labelled, asked, strict=True))
    best = [max(overlap(tokens, terms[docid]) for docid in qrels[query.qid]) for query, tokens in pairs]
    wrong = [docids[top[0]] not in qrels[query.qid] for query, top in zip(labelled, nearest, strict=True)]
    return sum(best) / len(best), sum(wrong) / len(wrong)


def main() -> int:
    """Read, judge, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("data/demo"))
    parser.add_argument("--shared", type=float, default=0.0, help="largest share of a query's 6-grams in a passage")
    args = parser.parse_args()
    try:
        corpus = {row.docid: row for row in read_rows(args.folder / "corpus.jsonl", Document)}
        test, dev = (read_rows(args.folder / f"{split}queries.jsonl", Query) for split in ("", "dev_"))
        qrels, dev_qrels = (read_qrels(args.folder / f"{split}qrels.tsv") for split in ("", "dev_"))
    except SunwiError as error:
        print(error, file=sys.stderr)
        return 1
    lengths = {docid: len(document.content) for docid, document in corpus.items()}
    faults = [f"{i}: {n} characters" for i, n in lengths.items() if not SHORTEST <= n <= LONGEST]
    faults += query_faults(test, qrels, corpus, args.shared) + query_faults(dev, dev_qrels, corpus, args.shared)
    judged, dev_judged = (set(chain.from_iterable(rows.values())) for rows in (qrels, dev_qrels))
    faults += [f"{docid}: judged in both test and dev" for docid in sorted(judged & dev_judged)]
    for what, count, least in (
        ("passages", len(corpus), PASSAGES),
        ("test dialogues", len(test), TEST),
        ("multi-turn test dialogues", sum(len(query.messages) > 1 for query in test), MULTI_TURN),
        ("test dialogues without a relevant passage", sum(q.qid not in qrels for q in test), UNANSWERED),
        ("labelled dev queries", sum(query.qid in dev_qrels for query in dev), LABELLED_DEV),
        ("test queries with several relevant passages", sum(len(rows) > 1 for rows in qrels.values()), 0),
        ("dev queries with several relevant passages", sum(len(rows) > 1 for rows in dev_qrels.values()), 0),
    ):
        print(f"{what}: {count}")
        faults += [f"{what}: {count}, expected at least {least}"] * (count < least)
    if not faults:  # the measures below need ids that resolve
        for name, queries, rows in (("test", test, qrels), ("dev", dev, dev_qrels)):
            shared, wrong = difficulty(queries, rows, corpus)
            print(f"{name}: mean token overlap {shared:.3f}; BM25's nearest passage is wrong for {wrong:.1%}")
    print("\n".join(faults) or "no faults", file=sys.stderr if faults else sys.stdout)
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
