"""The ranking losses in the form that sentence-transformers' cross-encoder trainer calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.train.reranker.losses import LOSSES

if TYPE_CHECKING:
    import torch


def list_loss(model: Any, settings: TrainRerankerParams) -> torch.nn.Module:
    """A loss over (queries, passages of each, retriever scores of each) and labels, all pairs in one pass.

    The library's own list losses score as many pairs at once as there are questions, and ListNet there
    takes a softmax of the labels as its target.
    """
    import torch
    from torch.nn.utils.rnn import pad_sequence

    class ListLoss(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, inputs: list[Any], labels: list[torch.Tensor], **_: Any) -> torch.Tensor:
            queries, passages, retriever = inputs
            pairs = [(query, passage) for query, of in zip(queries, passages, strict=True) for passage in of]
            tokens = {
                name: tensor.to(model.device) if isinstance(tensor, torch.Tensor) else tensor
                for name, tensor in model.preprocess(pairs).items()
            }
            flat = model(tokens)["scores"].view(-1).float()
            sizes = [len(of) for of in passages]
            scores = pad_sequence(list(flat.split(sizes)), batch_first=True)  # [lists, longest list]
            marks = _padded(labels).to(scores.device)
            first = _padded([torch.as_tensor(of) for of in retriever]).to(scores.device)
            mask = _padded([torch.ones(size) for size in sizes]).bool().to(scores.device)
            logits = scores / settings.loss_temperature + settings.retriever_weight * first
            return LOSSES[settings.loss](logits, marks, settings.teacher_scale * first, mask)

    def _padded(rows: list[torch.Tensor]) -> torch.Tensor:
        return pad_sequence([row.float().cpu() for row in rows], batch_first=True)

    return ListLoss()
