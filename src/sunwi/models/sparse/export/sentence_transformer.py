"""A sparse encoder with an MLM head as sentence-transformers' SparseEncoder, of its own modules alone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.models.sparse.head import MLM_HEADS

if TYPE_CHECKING:
    import torch

NEVER = -1e4  # bias of entries outside the vocabulary: relu makes them 0 whatever the text


def has_mlm_form(encoder: SparseEncoder) -> bool:
    """Whether masked-LM logits are all that the head computes.

    The head of a base without one adds the input tokens' own rows to the states; no module of
    sentence-transformers sees both the tokens and the states, so it has no such form.
    """
    return encoder.model.head.residual is None


def write_sentence_transformer(
    encoder: SparseEncoder, folder: Path, passage_max_length: int, query_max_length: int
) -> None:
    """Write a folder that `sentence_transformers.SparseEncoder(folder)` loads.

    Vectors are as wide as the tokeniser's vocabulary: column = token id. Passages go through the masked
    language model and SpladePooling, inference-free queries through SparseStaticEmbedding.

    Raises
    ------
    DataError
        If the model's vocabulary and the tokeniser's differ in size (the two sides would not match), or
        the base's kind has weights that the encoder lacks.
    """
    import torch
    from sentence_transformers import SparseEncoder as Whole
    from sentence_transformers.sparse_encoder.modules import SparseStaticEmbedding, SpladePooling
    from transformers import AutoTokenizer

    width, known = encoder.model.row_of_token.shape[0], len(encoder.tokenizer.get_vocab())
    if width != known:
        what = f"the model has {width} entries and its tokeniser {known}"
        raise DataError(what, "resize the base's embeddings to the tokeniser, then train again")
    shutil.rmtree(folder, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        _masked_lm(encoder).save_pretrained(scratch)
        encoder.tokenizer.save_pretrained(scratch)
        passages: list[torch.nn.Module] = [
            _fill_mask(scratch, passage_max_length),
            SpladePooling(pooling_strategy="max", embedding_dimension=width),
        ]
        modules = passages
        if encoder.query == "idf":
            weights = torch.zeros(width)
            weights[torch.tensor(encoder.token_ids)] = torch.tensor(
                [encoder.idf[token_id] for token_id in encoder.token_ids]
            )
            tokenizer = AutoTokenizer.from_pretrained(
                scratch, model_max_length=query_max_length, trust_remote_code=False
            )
            modules = [_routes(SparseStaticEmbedding(tokenizer, weights, frozen=True), passages)]
        whole = Whole(
            modules=modules, max_active_dims=encoder.max_terms, similarity_fn_name="dot", device="cpu"
        )
        whole.save_pretrained(str(folder), create_model_card=False)


def passage_weights(folder: Path, texts: Sequence[str]) -> npt.NDArray[np.float32]:
    """What sentence-transformers reads from such a folder gives passages, [texts, tokeniser's vocabulary]."""
    from sentence_transformers import SparseEncoder as Whole

    model = Whole(str(folder), device="cpu", trust_remote_code=False)
    vectors = model.encode_document(list(texts), convert_to_tensor=True)
    weights: npt.NDArray[np.float32] = vectors.to_dense().numpy()
    return weights


def _masked_lm(encoder: SparseEncoder) -> Any:
    """transformers' model of the base's kind with the trained encoder and head in it."""
    import torch
    from transformers import AutoModelForMaskedLM

    inner: Any = encoder.model.encoder
    model: Any = AutoModelForMaskedLM.from_config(inner.config, trust_remote_code=False)
    own = model.state_dict()
    dense, norm, bias = next(names for names in MLM_HEADS if f"{names[0]}weight" in own)
    head = {name: tensor.detach().cpu() for name, tensor in encoder.model.head.state_dict().items()}
    chosen = torch.tensor(encoder.token_ids)
    biases = torch.full_like(own[bias], NEVER)
    biases[chosen] = head["bias"]
    filled = {
        f"{dense}weight": head["transform.0.weight"], f"{dense}bias": head["transform.0.bias"],
        f"{norm}weight": head["transform.2.weight"], f"{norm}bias": head["transform.2.bias"], bias: biases,
    }  # fmt: skip
    prefix = model.base_model_prefix
    filled |= {f"{prefix}.{name}": tensor.detach().cpu() for name, tensor in inner.state_dict().items()}
    missing, unknown = model.load_state_dict(filled, strict=False)
    if left := [*unknown, *(name for name in missing if ".decoder." not in name)]:
        what = f"the base's masked language model has other weights: {', '.join(left[:5])}"
        raise DataError(what, "report it with the name of the base model")
    model.tie_weights()  # the decoder's are those of the embeddings and of the bias
    return model.eval()


def _fill_mask(folder: str, max_length: int) -> torch.nn.Module:
    from sentence_transformers.base.modules import Transformer

    module: torch.nn.Module = Transformer(folder, transformer_task="fill-mask", max_seq_length=max_length)
    return module


def _routes(query: torch.nn.Module, passages: list[torch.nn.Module]) -> torch.nn.Module:
    from sentence_transformers.base.modules import Router

    module: torch.nn.Module = Router.for_query_document(query_modules=[query], document_modules=passages)
    return module
