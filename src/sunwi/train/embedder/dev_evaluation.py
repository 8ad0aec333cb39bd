"""Dev figures of an encoder that is still training: dense alone and in the calibrated fusion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.models.batches import length_batches
from sunwi.models.encoder import Encoder
from sunwi.models.passage_vectors import raise_to_best
from sunwi.models.projection import text_vectors
from sunwi.models.spec import ModelInfo, Side
from sunwi.models.windows import Reading
from sunwi.runtime import text_hash
from sunwi.search.fusion.fitting import first_largest, smooth
from sunwi.search.fusion.weighted import weighted_total
from sunwi.search.labelled import NATURAL, LabelledQuestion, first_relevant_rank, low_overlap
from sunwi.search.passages import Passages
from sunwi.search.ranking_quality import ndcg_of_scores, reciprocal_rank
from sunwi.search.retrievers.base import Scores
from sunwi.train.embedder.dev_set import DevSet, dev_set
from sunwi.train.embedder.settings import EmbedderSections

if TYPE_CHECKING:
    import torch

CHOSEN_BY = "fused_ndcg10_low_overlap"  # the figure whose best step is kept
DEV_CURVE = ("step", "dense_ndcg10_low_overlap", CHOSEN_BY)  # columns of a run without figures


class DevEvaluation:
    """nDCG@10 and MRR@10 on dev questions, by part: natural, low overlap (with them), high overlap.

    The best step is chosen on the low-overlap part: questions that copy their passage mislead.
    """

    def __init__(
        self, passages: Passages, base: Encoder, labels: Sequence[LabelledQuestion], params: EmbedderSections
    ) -> None:
        self.params = params
        self.info = base.info
        low, high = evaluation_questions(labels, params)
        chosen = [labels[row] for row in low + high]
        self.dev: DevSet = dev_set(passages, base, chosen, params, params.train_embedder.eval_corpus)
        self.reading: Reading | None = None  # what long passages say behind their start
        if params.encoder.windows:
            self.reading = base.reading(self.dev.passages.texts, "passage", params.encoder.max_length)
        self.parts = {
            "low_overlap": list(range(len(low))),
            "natural": [row for row in range(len(low)) if chosen[row].style == NATURAL],
            "high_overlap": list(range(len(low), len(chosen))),
        }

    @property
    def shape(self) -> list[list[str]]:
        """What names this evaluation: its questions and passages."""
        return [[label.qid for label in self.dev.labels], self.dev.passages.docids]

    def __call__(self, model: torch.nn.Module, tokenizer: Any) -> dict[str, float]:
        """Figures of the weights as they are; dropout is off meanwhile."""
        limits = self.params.encoder

        def vectors(texts: Sequence[str], side: Side, length: int) -> npt.NDArray[np.float32]:
            return live_vectors(model, tokenizer, self.info, texts, side, length, limits.batch_size)

        queries = vectors([label.text for label in self.dev.labels], "query", limits.query_max_length)
        dense = queries @ vectors(self.dev.passages.texts, "passage", limits.max_length).T
        if self.reading is not None and self.reading.pieces:
            windows = vectors(self.reading.pieces, "passage", limits.max_length)
            raise_to_best(dense, queries @ windows.T, self.reading.owners)
        return self.figures(dense)

    def figures(self, dense: Scores) -> dict[str, float]:
        """Figures of dense scores [questions, passages]; the fusion's weight is fitted on the low overlap."""
        relevant = self.dev.relevant
        normalised = self.dev.normalised(dense)
        grid = sorted(set(self.params.fusion.bm25_weights))
        fused = [weighted_total(normalised, {"bm25": weight, "dense": 1.0}) for weight in grid]
        low = self.parts["low_overlap"]
        mrr = np.array(
            [reciprocal_rank(first_relevant_rank(blended, relevant))[low].mean() for blended in fused]
        )
        (best,) = first_largest(smooth(mrr))
        figures = {"bm25_weight": grid[best]}
        for name, scores in (("dense", dense), ("fused", fused[best])):
            values = {
                "ndcg10": ndcg_of_scores(scores, relevant),
                "mrr": reciprocal_rank(first_relevant_rank(scores, relevant)),
            }
            for part, rows in self.parts.items():
                for measure, per_question in values.items() if rows else ():
                    figures[f"{name}_{measure}_{part}"] = round(float(per_question[rows].mean()), 6)
        return dict(sorted(figures.items()))


def evaluation_questions(
    labels: Sequence[LabelledQuestion], params: EmbedderSections
) -> tuple[list[int], list[int]]:
    """Rows of the low-overlap dev questions, natural ones first to be taken, and of half as many others."""
    limit = params.train_embedder.eval_questions
    low = low_overlap(labels, params.fusion.low_overlap, params.fusion.min_questions)
    others = sorted(set(range(len(labels))) - set(low), key=lambda row: text_hash(labels[row].qid))
    low = sorted(low, key=lambda row: (labels[row].style != NATURAL, text_hash(labels[row].qid)))[:limit]
    return sorted(low), sorted(others[: limit // 2])


def live_vectors(
    model: torch.nn.Module,
    tokenizer: Any,
    info: ModelInfo,
    texts: Sequence[str],
    side: Side,
    max_length: int,
    batch_size: int,
) -> npt.NDArray[np.float32]:
    """L2-normalised vectors [texts, dimensions] of weights in memory, as `Encoder` gives for saved ones."""
    import torch

    prefix = info.prefix(side)
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    encoded = tokenizer([prefix + text for text in texts], truncation=True, max_length=max_length)[
        "input_ids"
    ]
    vectors: npt.NDArray[np.float32] | None = None
    with torch.no_grad():
        for rows, size in length_batches([len(ids) for ids in encoded], batch_size, max_length):
            chosen = {"input_ids": [encoded[row] for row in rows]}
            batch = tokenizer.pad(chosen, padding="max_length", max_length=size, return_tensors="pt").to(
                device
            )
            hidden = model(
                input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]
            ).last_hidden_state
            block = text_vectors(hidden.float(), batch["attention_mask"], info).cpu().numpy()
            if vectors is None:
                vectors = np.empty((len(texts), block.shape[1]), dtype=np.float32)
            vectors[rows] = block
    model.train(was_training)
    assert vectors is not None  # there is at least one text
    return vectors
