"""FlagEmbedding's three training models with an in-batch mask, ordered sub-batches and a small lexical head.

Import this module where training starts: it loads FlagEmbedding and torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from FlagEmbedding.finetune.embedder.decoder_only.base.modeling import BiDecoderOnlyEmbedderModel
from FlagEmbedding.finetune.embedder.encoder_only.base.modeling import BiEncoderOnlyEmbedderModel
from FlagEmbedding.finetune.embedder.encoder_only.m3.modeling import EncoderOnlyEmbedderM3Model

from sunwi.models.projection import Layer, apply_layers
from sunwi.train.embedder.hardness import hard_negatives
from sunwi.train.embedder.m3_heads import Base, ChosenHeads
from sunwi.train.embedder.rank_loss import adr_mse


class GroupModel(Base):  # type: ignore[misc]  # of type Any
    """What all three add to FlagEmbedding's forward pass.

    `allowed` [questions, passages] takes passages out of a question's in-batch negatives; `restore` is the
    place of each passage among sub-batches that were sorted by length. `dense_layers` follow the pooling and
    stay as they are. `hardness_mode` weighs negatives in the contrastive loss (`hardness.py`).
    """

    _allowed: torch.Tensor | None = None
    _restore: torch.Tensor | None = None
    dense_layers: Sequence[Layer] = ()
    hardness_mode: str | None = None
    hardness_strength: float = 0.0
    by_ranks: bool = False  # distil the teacher's ranks (ADR-MSE), not its softmax

    def distill_loss(
        self,
        kd_loss_type: str,
        teacher_targets: torch.Tensor,
        student_scores: torch.Tensor,
        group_size: int | None = None,
    ) -> torch.Tensor:
        """FlagEmbedding's distillation loss, or the one over ranks."""
        if self.by_ranks:
            return adr_mse(student_scores, teacher_targets)
        parent = super().distill_loss
        loss: torch.Tensor = parent(kd_loss_type, teacher_targets, student_scores, group_size)
        return loss

    def forward(
        self,
        queries: Any = None,
        passages: Any = None,
        teacher_scores: list[float] | None = None,
        allowed: torch.Tensor | None = None,
        restore: torch.Tensor | None = None,
    ) -> Any:
        """FlagEmbedding's loss over the batch."""
        self._allowed, self._restore = allowed, restore
        return super().forward(queries, passages, teacher_scores)

    def encode(self, features: Any) -> Any:
        """Vectors in question order, whatever order their sub-batches had."""
        reps = super().encode(features)
        if not isinstance(features, list) or self._restore is None:
            return reps
        if isinstance(reps, list):  # one tensor for each Matryoshka dimension
            return [vectors[self._restore] for vectors in reps]
        return reps[self._restore]

    def _sentence_embedding(self, last_hidden_state: Any, attention_mask: Any) -> Any:
        """FlagEmbedding's pooling, and the model's own dense layers."""
        pooled = super()._sentence_embedding(last_hidden_state, attention_mask)
        return apply_layers(pooled, self.dense_layers)

    def _dist_gather_tensor(self, t: torch.Tensor | None) -> torch.Tensor | None:
        """Every process's rows, [processes * rows, ...], with gradients that flow back to each.

        FlagEmbedding's own gather cuts the others' gradients off. The average over N processes then has 1/N
        of the contrastive gradient but the whole of the distillation's: another loss than the one of one
        process on the same questions.
        """
        from torch.distributed.nn.functional import all_gather

        return None if t is None else torch.cat(all_gather(t.contiguous()), dim=0)  # type: ignore[no-untyped-call]  # torch gives it no types

    def compute_loss(self, scores: torch.Tensor, target: torch.Tensor) -> Any:
        """Cross-entropy of the scores [questions, passages], negatives weighed by their hardness."""
        if self.hardness_mode is not None:
            strength = self.hardness_strength * self.temperature
            scores = scores + strength * hard_negatives(scores, target, self.hardness_mode)
        return super().compute_loss(scores, target)

    def _compute_in_batch_neg_loss(
        self,
        q_reps: Any,
        p_reps: Any,
        teacher_targets: Any = None,
        compute_score_func: Any = None,
        **kwargs: Any,
    ) -> Any:
        score = compute_score_func or self.compute_score

        def masked(*vectors: Any, **options: Any) -> torch.Tensor:
            scores: torch.Tensor = score(*vectors, **options)
            if self._allowed is None:
                return scores
            return scores.masked_fill(~self._allowed, torch.finfo(scores.dtype).min)

        parent = super()._compute_in_batch_neg_loss
        return parent(q_reps, p_reps, teacher_targets, masked, **kwargs)


class DenseModel(GroupModel, BiEncoderOnlyEmbedderModel):  # type: ignore[misc]  # FlagEmbedding has no types
    """A dense encoder."""


class DecoderModel(GroupModel, BiDecoderOnlyEmbedderModel):  # type: ignore[misc]  # FlagEmbedding has no types
    """A decoder that is pooled at its last token."""


class WholeM3Model(GroupModel, EncoderOnlyEmbedderM3Model):  # type: ignore[misc]  # FlagEmbedding has no types
    """BGE-M3's three heads (Chen et al. 2024)."""

    def _sparse_embedding(self, hidden_state: Any, input_ids: Any, return_embedding: bool = True) -> Any:
        """Lexical weights, [batch, vocabulary].

        FlagEmbedding scatters them to [batch, tokens, vocabulary] before the maximum: 0.5 GB for each
        passage of 512 tokens in bf16. The maximum is taken while scattering here; loss and gradients agree.
        """
        weights = torch.relu(self.sparse_linear(hidden_state))
        if not return_embedding:
            return weights
        weights = weights.squeeze(-1)
        lexical = weights.new_zeros(len(input_ids), self.vocab_size)
        lexical = lexical.scatter_reduce(1, input_ids, weights, reduce="amax")
        special = {getattr(self.tokenizer, f"{name}_token_id") for name in ("cls", "eos", "pad", "unk")}
        counted = weights.new_ones(self.vocab_size)
        counted[sorted(special - {None})] = 0.0
        return lexical * counted

    def encode(self, features: Any) -> Any:
        """Dense, lexical and token vectors; those of sub-batches are padded to the longest one's tokens.

        FlagEmbedding joins token vectors of unlike length and fails. A padded token's vector is zero, as it
        is within a batch.
        """
        if not isinstance(features, list):
            return super().encode(features)
        dense, lexical, tokens = zip(*(self._encode(part) for part in features), strict=True)
        length = max(vectors.shape[1] for vectors in tokens)
        padded = [
            torch.nn.functional.pad(vectors, (0, 0, 0, length - vectors.shape[1])) for vectors in tokens
        ]
        return tuple(torch.cat(list(parts))[self._restore] for parts in (dense, lexical, padded))


class M3Model(ChosenHeads, WholeM3Model):
    """BGE-M3 with those of its heads that are chosen."""
