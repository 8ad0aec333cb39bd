"""The untrained sparse encoder: vocabulary, idf and head of a base model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sunwi.models.loading import load_config, load_tokenizer
from sunwi.models.sparse.encoder import SparseEncoder, pad
from sunwi.models.sparse.vocabulary import restricted_vocabulary, token_counts, token_idf
from sunwi.models.spec import ModelInfo
from sunwi.params.sparse import SparseParams
from sunwi.runtime import pick_device, seed_everything

SAMPLE = 64  # passages whose token states set the head's centre and scale


def start_encoder(
    info: ModelInfo, passages: Sequence[str], questions: Sequence[str], params: SparseParams, seed: int
) -> SparseEncoder:
    """An encoder with the base's MLM head, or with a tied one where it has none.

    The vocabulary is that of the passages and questions (the train questions and the dictionary's terms);
    the idf is counted over the passages alone.
    """
    from sunwi.models.sparse.head import SparseModel, bare_encoder, mlm_head, tied_head

    tokenizer = load_tokenizer(info.folder)
    token_ids = restricted_vocabulary(tokenizer, [*passages, *questions], params.max_vocabulary)
    idf = token_idf(token_counts(tokenizer, passages), token_ids, len(passages))
    seed_everything(seed)
    encoder = bare_encoder(info.folder)
    head = mlm_head(info, token_ids)
    if head is None:
        states = _token_states(
            encoder, tokenizer, passages[:: max(1, len(passages) // SAMPLE)][:SAMPLE], params
        )
        head = tied_head(info, token_ids, states)
    size = int(load_config(info.folder).vocab_size)
    model = SparseModel(encoder, head, token_ids, size)
    return SparseEncoder(model, tokenizer, token_ids, idf, params.query, params.max_terms)


def _token_states(encoder: Any, tokenizer: Any, texts: Sequence[str], params: SparseParams) -> Any:
    """Last hidden states of the texts' tokens, [tokens, hidden]."""
    import torch

    device = pick_device()
    encoder = encoder.to(device).eval()
    states = []
    for text in texts:
        ids = pad(
            tokenizer([text], truncation=True, max_length=params.passage_max_length)["input_ids"], tokenizer
        )
        with torch.inference_mode():
            states.append(encoder(input_ids=ids.to(device)).last_hidden_state[0].float().cpu())
    return torch.cat(states).clone()
