"""How fast this machine is at what the stages do: CPU seconds of a unit, from a few seconds of each."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params

START = "import sunwi.submit.variant, sunwi.search.pipeline, sunwi.workspace.retrieval"
MOST = 64  # texts of one measurement
TRAINED = 8  # of a training's at least: a token of two texts takes a third longer than one of a batch


@dataclass(frozen=True, slots=True)
class Speeds:
    """CPU seconds, those of all threads.

    Attributes
    ----------
    start
        Of a Python process that loads what every stage loads.
    model_start
        Of loading torch and the encoder's weights.
    encode_token, pair_token
        Of a token through the encoder at its precision, and through a cross-encoder.
    train_token, lora_token
        Of a token forward and backward where the embedder's parameters train, or the reranker's adapters.
    kiwi_character
        Of a character through Kiwi.
    frozen_token
        Of a token, as it is trained, through the layers that stay as they are and, on a CPU, run once for
        each text; it is in `train_token`, too.
    frozen_share
        Of all layers; no seconds.
    """

    start: float
    model_start: float
    encode_token: float
    pair_token: float
    train_token: float
    lora_token: float
    kiwi_character: float
    frozen_token: float = 0.0
    frozen_share: float = 0.0


def probe(params: Params, texts: Sequence[str], seconds: float = 0.6) -> Speeds:
    """Measure the machine on some of the corpus's passages; nothing is kept in a cache.

    Parameters
    ----------
    texts
        Passages of the usual lengths.
    seconds
        CPU seconds of one measurement at least, unless `MOST` texts take less. There are five of them,
        and the loading of the models and of Kiwi.
    """
    start = _process_start()
    before = time.process_time()
    encoder = Encoder.of(resolve(params.encoder.model), params.encoder)
    encoder.token_vectors(texts[:1], "passage", params.encoder.max_length)
    model_start = time.process_time() - before
    encode = _of_encoder(encoder, texts, params.encoder.max_length, seconds)
    settings = params.train_reranker
    base = params.encoder.model if settings.model == "encoder" else settings.model
    pair = encode
    if params.encoder.precision != "auto" or base != params.encoder.model:
        # The same work as a cross-encoder's, which runs in the precision that `auto` gives.
        pair = _of_encoder(Encoder(resolve(base)), texts, settings.max_length, seconds)
    embedder = _Training(params.encoder.model, params.train_embedder.passage_max_length)
    embedder.train_all(params.train_embedder.freeze_word_embeddings, params.train_embedder.freeze_layers)
    frozen = embedder.frozen_share(params.train_embedder.freeze_layers)
    forward = 0.0
    if frozen:
        forward = cpu_seconds(lambda count: embedder.forward(texts[:count]), seconds, least=TRAINED)
    reranker = _Training(base, settings.max_length)
    reranker.train_modules(settings.target_modules)
    return Speeds(
        start=start,
        model_start=model_start,
        encode_token=encode,
        pair_token=pair,
        train_token=cpu_seconds(lambda count: embedder.step(texts[:count]), seconds, least=TRAINED),
        lora_token=cpu_seconds(lambda count: reranker.step(texts[:count]), seconds, least=TRAINED),
        kiwi_character=_of_kiwi(texts, seconds),
        frozen_token=frozen * forward,
        frozen_share=frozen,
    )


def cpu_seconds(
    work: Callable[[int], int],
    seconds: float,
    clock: Callable[[], float] = time.process_time,
    least: int = 2,
) -> float:
    """CPU seconds of a unit of `work`, which does so many texts and returns their units.

    The first call only loads; then the number of texts doubles from `least` until a call takes `seconds`.
    """
    work(1)
    count = least
    while True:
        start = clock()
        units = work(count)
        spent = clock() - start
        if spent >= seconds or count >= MOST:
            return spent / max(1, units)
        count *= 2


def _process_start() -> float:
    """By the operating system's count of the child; a second one, so that the files are in memory."""
    for _ in range(2):
        before = os.times()
        subprocess.run([sys.executable, "-c", START], check=True)
        after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _of_encoder(encoder: Encoder, texts: Sequence[str], max_length: int, seconds: float) -> float:
    """Texts of like length, as they are together in the batches of a corpus: hardly a token is padding."""
    middle = statistics.median(map(len, texts))
    alike = sorted(texts, key=lambda text: (abs(len(text) - middle), text))

    def encode(count: int) -> int:
        return sum(map(len, encoder.token_vectors(alike[:count], "passage", max_length)))

    return cpu_seconds(encode, seconds)


def _of_kiwi(texts: Sequence[str], seconds: float) -> float:
    from sunwi.text import kiwi

    def analyse(count: int) -> int:
        for _ in kiwi().tokenize(list(texts[:count])):
            pass
        return sum(map(len, texts[:count]))

    return cpu_seconds(analyse, seconds)


class _Training:
    """Steps of an encoder in float32 without an optimiser, whose share is small."""

    def __init__(self, spec: str, max_length: int) -> None:
        import torch

        info = resolve(spec)
        self.tokenizer = Encoder(info).tokenizer()
        self.model = load_encoder(info.folder, torch.float32).train()
        self.max_length = max_length

    def train_all(self, word_embeddings: bool, lowest_layers: int) -> None:
        """As the embedder's training."""
        from sunwi.train.shared.layer_rates import freeze

        freeze(self.model, word_embeddings, lowest_layers)

    def frozen_share(self, lowest_layers: int) -> float:
        """Of a pass forward that training takes once for each text, and from then on reads."""
        from sunwi.train.shared.frozen_layers import can_reuse
        from sunwi.train.shared.layer_rates import count_layers

        layers = count_layers(name for name, _ in self.model.named_parameters())
        return lowest_layers / layers if lowest_layers and layers and can_reuse(self.model) else 0.0

    def train_modules(self, names: Sequence[str]) -> None:
        """As adapters on the modules of these names: gradients pass through all layers."""
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(any(f".{module}." in name for module in names))

    def step(self, texts: Sequence[str]) -> int:
        """Forward and backward; returns the tokens, padding included."""
        batch = self._batch(texts)
        self.model(**batch).last_hidden_state.sum().backward()
        self.model.zero_grad()
        return int(batch["input_ids"].numel())

    def forward(self, texts: Sequence[str]) -> int:
        """Without gradients; returns the tokens, padding included."""
        import torch

        batch = self._batch(texts)
        with torch.no_grad():
            self.model(**batch)
        return int(batch["input_ids"].numel())

    def _batch(self, texts: Sequence[str]) -> Any:
        return self.tokenizer(
            list(texts), padding=True, truncation=True, max_length=self.max_length, return_tensors="pt"
        )
