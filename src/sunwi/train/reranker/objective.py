"""The loss of a reranker over candidate lists, and its form for sentence-transformers' trainer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.train.shared.list_losses import LOSSES

if TYPE_CHECKING:
    import torch


def ranking_loss(
    scores: Iterable[torch.Tensor],
    labels: Iterable[Any],
    retriever: Iterable[Any],
    settings: TrainRerankerParams,
) -> torch.Tensor:
    """The loss that the settings name, of scores over the temperature plus the weighted retriever's scores.

    Parameters
    ----------
    scores, labels, retriever
        The model's scores, the labels and the retriever's scores of each list's passages, [passages] each;
        `distillation` takes the retriever, times `teacher_scale`, as the teacher.
    """
    import torch
    from torch.nn.utils.rnn import pad_sequence

    def padded(rows: Iterable[Any]) -> torch.Tensor:
        return pad_sequence([torch.as_tensor(row).float().cpu() for row in rows], batch_first=True)

    columns = list(scores)
    mask = padded(torch.ones(len(column)) for column in columns).bool()
    student = pad_sequence(columns, batch_first=True)  # [lists, longest list]
    first = padded(retriever).to(student.device)
    target = settings.teacher_scale * first if settings.loss == "distillation" else padded(labels)
    logits = student / settings.loss_temperature + settings.retriever_weight * first
    return LOSSES[settings.loss](logits, target.to(student.device), mask.to(student.device))


def list_loss(model: Any, settings: TrainRerankerParams) -> torch.nn.Module:
    """A loss over (queries, passages of each, retriever scores of each) and labels, all pairs in one pass.

    The library's own list losses score as many pairs at once as there are questions, and ListNet there
    takes a softmax of the labels as its target.
    """
    import torch

    class ListLoss(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, inputs: list[Any], labels: list[torch.Tensor], **_: Any) -> torch.Tensor:
            queries, lists, retriever = inputs
            pairs = [
                (query, passage)
                for query, passages in zip(queries, lists, strict=True)
                for passage in passages
            ]
            tokens = {
                name: tensor.to(model.device) if isinstance(tensor, torch.Tensor) else tensor
                for name, tensor in model.preprocess(pairs).items()
            }
            flat = model(tokens)["scores"].view(-1).float()
            return ranking_loss(
                flat.split([len(passages) for passages in lists]), labels, retriever, settings
            )

    return ListLoss()
