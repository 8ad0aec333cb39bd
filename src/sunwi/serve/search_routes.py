"""`/v1/search`, `/v1/passages/ID` and `/v1/variants`."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from sunwi.errors import DataError
from sunwi.records.ranking import RankedDocument
from sunwi.serve.engine import Engine

QUERY_CHARS = 4000
MOST_PASSAGES = 100
STEPS = ("_score", "_rank")


class Asked(BaseModel):
    """A search."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[str, Field(min_length=1, max_length=QUERY_CHARS)]
    variant: str | None = None
    k: Annotated[int, Field(ge=1, le=MOST_PASSAGES)] = 10
    matches: bool = True


def search_routes(engine: Engine) -> APIRouter:
    """Search, read a passage, list the variants."""
    router = APIRouter(prefix="/v1", tags=["search"])

    @router.post("/search")
    async def search(asked: Asked) -> dict[str, Any]:
        """Passages for a query by a variant of params.yaml, with every component's score and rank."""
        return await answer(engine, asked.query, asked.variant, asked.k, matches=asked.matches)

    @router.get("/search")
    async def search_by_link(
        q: Annotated[str, Field(min_length=1, max_length=QUERY_CHARS)],
        variant: str | None = None,
        k: Annotated[int, Field(ge=1, le=MOST_PASSAGES)] = 10,
    ) -> dict[str, Any]:
        """The same as a link."""
        return await answer(engine, q, variant, k)

    @router.get("/passages/{docid:path}")
    async def read(docid: str) -> dict[str, Any]:
        """One passage in full."""
        return passage(engine, docid)

    @router.get("/variants")
    async def variants() -> dict[str, Any]:
        """The variants of params.yaml; for one that cannot answer, why and the command that changes it."""
        return {"headline": engine.headline, "variants": variant_list(engine)}

    return router


def variant_list(engine: Engine) -> list[dict[str, Any]]:
    """Name and readiness of each variant."""
    return [
        {"name": state.name, "ready": state.ready, "asks_llm": state.asks_llm, "why": state.why,
         "command": state.command}
        for state in engine.variants.values()
    ]  # fmt: skip


async def answer(
    engine: Engine, query: str, variant: str | None, k: int, *, matches: bool = True
) -> dict[str, Any]:
    """The first `k` passages of one query.

    Raises
    ------
    DataError
        If the query is blank, or the variant cannot answer.
    """
    if not query.strip():
        raise DataError("the query is empty", "give it text")
    start = time.perf_counter()
    name = variant or engine.headline
    ranking = await engine.search(name, " ".join(query.split()))
    places = ranking.places[:k]
    spans: list[list[tuple[int, int]]] = [[] for _ in places]
    if matches:
        spans = await engine.matches(query, [place.docid for place in places])
    results = [
        {"rank": rank, **shown(engine, place), "matches": [list(span) for span in found]}
        for rank, (place, found) in enumerate(zip(places, spans, strict=True), start=1)
    ]
    return {
        "query": query,
        "variant": name,
        "results": results,
        "found": len(ranking.places),
        "fallbacks": ranking.fallbacks,
        "took_ms": round(1000 * (time.perf_counter() - start), 1),
    }


def shown(engine: Engine, place: RankedDocument) -> dict[str, Any]:
    """One place of a ranking; `text` is what the passage's matches count in."""
    document = engine.documents[place.docid]
    components: dict[str, dict[str, Any]] = {}
    for key, value in sorted(place.evidence.items()):
        for step in STEPS:
            if key.endswith(step):
                components.setdefault(key.removesuffix(step), {})[step[1:]] = value
    return {
        "docid": place.document_id,
        "passage": place.docid,
        "title": document.title,
        "text": document.text,
        "score": None if place.score is None else round(place.score, 6),
        "probability": place.evidence.get("probability"),
        "components": components,
    }


def passage(engine: Engine, docid: str) -> dict[str, Any]:
    """A passage by its id, or the passages of a document that was cut, in order.

    Raises
    ------
    DataError
        If the corpus has neither.
    """
    if docid in engine.documents:
        found = [engine.documents[docid]]
    else:
        found = [document for document in engine.documents.values() if document.parent == docid]
    if not found:
        raise DataError(f"the corpus has no passage {docid[:200]!r}", "take a docid of /v1/search")
    content = "\n".join(document.content for document in found)
    return {"docid": docid, "title": found[0].title, "content": content, "src": found[0].src}
