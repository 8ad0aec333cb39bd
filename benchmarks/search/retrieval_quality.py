"""Each retriever and fusion on questions that decided nothing; all of them, and those of low overlap.

python -m benchmarks.search.retrieval_quality sci CORPUS.jsonl QUESTIONS.jsonl
python -m benchmarks.search.retrieval_quality squad KorQuAD_v1.0_dev.json

The fitted weight is read on the low-overlap questions of the other half of the documents.
"""

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.search.bm25_quality import held_out, read_sci, read_squad
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.search.fusion.comb import comb_fusion
from sunwi.search.fusion.fitting import fit_fusion
from sunwi.search.fusion.rrf import reciprocal_rank_fusion
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.index.terms import overlap_terms
from sunwi.search.labelled import LabelledQuestion, first_relevant_rank, low_overlap
from sunwi.search.passages import Passages, make_queries
from sunwi.search.pipeline import build_pipeline
from sunwi.search.ranking_quality import reciprocal_rank
from sunwi.search.retrievers.base import Scores
from sunwi.text import overlap

NAMES = ["bm25", "dense"]


def label(asked: Sequence[tuple[str, str]], passages: Passages, tokenizer: str) -> list[LabelledQuestion]:
    of_passages = overlap_terms(passages.texts, tokenizer)
    found = []
    for at, ((text, docid), terms) in enumerate(
        zip(asked, overlap_terms([text for text, _ in asked], tokenizer), strict=True)
    ):
        position = passages.position[docid]
        share = overlap(terms, of_passages[position])
        found.append(LabelledQuestion(f"q{at:05d}", text, (position,), "dev", "asked", share))
    return found


def line(name: str, scores: Scores, labels: Sequence[LabelledQuestion], low: Sequence[int]) -> str:
    ranks = first_relevant_rank(scores, [one.relevant for one in labels])

    def figures(part: npt.NDArray[np.int64]) -> str:
        values = (reciprocal_rank(part).mean(), (part == 1).mean(), (part <= 10).mean())
        return " / ".join(f"{value:.3f}".lstrip("0") if value < 1 else "1" for value in values)

    return f"| {name} | {figures(ranks)} | {figures(ranks[list(low)])} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("form", choices=["sci", "squad"])
    parser.add_argument("files", type=Path, nargs="+")
    parser.add_argument("--questions", type=int, default=1500)
    options = parser.parse_args()
    params = Params()
    documents, asked = (read_sci if options.form == "sci" else read_squad)(*options.files)
    random.seed(1)
    random.shuffle(asked)
    passages = Passages.of([Document(docid=docid, content=text) for docid, text in sorted(documents.items())])
    encoder = Encoder.of(resolve(params.encoder.model), params.encoder)
    vectors = encoder.encode(passages.texts, "passage", params.encoder.max_length)
    search = build_pipeline(passages, vectors, params.bm25)
    halves = []
    for half in (False, True):
        chosen = [row for row in asked if held_out(row[1]) == half][: options.questions]
        labels = label(chosen, passages, params.bm25.tokenizer)
        qids, texts = [one.qid for one in labels], [one.text for one in labels]
        length = params.encoder.query_max_length
        halves.append((labels, make_queries(qids, texts, encoder, length, params.bm25.tokenizer)))
    (tuning, tuning_queries), (labels, queries) = halves
    fitted = fit_fusion(search, NAMES, tuning_queries, tuning, params.fusion)
    scores = {name: search.retrievers[name].scores(queries) for name in NAMES}
    low = low_overlap(labels, params.fusion.low_overlap, params.fusion.min_questions)
    weight = fitted.weights["bm25"]
    rows = {
        "BM25": scores["bm25"],
        "dense": scores["dense"],
        "RRF, k 60": reciprocal_rank_fusion(scores, 60, 100),
        "CombSUM": comb_fusion(scores, "sum", 100),
        "CombMNZ": comb_fusion(scores, "mnz", 100),
        f"fitted: dense + {weight:g} BM25": weighted_sum(scores, fitted.weights),
    }
    print(f"| {len(passages)} passages: MRR@10 / R@1 / R@10 | all {len(labels)} | low overlap, {len(low)} |")
    print("|---|---|---|")
    for name, of_all in rows.items():
        print(line(name, of_all, labels, low))
