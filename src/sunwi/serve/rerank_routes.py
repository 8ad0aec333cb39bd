"""`/rerank`: the form of Text Embeddings Inference for `texts`, that of Cohere and Jina for `documents`."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, model_validator

from sunwi.errors import DataError
from sunwi.serve.embedding_routes import MOST_TEXTS, TEXT_CHARS, Text
from sunwi.serve.engine import Engine


class Given(BaseModel):
    """A document as an object, as Cohere's and Jina's clients may send it."""

    model_config = ConfigDict(extra="allow")

    text: Text


class Reranked(BaseModel):
    """A query, and `texts` (TEI) or `documents` (Cohere, Jina)."""

    model_config = ConfigDict(extra="ignore")  # the clients of three services add fields of their own

    query: Annotated[str, Field(min_length=1, max_length=TEXT_CHARS)]
    texts: Annotated[list[Text], Field(min_length=1, max_length=MOST_TEXTS)] | None = None
    documents: Annotated[list[Text | Given], Field(min_length=1, max_length=MOST_TEXTS)] | None = None
    model: str | None = None
    top_n: Annotated[int, Field(ge=1)] | None = None
    raw_scores: bool = False
    return_text: bool = False
    return_documents: bool = False

    @model_validator(mode="after")
    def _one_form(self) -> Reranked:
        if (self.texts is None) == (self.documents is None):
            raise ValueError("expected either `texts` (TEI) or `documents` (Cohere, Jina)")
        return self


def rerank_routes(engine: Engine) -> APIRouter:
    """The reranker under the three paths that clients know."""
    router = APIRouter(tags=["rerank"])

    @router.post("/rerank")
    @router.post("/v1/rerank")
    @router.post("/v2/rerank")
    async def rerank(asked: Reranked) -> Any:
        """Texts by how well they answer the query, best first; ties in the order given."""
        given: list[str | Given] = [*(asked.texts or asked.documents or [])]
        texts = [one.text if isinstance(one, Given) else one for one in given]
        if not asked.query.strip() or not all(text.strip() for text in texts):
            raise DataError("the query or a text is blank", "give every one of them text")
        name = asked.model if asked.model in engine.scorers() else engine.scorers()[0]
        raw = np.asarray(await engine.rerank(name, asked.query, texts), dtype=np.float64)
        # a cross-encoder gives logits; the mean cosine of MaxSim lies below 1 as it is
        scores = raw if asked.raw_scores or name != "cross_encoder" else 1 / (1 + np.exp(-raw))
        order = np.argsort(-raw, kind="stable").tolist()
        if asked.texts is not None:
            return [
                {
                    "index": row,
                    "score": float(scores[row]),
                    **({"text": texts[row]} if asked.return_text else {}),
                }
                for row in order
            ]
        results = [
            {
                "index": row,
                "relevance_score": float(scores[row]),
                **({"document": {"text": texts[row]}} if asked.return_documents else {}),
            }
            for row in order[: asked.top_n]
        ]
        return {"model": name, "results": results}

    return router
