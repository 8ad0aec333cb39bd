"""Questions through the filters: seconds, reason counts, and a seeded sample of rejects to be judged.

    python -m benchmarks.qa.question_filters DOCUMENTS.jsonl [QUESTIONS.jsonl] [--round-trip bm25]
        [--sample 50]

DOCUMENTS: lines of docid, content (title). QUESTIONS: lines of docid, question; without them the
template provider writes the questions.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.qa.generate import QaSources, generate_questions
from sunwi.records.corpus import Document


def main() -> None:
    """Print the counts and the sample."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("documents", type=Path)
    parser.add_argument("questions", type=Path, nargs="?")
    parser.add_argument("--round-trip", choices=["bm25", "hybrid"], default="hybrid")
    parser.add_argument("--sample", type=int, default=50)
    arguments = parser.parse_args()
    documents = [
        Document(docid=str(row["docid"]), content=row["content"], title=row.get("title"))
        for row in map(json.loads, arguments.documents.open(encoding="utf-8"))
    ]
    given = []
    if arguments.questions:
        rows = map(json.loads, arguments.questions.open(encoding="utf-8"))
        given = [(str(row["docid"]), row["question"], "file") for row in rows]
    qa = {"provider": "given" if given else "template", "round_trip": arguments.round_trip}
    params = Params.model_validate({"qa": qa})
    base = Encoder(resolve(params.encoder.model)) if arguments.round_trip == "hybrid" else None
    start = time.perf_counter()
    result = generate_questions(QaSources(documents, given), params, base)
    seconds = time.perf_counter() - start
    print(json.dumps(result.metrics, ensure_ascii=False, indent=1))
    print(f"{len(given) or 'template'} questions, {len(documents)} documents: {seconds:.1f} s")
    if base is not None:
        print(f"vectors encoded {base.count.encoded}, from the cache {base.count.cached}")
    contents = {document.docid: document.content for document in documents}
    sample = random.Random(1).sample(result.rejected, min(arguments.sample, len(result.rejected)))
    for row in sorted(sample, key=lambda row: (row.reason, row.qid)):
        print(f"{row.reason}\t{row.question}\t{row.checks}\n\t{contents[row.docid][:160]}")


if __name__ == "__main__":
    main()
