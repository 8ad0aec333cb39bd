"""Bi-encoder inference: prefixes and pooling of the model's spec, rows cached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.cache import RowCache, longest_first
from sunwi.compute.executor import LOCAL, Executor
from sunwi.compute.parts import by_row, map_parts
from sunwi.errors import DataError
from sunwi.models.api_spec import is_api
from sunwi.models.auto_precision import TOKENS as CHECK_TOKENS
from sunwi.models.auto_precision import CpuPrecision, Pick, pick
from sunwi.models.encode_count import EncodeCount
from sunwi.models.hidden_states import HiddenStates, TokenIds
from sunwi.models.loading import config_value
from sunwi.models.precision import Precision, dtype_name, precision_key, settled
from sunwi.models.projection import output_size, text_vectors
from sunwi.models.shared_tokenizer import shared_tokenizer
from sunwi.models.spec import ModelInfo, Side
from sunwi.models.term_weights import term_weights
from sunwi.models.token_store import TokenVectors, limit_bytes
from sunwi.models.token_vectors import TokenEncoder
from sunwi.models.windows import Reading, read_in_windows
from sunwi.params.encoder import EncoderParams
from sunwi.progress import Progress
from sunwi.runtime import device_type, text_hash

if TYPE_CHECKING:
    import torch

Vectors = npt.NDArray[np.float16]
HiddenOf = tuple["torch.Tensor", "torch.Tensor"]  # [batch, tokens, hidden] and the mask [batch, tokens]


def in_memory(shape: tuple[int, int]) -> Vectors:
    """An array to fill with vectors."""
    return np.empty(shape, dtype=np.float16)


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
        self.info = info
        self.precision: Precision = precision
        self.engine = engine
        self.count = EncodeCount()
        self._states = HiddenStates(info, batch_size, precision)

    @classmethod
    def of(cls, info: ModelInfo, settings: EncoderParams, engine: Executor = LOCAL) -> Encoder:
        """An encoder that runs as section `encoder` says; of a spec `api/...` an `ApiEncoder`."""
        if is_api(info.spec):
            from sunwi.models.api_encoder import ApiEncoder

            return ApiEncoder(info, settings.batch_size, "device", engine)
        return cls(info, settings.batch_size, settings.precision, engine)

    def __getstate__(self) -> dict[str, Any]:
        # A worker runs in the numbers that this process's cache keys say.
        state = {**vars(self), "engine": LOCAL, "precision": settled(self.precision)}
        for made in ("_pick", "picked", "in_full", "_tokens"):
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
            encoder = Encoder(self.info, self._states.batch_size, precision)
            return encoder._encode_fresh(texts, min(CHECK_TOKENS, encoder._states.tokenizer.model_max_length))

        return pick(self.info, encode)

    def _in(self, precision: Precision) -> Encoder:
        """The same model in another precision; its rows are counted here."""
        encoder = Encoder(self.info, self._states.batch_size, precision, self.engine)
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
        keep_tokens: bool = True,
    ) -> Vectors:
        """Vectors of the texts, shape [texts, dimensions], float16.

        On a CPU a row's vector does not depend on the other rows: cached and fresh rows agree. A GPU chooses
        its kernels by the size of a batch.

        Parameters
        ----------
        empty
            Makes the array that is filled, from its shape: in memory, or a map of a file.
        keep_tokens
            Whether MaxSim may ask for these passages, so that `kept_token_vectors` should have them.

        Raises
        ------
        DataError
            If a text is empty.
        ModelError
            If the model cannot read as many tokens as `max_length`.
        """
        if self.picked is not self:
            return self.picked.encode(texts, side, max_length, label, empty, keep_tokens)
        if not texts:
            return empty((0, self.dimensions))
        blank = [row for row, text in enumerate(texts) if not text.strip()]
        if blank:
            raise DataError(f"text {blank[0]} of {len(texts)} is empty", "remove empty texts before encoding")
        prefix, keys = self.info.prefix(side), self.keys(texts, side, max_length)

        def encoded(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
            new = sum(map(len, parts))
            self.count.cached += len(texts) - new
            self.count.encoded += new
            texts_of = ([prefix + texts[row] for row in part] for part in parts)
            shown = Progress(label, new, "text") if new else None
            keep = keep_tokens and side == "passage" and self.engine is LOCAL
            fresh = self._encode_parts(texts_of, max_length, shown, keep)
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

    def reading(self, texts: Sequence[str], side: Side, max_length: int) -> Reading:
        """How far `encode` reads the texts, and in which windows it could read the rest."""
        prefix = self.info.prefix(side)
        return read_in_windows(self._states.tokenizer, texts, max_length, prefix, self.info.spec)

    def missing(self, texts: Sequence[str], side: Side, max_length: int) -> int:
        """How many distinct texts `encode` would not find in the cache."""
        with RowCache("vectors") as cache:
            return cache.count_missing(self.keys(texts, side, max_length))

    def keys(self, texts: Sequence[str], side: Side, max_length: int) -> list[str]:
        """The row cache's keys of the texts' vectors."""
        prefix = self.info.prefix(side)
        settings = (self.info.content_hash, self.info.pooling, prefix, str(max_length), *self.precision_key)
        return [text_hash(*settings, text) for text in texts]

    @property
    def dimensions(self) -> int:
        """Length of a vector."""
        return output_size(self.info, int(config_value(self.info.folder, "hidden_size")))

    @property
    def vocabulary_size(self) -> int:
        """How many token ids the model knows."""
        return int(config_value(self.info.folder, "vocab_size"))

    def token_vectors(self, texts: Sequence[str], side: Side, max_length: int) -> list[TokenVectors]:
        """L2-normalised vectors of each text's tokens, shapes [tokens, dimensions], float16; not cached.

        Of a model with a ColBERT head that head's, without the first token, as M3 has it.
        """
        if self.in_full is not self:
            return self.in_full.token_vectors(texts, side, max_length)
        return self._tokens.fresh(self._token_ids(texts, side, max_length), max_length)

    def kept_token_vectors(self, texts: Sequence[str], max_length: int) -> list[TokenVectors]:
        """The same of passages; those that `encode` or an earlier call had are read from the disk."""
        if self.in_full is not self:
            return self.in_full.kept_token_vectors(texts, max_length)
        return self._tokens.kept(self._token_ids(texts, "passage", max_length), max_length)

    def _token_ids(self, texts: Sequence[str], side: Side, max_length: int) -> list[list[int]]:
        prefix = self.info.prefix(side)
        return self._states.token_ids([prefix + text for text in texts], max_length)

    @cached_property
    def _tokens(self) -> TokenEncoder:
        # A GPU makes token vectors faster than a disk gives them, and late interaction never asks for int8's.
        keeps = self.precision not in {"auto", "int8"} and device_type() == "cpu" and limit_bytes() > 0
        return TokenEncoder(self._states, self.dimensions, self.precision_key if keeps else None)

    def exact(self, texts: Sequence[str], side: Side, max_length: int) -> npt.NDArray[np.float32]:
        """The vectors of `encode` before they are rounded to float16, [texts, dimensions]; not cached."""
        found = np.empty((len(texts), self.dimensions), dtype=np.float32)
        prefix = self.info.prefix(side)
        for rows, _, hidden, mask in self._states.batches([prefix + text for text in texts], max_length):
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
        return term_weights(self._states, texts, side, max_length, self.precision_key, self.CHUNK)

    def keeps_tokens(self, passages: int, tokens: float) -> bool:
        """Whether so many passages of so many tokens each fit on the disk that `kept_token_vectors` reads."""
        store = self.picked._tokens.store
        return store is not None and passages * tokens * store.row_bytes <= limit_bytes()

    def tokenizer(self) -> Any:
        """The model's tokeniser by transformers, padding on the right; callers change nothing about it."""
        return shared_tokenizer(self.info.folder)

    def with_model(self, model: torch.nn.Module, device: torch.device) -> Encoder:
        """An encoder of the same kind over a model in memory, for a look at it while it trains.

        Its `encode` would mix with the saved model's cached rows: only what is not cached may be asked of it.
        """
        live = Encoder(
            self.info, self._states.batch_size, self.in_full.precision
        )  # its weights change: they stay torch's own
        live._states.loaded = (model, device)
        return live

    def _encode_fresh(self, texts: Sequence[str], max_length: int) -> Vectors:
        return next(self._encode_parts([texts], max_length))

    def _encode_parts(
        self,
        parts: Iterable[Sequence[str]],
        max_length: int,
        shown: Progress | None = None,
        keep: bool = False,
    ) -> Iterator[Vectors]:
        """Vectors of each part, [texts, dimensions]; the engine runs the batches of all of them."""
        plan = partial(self._states.planned, max_length=max_length)
        work = partial(self._pooled, keep=keep)
        return (by_row(blocks) for blocks in map_parts(self.engine, work, parts, plan, shown))

    def planned(
        self, texts: Sequence[str], side: Side, max_length: int
    ) -> Iterator[tuple[list[int], TokenIds]]:
        """Rows and their batch, longest first, as `encode` runs them."""
        prefix = self.info.prefix(side)
        return self._states.planned([prefix + text for text in texts], max_length)

    def branches(self, others: Sequence[Encoder]) -> Callable[[TokenIds], list[HiddenOf]] | None:
        """From a batch to hidden states and mask under this encoder and the others; see `read_branches`.

        None where they share no layer, or another precision than float32 and bfloat16 of a CPU is at work.
        """
        import torch

        encoders = (self, *others)
        if device_type() != "cpu" or {encoder.precision for encoder in encoders} & {"auto", "int8"}:
            return None
        from sunwi.models.bert_branches import read_branches

        dtype = getattr(torch, dtype_name(self.precision))
        found = read_branches([encoder.info.folder for encoder in encoders], dtype)
        if found is None:
            return None

        def run(batch: TokenIds) -> list[HiddenOf]:
            ids, mask = self._states.padded(batch, torch.device("cpu"))
            return [(hidden.float(), mask) for hidden in found(ids, mask)]

        return run

    def _pooled(self, batch: TokenIds, keep: bool) -> Vectors:
        """L2-normalised vectors of one batch, [batch, dimensions]."""
        _, hidden, mask = self._states.of_batch(batch)
        return self.pooled(batch, hidden, mask, keep)

    def pooled(self, batch: TokenIds, hidden: torch.Tensor, mask: torch.Tensor, keep: bool = True) -> Vectors:
        """The same of hidden states [batch, tokens, hidden]; `keep` the vectors of its tokens, too."""
        if keep:
            self._tokens.keep(batch[0], hidden, mask)
        return text_vectors(hidden, mask, self.info).cpu().numpy().astype(np.float16)
