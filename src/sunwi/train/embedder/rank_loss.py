"""A loss over ranks: the student's approximate ranks are to be the teacher's, the first places above all."""

from __future__ import annotations

import torch


def adr_mse(scores: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """Mean over passages of (rank - approximate rank)^2 / log2(rank + 1), a scalar.

    `rank` is the teacher's, 1 for its best passage; of equal scores the first passage's is better. The
    student's approximate rank of passage i is 1 + sum over j != i of sigmoid(s_j - s_i). ADR-MSE (Schlatt et
    al. 2024, Rank-DistiLLM), with the approximate ranks of Qin et al. (2010).

    Parameters
    ----------
    scores
        The student's, [questions, passages], divided by the temperature.
    teacher
        The teacher's, the same shape; only their order counts.
    """
    above = torch.sigmoid(scores[:, None, :] - scores[:, :, None])  # [questions, i, j]: how far j is above i
    approximate = above.sum(dim=-1) + 0.5  # 1, without sigmoid(0) of a passage and itself
    order = torch.argsort(teacher, dim=-1, descending=True, stable=True)
    ranks = torch.argsort(order, dim=-1).to(scores.dtype) + 1
    return ((ranks - approximate) ** 2 / torch.log2(ranks + 1)).mean()
