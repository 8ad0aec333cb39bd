"""SPLADE-max: log(1 + relu(max over tokens of the masked-LM logits)) (Formal et al. 2021, eq. 6)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

from sunwi.errors import ModelError
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.loading import load_config
from sunwi.models.saving import load_state
from sunwi.models.spec import ModelInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Where the MLM families keep their head: prefix of the dense layer, of the LayerNorm, the decoder's bias.
MLM_HEADS = (
    ("cls.predictions.transform.dense.", "cls.predictions.transform.LayerNorm.", "cls.predictions.bias"),
    ("lm_head.dense.", "lm_head.layer_norm.", "lm_head.bias"),
)


class SparseHead(nn.Module):
    """Token logits over a restricted vocabulary, with a decoder that is tied to the word embeddings.

    logits = transform(hidden) @ decoder.T + bias, and for a head without MLM training `residual` times the
    decoder's rows of the input tokens themselves are added to transform(hidden): at its start such a head
    gives every text its own tokens, as a lexical index does, and training adds the others.

    Parameters
    ----------
    transform
        [.., hidden] to [.., hidden].
    decoder
        Rows of the word embeddings, [vocabulary, hidden]; frozen, as the word embeddings are.
    bias
        [vocabulary].
    residual
        Start of the weight of the input tokens' own rows; None: no such path.
    """

    decoder: torch.Tensor

    def __init__(
        self, transform: nn.Module, decoder: torch.Tensor, bias: torch.Tensor, residual: float | None
    ) -> None:
        super().__init__()
        self.transform = transform
        self.register_buffer("decoder", decoder)
        self.bias = nn.Parameter(bias)
        self.residual = None if residual is None else nn.Parameter(torch.tensor(residual))

    def forward(self, hidden: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        """Logits [batch, tokens, vocabulary] of hidden [batch, tokens, hidden] and rows [batch, tokens].

        `rows` are the input tokens as rows of the vocabulary, the vocabulary's size where it lacks them.
        """
        states = self.transform(hidden)
        if self.residual is not None:
            own = torch.nn.functional.embedding(rows, torch.nn.functional.pad(self.decoder, (0, 0, 0, 1)))
            states = states + self.residual * own
        logits: torch.Tensor = states @ self.decoder.T + self.bias
        return logits


class SparseModel(nn.Module):
    """An encoder with a sparse head: token ids to one weight a vocabulary entry."""

    row_of_token: torch.Tensor

    def __init__(self, encoder: nn.Module, head: SparseHead, token_ids: Sequence[int], tokens: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = head
        row_of_token = torch.full((tokens,), len(token_ids), dtype=torch.long)
        row_of_token[torch.tensor(token_ids)] = torch.arange(len(token_ids))
        self.register_buffer("row_of_token", row_of_token, persistent=False)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Weights [batch, vocabulary], 0 or more, of ids and mask [batch, tokens]."""
        return torch.log1p(torch.relu(self.logits(input_ids, attention_mask)))

    def logits(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """The largest logit of a text's tokens for each entry, [batch, vocabulary]."""
        hidden = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        logits: torch.Tensor = self.head(hidden, self.row_of_token[input_ids])  # [batch, tokens, vocabulary]
        return logits.masked_fill(attention_mask.unsqueeze(-1) == 0, float("-inf")).amax(dim=1)


def mlm_head(info: ModelInfo, token_ids: Sequence[int]) -> SparseHead | None:
    """The head of a masked language model, restricted to a vocabulary; None where the folder has none.

    Raises
    ------
    ModelError
        If the head's decoder is not tied to the word embeddings.
    """
    state = load_state(info.folder)
    names = next((names for names in MLM_HEADS if f"{names[0]}weight" in state), None)
    if names is None:
        return None
    dense, norm, bias = names
    embeddings = _word_embeddings(state, info)
    for decoder in ("cls.predictions.decoder.weight", "lm_head.decoder.weight"):
        if decoder in state and not torch.equal(state[decoder], embeddings):
            fault = "its MLM decoder is not tied to the word embeddings"
            raise ModelError(info.spec, fault, "use klue/bert-base, klue/roberta-small or xlm-roberta-base")
    width = embeddings.shape[1]
    transform = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width, eps=_epsilon(info)))
    transform.load_state_dict({
        "0.weight": state[f"{dense}weight"], "0.bias": state[f"{dense}bias"],
        "2.weight": state[f"{norm}weight"], "2.bias": state[f"{norm}bias"],
    })  # fmt: skip
    chosen = torch.tensor(token_ids)
    return SparseHead(transform, embeddings[chosen].clone(), state[bias][chosen].clone(), None)


def tied_head(
    info: ModelInfo, token_ids: Sequence[int], hidden: torch.Tensor, gain: float = 16.0, residual: float = 8.0
) -> SparseHead:
    """A head for an encoder without one: centred hidden states against centred unit word embeddings.

    An encoder that was tuned for sentence vectors has most of a token's state in one common direction;
    without it the state still ranks the token's own embedding first. The bias starts at -`residual`: only
    what the states themselves lift is active.

    Parameters
    ----------
    hidden
        States of a sample of tokens, [tokens, hidden].
    gain
        Mean length of the centred states after the transform.
    residual
        Weight of the input tokens' own rows, and of the bias against them.
    """
    embeddings = _word_embeddings(load_state(info.folder), info)[torch.tensor(token_ids)]
    decoder = torch.nn.functional.normalize(embeddings - embeddings.mean(dim=0), dim=1)
    centre = hidden.mean(dim=0)
    scale = gain / (hidden - centre).norm(dim=1).mean()
    transform = nn.Linear(len(centre), len(centre))
    with torch.no_grad():
        transform.weight.copy_(scale * torch.eye(len(centre)))
        transform.bias.copy_(-scale * centre)
    return SparseHead(transform, decoder, torch.full((len(token_ids),), -residual), residual)


def new_head(
    info: ModelInfo, decoder_rows: int, hidden_size: int, state: Mapping[str, torch.Tensor]
) -> SparseHead:
    """An empty head of the form that a saved state has, to be filled with it."""
    transform: nn.Module = nn.Linear(hidden_size, hidden_size)
    if "transform.2.weight" in state:
        norm = nn.LayerNorm(hidden_size, eps=_epsilon(info))
        transform = nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.GELU(), norm)
    head = SparseHead(
        transform,
        torch.empty(decoder_rows, hidden_size),
        torch.empty(decoder_rows),
        0.0 if "residual" in state else None,
    )
    head.load_state_dict(dict(state))
    return head


def bare_encoder(folder: Path) -> nn.Module:
    """The encoder in float32, as training and export want it."""
    return load_encoder(folder, torch.float32)


def _word_embeddings(state: Mapping[str, torch.Tensor], info: ModelInfo) -> torch.Tensor:
    names = [name for name in sorted(state) if name.endswith("embeddings.word_embeddings.weight")]
    if not names:
        fault = "it has no weights named embeddings.word_embeddings"
        raise ModelError(info.spec, fault, "use a BERT, RoBERTa or XLM-RoBERTa model as sparse.model")
    return state[names[0]]


def _epsilon(info: ModelInfo) -> float:
    return float(getattr(load_config(info.folder), "layer_norm_eps", 1e-12))
