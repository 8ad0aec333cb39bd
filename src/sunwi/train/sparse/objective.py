"""The objective of a sparse encoder on one batch: every loss by its name, weighted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.params.sparse import SparseParams
from sunwi.train.shared.list_losses import distillation
from sunwi.train.sparse import losses
from sunwi.train.sparse.batches import SparseBatch

if TYPE_CHECKING:
    import torch


def batch_losses(
    encoder: SparseEncoder, batch: SparseBatch, params: SparseParams, share: float
) -> dict[str, torch.Tensor]:
    """The weighted losses of one batch by name; `share` is the ramp's of the regularisation."""
    import torch

    passages = weights_of(encoder, batch.passages)  # [questions * group, vocabulary]
    idf = params.query == "idf"
    queries = idf_vectors(encoder, batch.queries) if idf else weights_of(encoder, batch.queries)
    scores = queries @ passages.T  # [questions, questions * group]
    if params.ranking == "margin":
        values = {"ranking": losses.margin_loss(scores, params.margin)}
    else:
        values = {"ranking": losses.contrastive_loss(scores)}
    if params.distill and batch.group > 1:
        values["distillation"] = params.distill * _distillation(scores, batch, params.teacher_scale)
    values["flops_passage"] = share * params.flops_passage * losses.flops_loss(passages)
    if params.l1_passage:
        values["l1_passage"] = share * params.l1_passage * losses.l1_loss(passages)
    if not idf:
        values["flops_query"] = share * params.flops_query * losses.flops_loss(queries)
    if batch.korean is not None and batch.english is not None and params.cross_lingual:
        korean, english = logits_of(encoder, batch.korean), logits_of(encoder, batch.english)
        values["alignment"] = params.cross_lingual * losses.alignment_loss(
            torch.log1p(torch.relu(korean)), torch.log1p(torch.relu(english))
        )
        values["translation"] = (params.cross_lingual / 2) * (
            losses.translation_loss(korean, present(encoder, batch.english)[:, :-1])
            + losses.translation_loss(english, present(encoder, batch.korean)[:, :-1])
        )
    return values


def weights_of(encoder: SparseEncoder, token_ids: torch.Tensor) -> torch.Tensor:
    """The model's weights [texts, vocabulary]."""
    import torch

    return torch.log1p(torch.relu(logits_of(encoder, token_ids)))


def logits_of(encoder: SparseEncoder, token_ids: torch.Tensor) -> torch.Tensor:
    """Its logits [texts, vocabulary] in float32, whatever it computes in."""
    ids = token_ids.to(next(encoder.model.parameters()).device)
    return encoder.model.logits(ids, (ids != encoder.tokenizer.pad_token_id).long()).float()


def idf_vectors(encoder: SparseEncoder, token_ids: torch.Tensor) -> torch.Tensor:
    """Inference-free queries [texts, vocabulary]: the idf of each token that a text has."""
    import torch

    weights = torch.tensor([encoder.idf[token_id] for token_id in encoder.token_ids])
    presence = present(encoder, token_ids)
    return presence[:, :-1] * weights.to(presence.device)


def present(encoder: SparseEncoder, token_ids: torch.Tensor) -> torch.Tensor:
    """1 at each entry that a text has a token of, [texts, vocabulary + 1]; the last is for other tokens."""
    import torch

    rows = encoder.model.row_of_token[token_ids.to(encoder.model.row_of_token.device)]
    return torch.zeros(len(token_ids), len(encoder.token_ids) + 1, device=rows.device).scatter(1, rows, 1.0)


def _distillation(scores: torch.Tensor, batch: SparseBatch, scale: float) -> torch.Tensor:
    """KL to the teacher over each question's own group, [questions, group] of the scores."""
    import torch

    places = torch.arange(len(scores))[:, None] * batch.group + torch.arange(batch.group)
    teacher = batch.teacher.to(scores.device)
    own = scores.gather(1, places.to(scores.device))
    return distillation(own, scale * teacher, teacher.isfinite())
