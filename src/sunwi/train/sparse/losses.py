"""Losses of a sparse encoder: ranking in the batch, sparsity, cross-lingual alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def contrastive_loss(scores: torch.Tensor) -> torch.Tensor:
    """Mean over questions of -log softmax of the positive's score (Formal et al. 2021, eq. 8).

    Parameters
    ----------
    scores
        [questions, passages]: dot products with all passages of the batch. A question's own group stands at
        column question * group, its positive first; passages of other questions are in-batch negatives.
    """
    import torch

    return torch.nn.functional.cross_entropy(scores, positives(scores))


def margin_loss(scores: torch.Tensor, margin: float) -> torch.Tensor:
    """Mean over questions and negatives of max(0, margin - s(positive) + s(negative)); shapes as above."""
    import torch

    target = positives(scores)
    own = scores.gather(1, target[:, None])  # [questions, 1]
    gaps = torch.relu(margin - own + scores)
    negative = torch.ones_like(scores, dtype=torch.bool).scatter(1, target[:, None], value=False)
    return gaps[negative].mean()


def positives(scores: torch.Tensor) -> torch.Tensor:
    """Column of each question's positive, [questions]."""
    import torch

    group = scores.shape[1] // scores.shape[0]
    return torch.arange(len(scores), device=scores.device) * group


def flops_loss(weights: torch.Tensor) -> torch.Tensor:
    """Sum over the vocabulary of the squared mean weight (Paria et al. 2020; Formal et al. 2021, eq. 4).

    It is smooth, and hits entries that are active in many texts harder than L1 does: they are what makes
    posting lists long.

    Parameters
    ----------
    weights
        [texts, vocabulary], 0 or more.
    """
    return (weights.mean(dim=0) ** 2).sum()


def l1_loss(weights: torch.Tensor) -> torch.Tensor:
    """Mean over texts of the summed weights; [texts, vocabulary]."""
    return weights.sum(dim=1).mean()


def ramp(step: int, steps: int) -> float:
    """min(1, (step / steps)^2): a regularisation that is whole from the start stops learning early.

    Examples
    --------
    >>> [ramp(step, 4) for step in (0, 2, 4, 9)]
    [0.0, 0.25, 1.0, 1.0]
    """
    return min(1.0, (step / steps) ** 2)


def translation_loss(logits: torch.Tensor, translation: torch.Tensor, margin: float = 1.0) -> torch.Tensor:
    """Mean over terms of log(1 + relu(margin - logit)) at the entries of their translations.

    The activation cuts all below 0, so two terms that share no active entry give `alignment_loss` no
    gradient at all; this one acts on the logits, and lifts the other language's entries above 0.

    Parameters
    ----------
    logits
        Of the terms before the activation, [terms, vocabulary].
    translation
        True at the entries of a term's translation, same shape; a term without one counts 0.
    """
    import torch

    gaps = torch.log1p(torch.relu(margin - logits)) * translation
    return (gaps.sum(dim=1) / translation.sum(dim=1).clamp(min=1)).mean()


def alignment_loss(korean: torch.Tensor, english: torch.Tensor) -> torch.Tensor:
    """Mean over term pairs of 1 - cosine of their vectors; both [pairs, vocabulary].

    A term without an active entry has no direction: its cosine counts 0.
    """
    import torch

    return 1 - torch.nn.functional.cosine_similarity(korean, english, dim=1, eps=1e-6).mean()
