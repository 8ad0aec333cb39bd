"""`/v1/embeddings` and `/v1/models` in OpenAI's form."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sunwi.errors import DataError
from sunwi.models.spec import Side
from sunwi.serve.engine import Engine

TEXT_CHARS = 32_000
MOST_TEXTS = 256
Text = Annotated[str, Field(min_length=1, max_length=TEXT_CHARS)]


class Embedded(BaseModel):
    """Texts to embed; `input_type` is this server's own, and says with which prefix they are read."""

    model_config = ConfigDict(extra="forbid")

    input: Text | Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)]
    model: Literal["promoted", "base"]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    input_type: Side = "query"
    user: str | None = None


def embedding_routes(engine: Engine) -> APIRouter:
    """Embeddings by the project's encoders."""
    router = APIRouter(prefix="/v1", tags=["embeddings"])

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The encoders that are there."""
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "sunwi"} for name in engine.encoders()
        ]
        return {"object": "list", "data": data}

    @router.post("/embeddings")
    async def embeddings(asked: Embedded) -> dict[str, Any]:
        """L2-normalised vectors of texts."""
        texts = [asked.input] if isinstance(asked.input, str) else asked.input
        if blank := [place for place, text in enumerate(texts) if not text.strip()]:
            raise DataError(f"input {blank[0]} is blank", "give it text")
        vectors = np.asarray(await engine.embed(asked.model, asked.input_type, texts), dtype=np.float32)
        if asked.dimensions not in {None, vectors.shape[1]}:
            what = f"dimensions is {asked.dimensions}, the model's vectors have {vectors.shape[1]}"
            raise DataError(what, "leave out `dimensions`")
        data = [
            {"object": "embedding", "index": place, "embedding": _written(vector, asked.encoding_format)}
            for place, vector in enumerate(vectors)
        ]
        tokens = sum(len(text.split()) for text in texts)  # words: nothing is paid by them
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return {"object": "list", "data": data, "model": asked.model, "usage": usage}

    return router


def _written(vector: np.ndarray[Any, np.dtype[np.float32]], form: str) -> str | list[float]:
    if form == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")
    values: list[float] = vector.tolist()
    return values
