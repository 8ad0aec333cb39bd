"""Ranking losses over candidate lists: scores [lists, passages] with a mask for lists that are shorter.

The target has the scores' shape: labels, or the teacher's scores for `distillation`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Loss = Callable[["torch.Tensor", "torch.Tensor", "torch.Tensor"], "torch.Tensor"]


def binary(scores: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of each pair's logit against its label, the mean over all pairs."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    return binary_cross_entropy_with_logits(scores[mask], labels[mask])


def listwise(scores: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """ListNet's top-one cross-entropy (Cao et al. 2007, eq. 5), the whole target mass on the positives.

    The softmax of labels that the paper takes as the target leaves a list of five with one positive only
    0.4 of the mass on it.
    """
    from torch.nn.functional import cross_entropy

    return cross_entropy(_masked(scores, mask), labels / labels.sum(dim=1, keepdim=True))


def ranknet(scores: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """RankNet (Burges et al. 2005, eq. 3): logistic loss of each (positive, negative), the mean of pairs."""
    losses, ordered = _pairs(scores, labels, mask)
    return losses[ordered].mean()


def lambda_rank(scores: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """LambdaLoss with LambdaRank's weights (Wang et al. 2018, eq. 15): pairs by the nDCG that a swap costs.

    The sum over a list's pairs, the mean over lists.
    """
    import torch

    losses, ordered = _pairs(scores, labels, mask)
    with torch.no_grad():
        ranks = scores.masked_fill(~mask, float("-inf")).argsort(dim=1, descending=True).argsort(dim=1) + 1
        discount = 1.0 / torch.log2(ranks + 1.0)  # [lists, passages]
        places = torch.arange(1, scores.shape[1] + 1, device=scores.device)
        best = labels.sort(dim=1, descending=True).values / torch.log2(places + 1.0)
        cost = (discount[:, :, None] - discount[:, None, :]).abs() / best.sum(dim=1)[:, None, None]
    return (losses * cost * ordered).sum(dim=(1, 2)).mean()


def distillation(scores: torch.Tensor, teacher: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """KL divergence from the teacher's softmax over the list to the student's (Hinton et al. 2015)."""
    student, target = _masked(scores, mask).log_softmax(dim=1), _masked(teacher, mask).softmax(dim=1)
    log_target = target.where(target > 0, 1.0).log()
    return (target * (log_target - student)).sum(dim=1).mean()  # torch's kl_div sums in another order


LOSSES: Mapping[str, Loss] = {
    "binary": binary,
    "listwise": listwise,
    "ranknet": ranknet,
    "lambda": lambda_rank,
    "distillation": distillation,
}


def _masked(scores: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Masked places get a number whose softmax is 0, and which is finite, so that 0 times it is 0."""
    return scores.masked_fill(~mask, -1e4)


def _pairs(
    scores: torch.Tensor, labels: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logistic loss of i above j, and where i's label is the larger; both [lists, passages, passages]."""
    from torch.nn.functional import softplus

    ordered = (labels[:, :, None] > labels[:, None, :]) & mask[:, :, None] & mask[:, None, :]
    return softplus(scores[:, None, :] - scores[:, :, None]), ordered
