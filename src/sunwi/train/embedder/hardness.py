"""Negatives of the contrastive loss weighted by their hardness (Lan et al. 2025, eq. 5)."""

from __future__ import annotations

import torch


def hard_negatives(scores: torch.Tensor, target: torch.Tensor, mode: str) -> torch.Tensor:
    """The scores of the negatives that are weighed, without a gradient; 0 elsewhere.

    sentence-transformers' MultipleNegativesRankingLoss adds `hardness_strength` times the cosine of such a
    negative to its score, so that the softmax counts it more; FlagEmbedding, which trains here, has no such
    option. A passage that is masked stays as it is.

    Parameters
    ----------
    scores
        [questions, questions * group]: each question's positive and its own negatives stand together.
    target
        [questions], the column of each question's positive.
    mode
        in_batch_negatives: passages of other questions; hard_negatives: its own; all_negatives: both.
    """
    columns = torch.arange(scores.shape[1], device=scores.device)
    group = scores.shape[1] // scores.shape[0]
    own = (columns >= target[:, None]) & (columns < target[:, None] + group)
    positive = columns == target[:, None]
    chosen = {"in_batch_negatives": ~own, "hard_negatives": own & ~positive, "all_negatives": ~positive}[mode]
    masked = scores == torch.finfo(scores.dtype).min
    return torch.where(chosen & ~masked, scores.detach(), 0.0)
