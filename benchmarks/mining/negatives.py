"""Hard negatives without a reranker: this package against sentence-transformers' `mine_hard_negatives`.

    python -m benchmarks.mining.negatives DOCUMENTS.jsonl QUESTIONS.jsonl [--rows MINED.jsonl]

writes the rows of one question a passage, for `sunwi inspect QID --file`, and says whether a second run
gives the same bytes.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from benchmarks.shared.material import Material, read_material
from benchmarks.shared.turns import Comparison, Side, take_turns
from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.mining.negatives import Mined, mine_negatives
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.records.files import canonical_json
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, make_queries
from sunwi.search.pipeline import build_pipeline

NEGATIVES = 7


def one_question_each(material: Material, count: int | None = None) -> list[tuple[str, str]]:
    """(docid, question), the first one of each passage, by docid."""
    first: dict[str, str] = {}
    for question, docid in material.asked:
        first.setdefault(docid, question)
    return sorted(first.items())[:count]


def mine(material: Material, asked: list[tuple[str, str]], encoder: Encoder) -> Mined:
    """From passages and questions to rows: vectors, terms, index, pools, negatives."""
    params = Params()
    documents = sorted(material.documents.items())
    passages = Passages.of([Document(docid=docid, content=text) for docid, text in documents])
    labels = [
        LabelledQuestion(docid, text, (passages.position[docid],), "train", "asked", 0.5)
        for docid, text in asked
    ]
    vectors = encoder.encode(passages.texts, "passage", params.encoder.max_length)
    ids, texts = [docid for docid, _ in asked], [text for _, text in asked]
    queries = make_queries(ids, texts, encoder, params.encoder.query_max_length, params.bm25.tokenizer)
    search = build_pipeline(passages, vectors, params.bm25)
    rules = FalseNegativeRules(passages, {}, {}, params.mining.max_positive_share)
    return mine_negatives(search, queries, labels, rules, params.mining)


def compare(material: Material, turns: int, quick: bool) -> Comparison:
    """Both sides from texts to rows, with nothing kept from before and with each side's own cache."""
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import mine_hard_negatives

    cut = Material(dict(list(material.documents.items())[: 64 if quick else 384]), material.asked)
    cut = Material(cut.documents, [row for row in material.asked if row[1] in cut.documents])
    asked = one_question_each(cut)
    info = resolve("builtin/multilingual-e5-small")
    encoder = Encoder(info, precision="int8" if quick else "device")
    library = SentenceTransformer(str(info.folder), device="cpu", trust_remote_code=False)
    library.max_seq_length = Params().encoder.max_length
    pairs = Dataset.from_dict(
        {
            "query": [text for _, text in asked],
            "positive": [cut.documents[docid] for docid, _ in asked],
        }
    )
    counts = {}
    with tempfile.TemporaryDirectory() as folder:

        def theirs(cache: str | None, use_faiss: bool = False) -> None:
            made = mine_hard_negatives(
                pairs, library, corpus=cut.passages, num_negatives=NEGATIVES, range_max=50,
                relative_margin=0.05, use_faiss=use_faiss, cache_folder=cache, output_format="n-tuple",
                query_prompt=info.query_prefix, corpus_prompt=info.passage_prefix, verbose=False,
            )  # fmt: skip
            counts["theirs"] = len(made)

        def ours() -> None:
            counts["ours"] = len(mine(cut, asked, encoder).rows)

        def ours_anew() -> None:
            with tempfile.TemporaryDirectory() as fresh:
                os.environ["SUNWI_CACHE_DIR"] = fresh
                ours()
            os.environ["SUNWI_CACHE_DIR"] = folder

        kept = os.environ.get("SUNWI_CACHE_DIR")
        os.environ["SUNWI_CACHE_DIR"] = folder
        both = "BM25 and dense, fused; provenance"
        sides = {
            "mine_hard_negatives": Side(lambda: theirs(None), len(asked), "dense alone; encodes each time"),
            "sunwi, nothing kept": Side(ours_anew, len(asked), both),
            "mine_hard_negatives, cache_folder": Side(lambda: theirs(folder), len(asked), "dense alone"),
            "the same, faiss": Side(lambda: theirs(folder, use_faiss=True), len(asked), "dense alone"),
            "sunwi, mined again": Side(ours, len(asked), both),
        }
        rows = take_turns(sides, turns)
        os.environ.pop("SUNWI_CACHE_DIR") if kept is None else os.environ.update(SUNWI_CACHE_DIR=kept)
    setting = f"{len(asked):,} questions, {len(cut.documents):,} passages, {NEGATIVES} negatives each"
    remark = (
        "The clock runs from texts to rows, loading, indexing and searching included. By default "
        "mine_hard_negatives encodes all texts at each call; with a cache folder it keeps the vectors of a "
        "whole list of texts, and one changed text costs them all. The margin to the positive is 5% on both "
        f"sides, the pool 50 deep in each retriever. Rows: {counts['theirs']:,} of theirs, "
        f"{counts['ours']:,} of ours."
    )
    return Comparison("Mining without a reranker", "questions", setting, rows, [remark])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("documents", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--rows", type=Path, help="keep the rows, for `sunwi inspect QID --file`")
    options = parser.parse_args()
    material = read_material(options.documents, options.questions)
    encoder = Encoder(resolve(Params().encoder.model))
    asked = one_question_each(material)
    mined, again = (mine(material, asked, encoder) for _ in range(2))
    lines = [canonical_json(row.model_dump()) for row in mined.rows]
    if options.rows:
        options.rows.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    same = lines == [canonical_json(row.model_dump()) for row in again.rows]
    print(
        f"{len(asked):,} questions; byte-identical on a second run: {same}\n{canonical_json(mined.metrics)}"
    )
