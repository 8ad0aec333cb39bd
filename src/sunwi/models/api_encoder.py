"""An embeddings API (OpenAI's and Solar's form) as an encoder: every vector is kept by row.

A row that was bought is never asked for again, and without a key a run goes on as long as all rows are kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt

from sunwi.cache import RowCache
from sunwi.errors import BudgetExceeded, DataError, LlmError, ModelError, ReplayMissing
from sunwi.models.api_spec import CANNOT, NEXT_STEP, parse_spec
from sunwi.models.encoder import Encoder, Vectors, in_memory
from sunwi.models.spec import Side
from sunwi.progress import Progress
from sunwi.runtime import text_hash

BATCH_TEXTS = 64
BATCH_CHARACTERS = 60_000  # of a request: providers bound its tokens
TIMEOUT, RETRIES = 60.0, 6  # seconds of a call; the client waits exponentially, or as Retry-After says
BUDGET = "SUNWI_EMBEDDING_TOKENS"  # tokens that a run may buy at most
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ApiEncoder(Encoder):
    """Vectors by an API; everything else that an encoder gives is refused."""

    CHUNK = BATCH_TEXTS  # rows between two commits: a killed run loses one request

    def encode(
        self,
        texts: Sequence[str],
        side: Side,
        max_length: int,  # noqa: ARG002  the API cuts by its own limit
        label: str = "encode",
        empty: Callable[[tuple[int, int]], Vectors] = in_memory,
        keep_tokens: bool = True,  # noqa: ARG002  an API gives none
    ) -> Vectors:
        """L2-normalised vectors of the texts, shape [texts, dimensions], float16; kept by row.

        Raises
        ------
        DataError
            If a text is empty.
        ReplayMissing
            If rows are not kept and no key is set.
        BudgetExceeded
            If the next request could pass the budget; what was bought is kept.
        LlmError
            If the API refuses, or gives something else than a vector for each text.
        """
        if not texts:
            return empty((0, self.dimensions))
        if blank := [row for row, text in enumerate(texts) if not text.strip()]:
            raise DataError(f"text {blank[0]} of {len(texts)} is empty", "remove empty texts before encoding")
        keys = self._api_keys(texts, side)
        vectors: Vectors | None = None

        def bought(parts: list[list[int]]) -> Iterator[Iterable[bytes]]:
            new = sum(map(len, parts))
            self.count.cached += len(texts) - new
            self.count.encoded += new
            if not new:
                return
            requests = _Requests(self.info.spec, side, new)
            with Progress(label, new, "text") as shown:
                for part in parts:
                    yield requests.vectors([texts[row] for row in part])
                    shown.advance(len(part))

        with RowCache("api_vectors") as cache:
            for rows, value in cache.fill_each(keys, bought, self.CHUNK):
                vector = np.frombuffer(value, dtype=np.float16)
                if vectors is None:
                    vectors = empty((len(texts), len(vector)))
                elif len(vector) != vectors.shape[1]:
                    what = f"it gave vectors of {vectors.shape[1]} and of {len(vector)} numbers"
                    raise ModelError(self.info.spec, what, "sunwi cache clear, then encode all of them again")
                vectors[rows] = vector
        assert vectors is not None  # there is a text
        return vectors

    def missing(self, texts: Sequence[str], side: Side, max_length: int) -> int:  # noqa: ARG002  one signature
        """How many distinct texts `encode` would have to buy."""
        with RowCache("api_vectors") as cache:
            return cache.count_missing(self._api_keys(texts, side))

    @property
    def dimensions(self) -> int:
        """Length of a vector: of the first word ever encoded, which is bought once."""
        return int(self.encode(["차원"], "passage", 8).shape[1])

    @property
    def precision_key(self) -> tuple[str, ...]:
        """Nothing of this machine decides a vector."""
        return ()

    @property
    def precision_facts(self) -> dict[str, str]:
        """What metrics say of the precision."""
        return {"precision": "api"}

    def exact(self, texts: Sequence[str], side: Side, max_length: int) -> npt.NDArray[np.float32]:
        """The same vectors as float32."""
        return np.asarray(self.encode(texts, side, max_length), dtype=np.float32)

    def token_vectors(self, *_: Any, **__: Any) -> Any:
        """Refused: an API gives no vectors of tokens."""
        raise ModelError(self.info.spec, CANNOT, NEXT_STEP)

    def term_weights(self, *_: Any, **__: Any) -> Any:
        """Refused: an API gives no term weights."""
        raise ModelError(self.info.spec, CANNOT, NEXT_STEP)

    def _api_keys(self, texts: Sequence[str], side: Side) -> list[str]:
        api = parse_spec(self.info.spec)
        model = api.query_model if side == "query" else api.passage_model
        return [text_hash("embeddings api", api.base_url, model, text) for text in texts]


class _Requests:
    """Requests of one run to one API."""

    def __init__(self, spec: str, side: Side, rows: int) -> None:
        self._spec = parse_spec(spec)
        self._model = self._spec.query_model if side == "query" else self._spec.passage_model
        self._spent = 0
        self._budget = _budget()
        self._key = _key(self._spec.base_url, rows)
        try:
            import openai
        except ImportError as error:
            raise DataError(
                f"encoder.model {spec} needs {error.name}", "pip install 'sunwi[openai]'"
            ) from error
        self._sdk: Any = openai
        self._client = openai.OpenAI(
            api_key=self._key or "none",
            base_url=self._spec.base_url,
            timeout=TIMEOUT,
            max_retries=RETRIES,
            http_client=openai.DefaultHttpxClient(follow_redirects=False),
        )

    def vectors(self, texts: Sequence[str]) -> list[bytes]:
        """Normalised float16 vectors of the texts, as bytes."""
        found: list[bytes] = []
        for part in _parts(texts):
            found += self._request(part)
        return found

    def _request(self, texts: list[str]) -> list[bytes]:
        most = sum(len(text.encode("utf-8")) for text in texts)  # a token has a byte at least
        if self._budget is not None and self._spent + most > self._budget:
            what = (
                f"{BUDGET} is {self._budget:,}, {self._spent:,} are spent, the next request may take {most:,}"
            )
            raise BudgetExceeded(what, f"raise {BUDGET} and run again: what was bought is kept")
        try:
            reply = self._client.embeddings.create(model=self._model, input=texts, encoding_format="float")
        except self._sdk.APIError as error:
            raise LlmError(
                f"{self._spec.base_url}, model {self._model}: {self._shown(error)}",
                "correct encoder.model or the key, or run again later: what was bought is kept",
            ) from None
        self._spent += int(getattr(reply.usage, "total_tokens", 0) or 0)
        return self._checked(reply, len(texts))

    def _checked(self, reply: Any, count: int) -> list[bytes]:
        rows = sorted(reply.data or [], key=lambda row: row.index)
        vectors = [np.asarray(row.embedding, dtype=np.float64) for row in rows]
        fine = [row.index for row in rows] == list(range(count)) and all(
            vector.ndim == 1 and len(vector) and np.isfinite(vector).all() and vector.any()
            for vector in vectors
        )
        if not fine:
            what = f"{self._model} gave {len(rows)} answers for {count} texts, or one that is no vector"
            raise LlmError(what, "name a model of embeddings in encoder.model")
        return [(vector / np.linalg.norm(vector)).astype(np.float16).tobytes() for vector in vectors]

    def _shown(self, error: Exception) -> str:
        text = str(error).replace(self._key, "[key]") if self._key else str(error)
        return " ".join(text.split())[:300]


def _parts(texts: Sequence[str]) -> Iterator[list[str]]:
    """Requests' texts: few enough characters, one text at least."""
    part: list[str] = []
    size = 0
    for text in texts:
        if part and size + len(text) > BATCH_CHARACTERS:
            yield part
            part, size = [], 0
        part.append(text)
        size += len(text)
    if part:
        yield part


def _budget() -> int | None:
    given = os.environ.get(BUDGET, "").strip()
    if given and not given.isdigit():
        raise DataError(
            f"{BUDGET} is {given[:40]!r}, expected a whole number of tokens", f"export {BUDGET}=1000000"
        )
    return int(given) if given else None


def _key(base_url: str, rows: int) -> str:
    """The API's key from the environment; a server on this machine needs none.

    Raises
    ------
    ReplayMissing
        If there is none; naming the variable.
    LlmError
        If it would be sent unencrypted to another machine.
    """
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    name = "UPSTAGE_API_KEY" if host == "upstage.ai" or host.endswith(".upstage.ai") else "OPENAI_API_KEY"
    key = os.environ.get(name, "").strip()
    if host in LOOPBACK:
        return key
    if not key:
        why = f"the environment variable {name} is not set"
        raise ReplayMissing(
            [f"{rows:,} texts"], why, f"export {name}=..., or copy the cache that has the vectors"
        )
    if parts.scheme == "http":
        what = f"{base_url} is plain http to another machine: the key of {name} would be readable on the way"
        raise LlmError(what, "use https://")
    return key
