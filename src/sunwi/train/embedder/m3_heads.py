"""Training of some of BGE-M3's heads: the others have no loss, no gradient and no cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from sunwi.models.heads import STEMS
from sunwi.params.train_embedder import HEADS

if TYPE_CHECKING:
    Base = Any  # the model that stands after a mixin among the bases; FlagEmbedding has no types
else:
    Base = object


class ChosenHeads(Base):  # type: ignore[misc]  # of type Any
    """Leaves heads out of FlagEmbedding's unified loss; with all of `heads` it changes nothing.

    It stands before the model's class among the bases, whose methods it calls for the heads that are chosen.

    FlagEmbedding's loss is (dense + ensemble + 0.1 lexical + ColBERT) / 4, the ensemble's score is
    dense + 0.3 lexical + ColBERT, and each head learns the ensemble's softmax, too. A head that is left out
    has the score 0 everywhere and the loss 0; the weights among the others stay.
    """

    heads: Sequence[str] = HEADS

    def choose(self, heads: Sequence[str]) -> None:
        """Train these heads; the linear layers of the others are frozen."""
        self.heads = tuple(heads)
        for head, stem in STEMS.items():
            if head not in self.heads:
                getattr(self, stem).requires_grad_(False)

    def distill_loss(
        self, kd_loss_type: str, teacher_targets: Any, student_scores: torch.Tensor, group_size: Any = None
    ) -> torch.Tensor:
        """FlagEmbedding's; 0 for the scores of a head that is left out."""
        if len(self.heads) < len(HEADS) and not student_scores.requires_grad:
            return student_scores.new_zeros(())
        loss: torch.Tensor = super().distill_loss(kd_loss_type, teacher_targets, student_scores, group_size)
        return loss

    def _sparse_embedding(self, hidden_state: Any, input_ids: Any, return_embedding: bool = True) -> Any:
        if "lexical" in self.heads:
            return super()._sparse_embedding(hidden_state, input_ids, return_embedding)
        return hidden_state.new_zeros(len(hidden_state), 1)

    def _colbert_embedding(self, last_hidden_state: Any, mask: Any) -> Any:
        if "colbert" in self.heads:
            return super()._colbert_embedding(last_hidden_state, mask)
        return last_hidden_state.new_zeros(len(last_hidden_state), 1, 1)

    def _compute_in_batch_neg_loss(
        self, q_reps: Any, p_reps: Any, *given: Any, compute_score_func: Any = None, **options: Any
    ) -> Any:
        if self._is_left_out(compute_score_func):
            return q_reps.new_zeros(len(q_reps), len(p_reps)), q_reps.new_zeros(())
        parent = super()._compute_in_batch_neg_loss
        return parent(q_reps, p_reps, *given, compute_score_func=compute_score_func, **options)

    def _compute_cross_device_neg_loss(
        self, q_reps: Any, p_reps: Any, *given: Any, compute_score_func: Any = None, **options: Any
    ) -> Any:
        if self._is_left_out(compute_score_func):
            processes = self.world_size
            scores = q_reps.new_zeros(processes * len(q_reps), processes * len(p_reps))
            return scores, q_reps.new_zeros(())
        parent = super()._compute_cross_device_neg_loss
        return parent(q_reps, p_reps, *given, compute_score_func=compute_score_func, **options)

    def _is_left_out(self, score: Any) -> bool:
        """Whether this is the scoring function of a head that is left out."""
        scores = {
            "dense": self.compute_dense_score,
            "lexical": self.compute_sparse_score,
            "colbert": self.compute_colbert_score,
        }
        return any(score == function for head, function in scores.items() if head not in self.heads)
