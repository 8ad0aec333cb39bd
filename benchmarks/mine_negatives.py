"""Mining without a reranker, everything cached: seconds from passages to rows; two runs are compared.

python benchmarks/mine_negatives.py CORPUS.jsonl QUESTIONS.jsonl [--rows MINED.jsonl]
"""

import argparse
import json
import time
from pathlib import Path

from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.mining.negatives import mine_negatives
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params import Params
from sunwi.records import Document, canonical_json
from sunwi.search.batch import Passages, make_queries
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.pipeline import build_pipeline

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--rows", type=Path, help="keep the rows, for `sunwi inspect QID --file`")
    options = parser.parse_args()
    rows = [json.loads(line) for line in options.corpus.read_text(encoding="utf-8").splitlines()]
    passages = Passages.of([Document(docid=row["docid"], content=row["content"]) for row in rows])
    first: dict[str, str] = {}
    for line in options.questions.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        first.setdefault(row["docid"], row["question"])
    asked = sorted(first.items())
    labels = [
        LabelledQuestion(docid, text, (passages.position[docid],), "train", "llm", 0.5)
        for docid, text in asked
    ]
    params = Params()
    encoder = Encoder(resolve(params.encoder.model))

    def run() -> tuple[float, float, list[str], dict[str, object]]:
        start = time.perf_counter()
        vectors = encoder.encode(passages.texts, "passage", params.encoder.max_length)
        texts = [text for _, text in asked]
        queries = make_queries([docid for docid, _ in asked], texts, encoder, 64, params.bm25.tokenizer)
        search = build_pipeline(passages, vectors, params.bm25)
        ready = time.perf_counter()
        rules = FalseNegativeRules(passages, {}, {}, params.mining.max_positive_share)
        mined = mine_negatives(search, queries, labels, rules, params.mining)
        end = time.perf_counter()
        return (
            ready - start,
            end - ready,
            [canonical_json(row.model_dump()) for row in mined.rows],
            mined.metrics,
        )

    run()  # fills the caches
    prepared, mined_in, lines, metrics = run()
    again = run()[2]
    if options.rows:
        options.rows.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"{len(asked):,} questions x {len(passages):,} passages, everything cached")
    print("| step | seconds |\n|---|---|")
    print(f"| load vectors and terms, index | {prepared:.1f} |\n| mine | {mined_in:.1f} |")
    print(f"byte-identical on a second run: {lines == again}\n{canonical_json(metrics)}")
