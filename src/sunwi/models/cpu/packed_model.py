"""Models for a CPU whose rows do not depend on one another: encoders and sequence classifiers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from sunwi.models.cpu.bert import is_bert
from sunwi.models.cpu.exact_lengths import Inputs, length_groups, row_by_row, token_shares
from sunwi.models.cpu.outputs import ClassifierOutput, EncoderOutput
from sunwi.models.cpu.packed_bert import PackedBert, PackedLayer
from sunwi.models.cpu.packed_linear import pack_linears
from sunwi.models.cpu.row_threads import map_rows
from sunwi.models.cpu.support import packs

TOKENS = 2048  # of the rows that a thread computes together


def independent_encoder(model: torch.nn.Module) -> torch.nn.Module:
    """The bare encoder (in memory of the CPU), whose rows are the same bytes alone and among others.

    BERT's layers are computed with packed weights, and its rows are shared among threads. Any other model
    runs its own code, one row after the other: what its operators do with the number of rows is unknown.
    """
    if not packs(next(model.parameters()).dtype):
        return OneByOne(model)
    return PackedEncoder(model) if is_bert(model) else OneByOne(pack_linears(model))


def independent_classifier(model: Any) -> torch.nn.Module:
    """The same of a sequence classifier."""
    if not packs(next(model.parameters()).dtype):
        return OneByOneClassifier(model)
    base = getattr(model, model.base_model_prefix)
    if not is_bert(base):
        return OneByOneClassifier(pack_linears(model))
    setattr(model, model.base_model_prefix, torch.nn.Identity())
    pack_linears(model)  # the head
    setattr(model, model.base_model_prefix, PackedEncoder(base))
    return model  # type: ignore[no-any-return]


class PackedEncoder(torch.nn.Module):
    """BERT with packed weights, in the place of the library's."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.bert = PackedBert(model)
        pooler = getattr(model, "pooler", None)  # reads a row's first state
        self.pooler = None if pooler is None else pack_linears(pooler)

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        token_type_ids: torch.Tensor | None = None,
        **_other: Any,
    ) -> EncoderOutput:
        """Hidden states [rows, tokens, channels], zeros in the padding, of inputs [rows, tokens].

        The padding is on the right.
        """
        inputs: Inputs = {"input_ids": input_ids}
        if token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        (whole,) = self.branched(inputs, attention_mask, 0, [self.bert.layers])
        pooled = None if self.pooler is None else self.pooler(whole)
        return EncoderOutput(last_hidden_state=whole, pooler_output=pooled)

    def branched(
        self, inputs: Inputs, attention_mask: torch.Tensor, depth: int, tops: Sequence[Sequence[PackedLayer]]
    ) -> list[torch.Tensor]:
        """Hidden states as `forward` gives them, of each of several models.

        The first `depth` layers are this model's and run once; the others are those of `tops`.
        """
        lengths: list[int] = attention_mask.sum(dim=1).tolist()

        def of_share(rows: list[int]) -> tuple[list[torch.Tensor], list[list[torch.Tensor]]]:
            with torch.inference_mode():  # a thread's own
                groups = list(length_groups(inputs, lengths, rows))
                return [at for at, _ in groups], self.bert.branched([cut for _, cut in groups], depth, tops)

        shares = map_rows(of_share, token_shares(lengths, TOKENS, torch.get_num_threads()))
        found = []
        for model in range(len(tops)):
            first = shares[0][1][model][0]
            whole = first.new_zeros(*inputs["input_ids"].shape, first.shape[-1])
            for places, states in shares:
                for at, of_group in zip(places, states[model], strict=True):
                    whole[at, : of_group.shape[1]] = of_group
            found.append(whole)
        return found


class OneByOne(torch.nn.Module):
    """Any encoder, one row after the other."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> EncoderOutput:
        """Hidden states [rows, tokens, channels], zeros in the padding, which is on the right."""
        found = row_by_row({"input_ids": input_ids}, attention_mask, self.model)
        states = [output.last_hidden_state[0] for output in found]  # [its tokens, channels]
        whole = states[0].new_zeros(*input_ids.shape, states[0].shape[-1])
        for row, of_row in enumerate(states):
            whole[row, : len(of_row)] = of_row
        return EncoderOutput(last_hidden_state=whole)


class OneByOneClassifier(torch.nn.Module):
    """Any sequence classifier, one row after the other."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.config = model.config

    def forward(self, attention_mask: torch.Tensor, **inputs: torch.Tensor) -> ClassifierOutput:
        """Logits [rows, labels] of inputs [rows, tokens]; the padding is on the right."""
        found = row_by_row(inputs, attention_mask, self.model)
        return ClassifierOutput(logits=torch.cat([output.logits for output in found]))
