"""Bi-encoder inference: batches of one length, prefixes and pooling of the model's spec, rows cached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.cache import RowCache, longest_first
from sunwi.compute.executor import LOCAL, Executor
from sunwi.compute.parts import by_row, map_parts
from sunwi.errors import DataError, ModelError
from sunwi.models.api_spec import is_api
from sunwi.models.auto_precision import TOKENS as CHECK_TOKENS
from sunwi.models.auto_precision import CpuPrecision, Pick, pick
from sunwi.models.batches import length_batches
from sunwi.models.heads import (
    colbert_vectors,
    lexical_weights,
    load_head,
    weights_from_bytes,
    weights_to_bytes,
)
from sunwi.models.loading import load_config, load_tokenizer, load_weights
from sunwi.models.long_texts import text_starts
from sunwi.models.precision import Precision, dtype_name, precision_key, require_precision, settled
from sunwi.models.projection import output_size, text_vectors
from sunwi.models.spec import ModelInfo, Side
from sunwi.params.encoder import EncoderParams
from sunwi.progress import Progress
from sunwi.runtime import device_type, pick_device, text_hash

if TYPE_CHECKING:
    import torch

Vectors = npt.NDArray[np.float16]
TokenIds = tuple[list[list[int]], int]  # of the rows of one batch, and the length that they are padded to
INT8_TOKENS = 2048  # of a batch: what lies between the layers then stays in the CPU's caches
WITH_POOLER = frozenset({"bert", "roberta", "xlm-roberta"})


def in_memory(shape: tuple[int, int]) -> Vectors:
    """An array to fill with vectors."""
    return np.empty(shape, dtype=np.float16)


@dataclass(slots=True)
class EncodeCount:
    """How many rows were encoded and how many came from the cache.

    `cut` are those of the encoded ones whose end was left out before they were tokenised (`text_starts`).
    """

    encoded: int = 0
    cached: int = 0
    cut: int = 0


class Encoder:
    """Encodes texts to L2-normalised vectors; the weights are loaded at the first row that is not cached."""

    CHUNK = 2048  # rows encoded between two commits to the cache

    def __init__(
        self,
        info: ModelInfo,
        batch_size: int = 32,
        precision: Precision = "device",
        engine: Executor = LOCAL,
    ) -> None:
        """A model and how it runs.

        Parameters
        ----------
        precision
            device: float32 on a CPU, a GPU's half precision there. auto: the same on a GPU; on a CPU the
            fastest that `auto_precision` proves harmless, of `encode`'s vectors alone. int8: linear layers
            alone, on a CPU.
        engine
            Runs the batches of `encode`; other methods run in this process.

        Raises
        ------
        ModelError
            If this machine cannot run in that precision.
        """
        require_precision(precision, info.spec)
        self.info = info
        self.batch_size = batch_size
        self.precision: Precision = precision
        self.engine = engine
        self.count = EncodeCount()
        self._loaded: tuple[torch.nn.Module, torch.device] | None = None

    @classmethod
    def of(cls, info: ModelInfo, settings: EncoderParams, engine: Executor = LOCAL) -> Encoder:
        """An encoder that runs as section `encoder` says; of a spec `api/...` an `ApiEncoder`."""
        if is_api(info.spec):
            from sunwi.models.api_encoder import ApiEncoder

            return ApiEncoder(info, settings.batch_size, "device", engine)
        return cls(info, settings.batch_size, settings.precision, engine)

    def __getstate__(self) -> dict[str, Any]:
        # A worker loads the weights itself, and runs in the numbers that this process's cache keys say.
        state = {**vars(self), "_loaded": None, "engine": LOCAL, "precision": settled(self.precision)}
        for made in ("_tokenizer", "_pick", "picked", "in_full"):
            state.pop(made, None)
        return state

    @cached_property
    def picked(self) -> Encoder:
        """The encoder of `encode`'s vectors, whose precision is not `auto`: this one, or what was picked."""
        return (
            self if self.precision != "auto" else self._in(self._pick.precision if self._pick else "device")
        )

    @cached_property
    def in_full(self) -> Encoder:
        """The encoder of all else: this one, or under `auto` one in the device's usual precision."""
        return self if self.precision != "auto" else self._in("device")

    @property
    def precision_facts(self) -> dict[str, str]:
        """In which precision `encode` runs, and under `auto` on a CPU why."""
        why = {"why": self._pick.reason} if self.precision == "auto" and self._pick else {}
        return {"precision": settled(self.picked.precision), **why}

    @cached_property
    def _pick(self) -> Pick | None:
        """What `auto` is on a CPU; None on a GPU."""
        if device_type() == "cuda":
            return None

        def encode(precision: CpuPrecision, texts: Sequence[str]) -> Vectors:
            encoder = Encoder(self.info, self.batch_size, precision)
            return encoder._encode_fresh(texts, min(CHECK_TOKENS, encoder._tokenizer.model_max_length))

        return pick(self.info, encode)

    def _in(self, precision: Precision) -> Encoder:
        """The same model in another precision; its rows are counted here."""
        encoder = Encoder(self.info, self.batch_size, precision, self.engine)
        encoder.count = self.count
        return encoder

    @property
    def precision_key(self) -> tuple[str, ...]:
        """What the low bits of `encode` depend on beside model and text; part of every cache's key."""
        return precision_key(self.picked.precision)

    def encode(
        self,
        texts: Sequence[str],
        side: Side,
        max_length: int,
        label: str = "encode",
        empty: Callable[[tuple[int, int]], Vectors] = in_memory,
    ) -> Vectors:
        """Vectors of the texts, shape [texts, dimensions], float16.

        On a CPU a row's vector does not depend on the other rows: cached and fresh rows agree. A GPU chooses
        its kernels by the size of a batch.

        Parameters
        ----------
        empty
            Makes the array that is filled, from its shape: in memory, or a map of a file.

        Raises
        ------
        DataError
            If a text is empty.
        ModelError
            If the model cannot read as many tokens as `max_length`.
        """
        if self.picked is not self:
            return self.picked.encode(texts, side, max_length, label, empty)
        if not texts:
            return empty((0, self.dimensions))
        blank = [row for row, text in enumerate(texts) if not text.strip()]
        if blank:
            raise DataError(f"text {blank[0]} of {len(texts)} is empty", "remove empty texts before encoding")
        prefix, keys = self.info.prefix(side), self._keys(texts, side, max_length)

        def encoded(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
            new = sum(map(len, parts))
            self.count.cached += len(texts) - new
            self.count.encoded += new
            texts_of = ([prefix + texts[row] for row in part] for part in parts)
            fresh = self._encode_parts(texts_of, max_length, Progress(label, new, "text") if new else None)
            return ((vector.tobytes() for vector in of_part) for of_part in fresh)

        vectors: Vectors | None = None
        with RowCache("vectors") as cache:
            for rows, value in cache.fill_each(keys, encoded, self.CHUNK, longest_first(texts, keys)):
                vector = np.frombuffer(value, dtype=np.float16)
                if vectors is None:  # the model's own configuration takes a second to load
                    vectors = empty((len(texts), len(vector)))
                vectors[rows] = vector
        assert vectors is not None  # there is a text
        return vectors

    def missing(self, texts: Sequence[str], side: Side, max_length: int) -> int:
        """How many distinct texts `encode` would not find in the cache."""
        with RowCache("vectors") as cache:
            return cache.count_missing(self._keys(texts, side, max_length))

    def _keys(self, texts: Sequence[str], side: Side, max_length: int) -> list[str]:
        prefix = self.info.prefix(side)
        settings = (self.info.content_hash, self.info.pooling, prefix, str(max_length), *self.precision_key)
        return [text_hash(*settings, text) for text in texts]

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return output_size(self.info, int(load_config(self.info.folder).hidden_size))

    @property
    def vocabulary_size(self) -> int:
        """How many token ids the model knows."""
        return int(load_config(self.info.folder).vocab_size)

    def token_vectors(
        self, texts: Sequence[str], side: Side, max_length: int
    ) -> list[npt.NDArray[np.float32]]:
        """L2-normalised vectors of each text's tokens, shapes [tokens, dimensions]; not cached.

        Of a model with a ColBERT head that head's, without the first token, as M3 has it.
        """
        if self.in_full is not self:
            return self.in_full.token_vectors(texts, side, max_length)
        import torch

        prefix = self.info.prefix(side)
        head = load_head(self.info, "colbert") if "colbert" in self.info.heads else None
        found: list[npt.NDArray[np.float32]] = [np.empty(0, dtype=np.float32)] * len(texts)
        for rows, _, hidden, mask in self._batches([prefix + text for text in texts], max_length):
            tokens, kept = colbert_vectors(hidden, mask, head) if head is not None else (hidden, mask)
            unit = torch.nn.functional.normalize(tokens, dim=-1).cpu().numpy()  # [batch, tokens, dimensions]
            for at, row in enumerate(rows):
                found[row] = unit[at][kept[at].cpu().numpy().astype(bool)]
        return found

    def exact(self, texts: Sequence[str], side: Side, max_length: int) -> npt.NDArray[np.float32]:
        """The vectors of `encode` before they are rounded to float16, [texts, dimensions]; not cached."""
        found = np.empty((len(texts), self.dimensions), dtype=np.float32)
        prefix = self.info.prefix(side)
        for rows, _, hidden, mask in self._batches([prefix + text for text in texts], max_length):
            found[rows] = text_vectors(hidden, mask, self.info).cpu().numpy()
        return found

    def term_weights(self, texts: Sequence[str], side: Side, max_length: int) -> list[dict[int, float]]:
        """M3's lexical weight of each distinct token of each text, by token id; cached row by row.

        Raises
        ------
        ModelError
            If the model has no lexical head.
        """
        if self.in_full is not self:
            return self.in_full.term_weights(texts, side, max_length)
        head = load_head(self.info, "lexical")  # raises before anything is read
        prefix = self.info.prefix(side)
        settings = (self.info.content_hash, prefix, str(max_length), *self.precision_key)
        keys = [text_hash(*settings, text) for text in texts]

        def weighted(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
            for part in parts:
                fresh = self._fresh_weights([prefix + texts[row] for row in part], head, max_length)
                yield map(weights_to_bytes, fresh)

        with RowCache("term_weights") as cache:
            rows = cache.fill(keys, weighted, self.CHUNK, longest_first(texts, keys))
        return [weights_from_bytes(row) for row in rows]

    def _fresh_weights(
        self, texts: Sequence[str], head: dict[str, torch.Tensor], max_length: int
    ) -> list[dict[int, float]]:
        tokenizer = self._tokenizer
        unused = {
            tokenizer.cls_token_id,
            tokenizer.eos_token_id,
            tokenizer.pad_token_id,
            tokenizer.unk_token_id,
        }
        found: list[dict[int, float]] = [{} for _ in texts]
        for rows, ids, hidden, mask in self._batches(texts, max_length):
            for row, weights in zip(rows, lexical_weights(ids, hidden, mask, head, unused), strict=True):
                found[row] = weights
        return found

    def tokenizer(self) -> Any:
        """The model's tokeniser, with what `pool` asks of it."""
        tokenizer = load_tokenizer(self.info.folder)  # pads on the right: `pool` counts from the left
        if tokenizer.pad_token is None:  # a decoder's
            tokenizer.pad_token = tokenizer.eos_token
        return tokenizer

    def with_model(self, model: torch.nn.Module, device: torch.device) -> Encoder:
        """An encoder of the same kind over a model in memory, for a look at it while it trains.

        Its `encode` would mix with the saved model's cached rows: only what is not cached may be asked of it.
        """
        live = Encoder(
            self.info, self.batch_size, self.in_full.precision
        )  # its weights change: they stay torch's own
        live._loaded = (model, device)
        return live

    def _encode_fresh(self, texts: Sequence[str], max_length: int) -> Vectors:
        return next(self._encode_parts([texts], max_length))

    def _encode_parts(
        self, parts: Iterable[Sequence[str]], max_length: int, shown: Progress | None = None
    ) -> Iterator[Vectors]:
        """Vectors of each part, [texts, dimensions]; the engine runs the batches of all of them."""
        plan = partial(self._planned, max_length=max_length)
        return (by_row(blocks) for blocks in map_parts(self.engine, self._pooled, parts, plan, shown))

    def _pooled(self, batch: TokenIds) -> Vectors:
        """L2-normalised vectors of one batch, [batch, dimensions]."""
        _, hidden, mask = self._hidden(batch)
        return text_vectors(hidden, mask, self.info).cpu().numpy().astype(np.float16)

    def _batches(
        self, texts: Sequence[str], max_length: int
    ) -> Iterator[tuple[list[int], torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Yield rows, ids [batch, tokens], hidden [batch, tokens, dimensions] and mask, longest first."""
        for rows, batch in self._planned(texts, max_length):
            yield rows, *self._hidden(batch)

    def _planned(self, texts: Sequence[str], max_length: int) -> Iterator[tuple[list[int], TokenIds]]:
        """Yield rows and their batch, longest first."""
        tokenizer = self._tokenizer
        if max_length > tokenizer.model_max_length:
            found = f"it reads {tokenizer.model_max_length} tokens at most, {max_length} were asked for"
            raise ModelError(self.info.spec, found, "lower encoder.max_length or encoder.query_max_length")
        starts = text_starts(tokenizer, texts, max_length)
        self.count.cut += sum(len(start) < len(text) for start, text in zip(starts, texts, strict=True))
        encoded = tokenizer(starts, truncation=True, max_length=max_length)["input_ids"]
        most = INT8_TOKENS if self.precision == "int8" else None
        lengths = [len(ids) for ids in encoded]
        for rows, size in length_batches(lengths, self.batch_size, max_length, most_tokens=most):
            yield rows, ([encoded[row] for row in rows], size)

    def _hidden(self, batch: TokenIds) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Ids [batch, tokens], hidden [batch, tokens, dimensions] and mask of one batch."""
        import torch

        model, device = self._load()
        ids, size = batch
        how = {"padding": "max_length", "max_length": size, "return_tensors": "pt"}
        padded = self._tokenizer.pad({"input_ids": ids}, **how).to(device)
        with torch.inference_mode():
            hidden = model(input_ids=padded["input_ids"], attention_mask=padded["attention_mask"])
        return padded["input_ids"], hidden.last_hidden_state.float(), padded["attention_mask"]

    @cached_property
    def _tokenizer(self) -> Any:
        return self.tokenizer()

    def _load(self) -> tuple[torch.nn.Module, torch.device]:
        if self._loaded is None:
            import torch

            device = pick_device()
            dtype = getattr(torch, dtype_name(self.precision))
            kind = load_config(self.info.folder).model_type
            if dtype == torch.float16 and kind.startswith("gemma3"):  # its card: float16 overflows to NaN
                found = f"{kind} gives no numbers in float16, which this GPU would use"
                raise ModelError(self.info.spec, found, "set encoder.precision to float32")
            model = load_encoder(self.info.folder, dtype).to(device).eval()
            if self.precision == "int8":
                from sunwi.models.cpu.int8_model import quantize

                model = quantize(model)
            elif device.type == "cpu":
                from sunwi.models.cpu.packed_model import independent_encoder

                model = independent_encoder(model)
            self._loaded = (model, device)
        return self._loaded


def load_encoder(folder: Path, dtype: torch.dtype) -> torch.nn.Module:
    """The bare encoder, without BERT's pooler: no vector here uses it, and many files do not hold it."""
    from transformers import AutoModel

    extra = {"add_pooling_layer": False} if load_config(folder).model_type in WITH_POOLER else {}
    model: torch.nn.Module = load_weights(AutoModel, folder, fresh=["pooler."], dtype=dtype, **extra)
    return model
