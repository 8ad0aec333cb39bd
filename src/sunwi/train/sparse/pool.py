"""A part of a corpus with its labelled questions, for a corpus that is too large to rank while training."""

from __future__ import annotations

from collections.abc import Sequence

from sunwi.search.index.bm25 import Bm25, index_terms, top
from sunwi.search.index.terms import term_stream
from sunwi.search.labelled import LabelledQuestion, low_overlap
from sunwi.search.passages import Passages
from sunwi.train.shared.corpus_part import part_of
from sunwi.train.sparse.settings import ExportSections

DEV_QUESTIONS = 120  # of the lowest overlap, by which the run stops
DEV_CORPUS = 600  # up to here the whole corpus is ranked at each evaluation
DEV_DEPTH = 4  # above it, each dev question brings BM25's best passages and its relevant ones


def dev_pool(
    passages: Passages, dev: Sequence[LabelledQuestion], params: ExportSections
) -> tuple[Passages, list[LabelledQuestion]]:
    """The low-overlap dev questions and the passages that they are ranked over at each evaluation."""
    chosen = low_overlap(dev, params.fusion.low_overlap, params.fusion.min_questions, DEV_QUESTIONS)
    labels = [dev[row] for row in chosen]
    if len(passages) <= DEV_CORPUS:
        return passages, labels
    lexical = Bm25(term_stream(passages.texts, params.bm25.tokenizer), params.bm25)
    positions = {position for label in labels for position in label.relevant}
    for terms in index_terms([label.text for label in labels], params.bm25.tokenizer):
        positions.update(int(position) for position in top(lexical.scores(terms), DEV_DEPTH)[0])
    return part_of(passages, positions, labels)
