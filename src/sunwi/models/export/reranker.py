"""A cross-encoder as ONNX: a pair's tokens in, its logit out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import ModelError
from sunwi.models.export.graph import FLOAT_FILE, SETTINGS_FILE, Session, write_graph
from sunwi.models.export.tokens import OF_ENCODING, Tokens, write_tokenizer
from sunwi.models.loading import load_config, load_tokenizer, load_weights
from sunwi.models.pair_scores import Pairs
from sunwi.models.yes_no import is_causal
from sunwi.records.files import read_json, write_json

if TYPE_CHECKING:
    import torch

EXAMPLE = (["순위를 매긴다", "검색"], ["점수가 높은 문서부터 늘어놓는다", "찾는 일"])


def require_classifier(folder: Path, form: str) -> None:
    """Refuse a reranker that is no classifier of one label.

    Raises
    ------
    ModelError
        Of a causal model (Qwen3-Reranker), which its own prompt and the logits of yes and no score; of a
        classifier of several labels.
    """
    if is_causal(folder):
        found = f"it is a causal model that answers yes or no, which has no form in {form}"
        raise ModelError(str(folder), found, "serve it by vLLM's score task (docs/serving.md)")
    if (labels := load_config(folder).num_labels) != 1:
        found = f"expected a classifier of one label, found {labels}"
        raise ModelError(str(folder), found, "name a trained reranker")


def export_reranker(folder: Path, out: Path, max_length: int) -> None:
    """Write `model.onnx` (the tokeniser's inputs to `logits` [batch]), tokenizer.json and the settings.

    Raises
    ------
    ModelError
        If the folder is no classifier of one label.
    DataError
        If onnx is not installed, or the model cannot be traced.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    require_classifier(folder, "ONNX")
    tokenizer = load_tokenizer(folder)
    padded = tokenizer(*EXAMPLE, padding=True, return_tensors="pt")
    inputs = [name for name in OF_ENCODING if name in padded]
    classifier = load_weights(AutoModelForSequenceClassification, folder, dtype=torch.float32)
    example = {name: padded[name] for name in inputs}
    write_graph(_module(classifier), example, "logits", out / FLOAT_FILE)
    write_tokenizer(tokenizer, out)
    settings = {
        "kind": "reranker",
        "inputs": inputs,
        "pad_id": int(tokenizer.pad_token_id),
        "max_length": max_length,
    }
    write_json(out / SETTINGS_FILE, settings)


def _module(classifier: torch.nn.Module) -> torch.nn.Module:
    import torch

    class PairLogit(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.classifier = classifier

        def forward(
            self,
            input_ids: torch.Tensor,
            attention_mask: torch.Tensor,
            token_type_ids: torch.Tensor | None = None,
        ) -> torch.Tensor:
            types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
            output = self.classifier(input_ids=input_ids, attention_mask=attention_mask, **types)
            logits: torch.Tensor = output.logits
            return logits[:, 0]

    return PairLogit()


class OnnxReranker:
    """Logits by onnxruntime from the files of an export alone: neither torch nor transformers."""

    def __init__(
        self, folder: Path, file: str = FLOAT_FILE, batch_size: int = 16, threads: int | None = None
    ) -> None:
        self._settings: dict[str, Any] = read_json(folder / SETTINGS_FILE)
        self._session = Session(folder / file, threads)
        self._tokens = Tokens(folder, self._settings["pad_id"])
        self._batch_size = batch_size

    def score(self, pairs: Pairs) -> npt.NDArray[np.float32]:
        """Logit of each (query, passage), shape [pairs]."""
        scores = np.empty(len(pairs), dtype=np.float32)
        limit, inputs = self._settings["max_length"], self._settings["inputs"]
        for rows, feed in self._tokens.batches(list(pairs), limit, self._batch_size, inputs):
            scores[rows] = self._session.run(feed)
        return scores
