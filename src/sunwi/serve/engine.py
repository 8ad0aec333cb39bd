"""The built project as the server's routes use it: every model call goes through one thread."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from sunwi.errors import DataError
from sunwi.models.spec import Side
from sunwi.params.encoder import EncoderParams
from sunwi.params.reading import Sections
from sunwi.params.variants import HeadlineSections
from sunwi.paths import EMBEDDER, PREPARED, RERANKER
from sunwi.records.corpus import Document
from sunwi.records.files import iter_rows
from sunwi.records.ranking import Ranking
from sunwi.search.rerank.trained import trained_reranker
from sunwi.serve.joining import Joiner
from sunwi.serve.live import rank_live, rerankers
from sunwi.serve.readiness import Readiness, readiness
from sunwi.serve.snippet import Analysed, Span, analyse, matches_of
from sunwi.text import morphemes
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.encoders import encoder

if TYPE_CHECKING:
    from sunwi.llm.client import LlmClient

ANALYSED = 20_000  # passages whose analysis is kept at most


class _Settings(Sections):
    encoder: EncoderParams = EncoderParams()


class Engine:
    """Answers searches, embeddings and reranks of one project.

    Parameters
    ----------
    client
        The LLM of variants that ask one; None: these variants are refused.
    """

    def __init__(self, workspace: Workspace, client: LlmClient | None = None) -> None:
        self.workspace = workspace
        self.client = client
        self.variants = readiness(workspace, llm=client is not None)
        self.joiner = Joiner()
        self._analysed: dict[str, Analysed] = {}
        rows = iter_rows(workspace.path(PREPARED) / "corpus.jsonl", Document)
        self.documents: Mapping[str, Document] = {row.docid: row for row in rows}

    @property
    def headline(self) -> str:
        """The variant that is shown first: the report's headline, or the first one that is ready."""
        ready = [name for name, state in self.variants.items() if state.ready]
        headline = self.workspace.params(HeadlineSections).headline
        return headline if headline in ready or not ready else ready[-1]

    def state(self, name: str) -> Readiness:
        """A variant that can answer.

        Raises
        ------
        DataError
            If there is no such variant, or it cannot answer yet.
        """
        if name not in self.variants:
            raise DataError(
                f"params.yaml has no variant {name!r}", f"choose one of: {', '.join(self.variants)}"
            )
        state = self.variants[name]
        if not state.ready:
            raise DataError(f"the variant {name!r} cannot answer: {state.why}", f"run `{state.command}`")
        return state

    async def search(self, name: str, text: str) -> Ranking:
        """One text's ranking by a variant."""
        self.state(name)

        def work(texts: Sequence[str]) -> list[Ranking]:
            return rank_live(self.workspace, name, texts, self.client)

        ranking: Ranking = await self._joined(("search", name), work, text)
        return ranking

    async def matches(self, query: str, docids: Sequence[str]) -> list[list[Span]]:
        """Where each passage has an index term of the query; a passage is analysed once."""

        def work(requests: Sequence[tuple[str, Sequence[str]]]) -> list[list[list[Span]]]:
            wanted = dict.fromkeys(docid for _, of_request in requests for docid in of_request)
            missing = [docid for docid in wanted if docid not in self._analysed]
            if len(self._analysed) + len(missing) > ANALYSED:
                self._analysed.clear()
                missing = list(wanted)
            texts = [self.documents[docid].text for docid in missing]
            self._analysed.update(zip(missing, analyse(texts), strict=True))
            terms = morphemes([asked for asked, _ in requests])
            return [
                [matches_of(self._analysed[docid], of_query) for docid in of_request]
                for of_query, (_, of_request) in zip(terms, requests, strict=True)
            ]

        spans: list[list[Span]] = await self._joined("matches", work, (query, docids))
        return spans

    def encoders(self) -> list[Literal["base", "promoted"]]:
        """The encoders that are there."""
        built = self.workspace.path(EMBEDDER).exists()
        return ["promoted", "base"] if built else ["base"]

    async def embed(self, which: Literal["base", "promoted"], side: Side, texts: Sequence[str]) -> Any:
        """Vectors of the texts, [texts, dimensions]; requests of one kind are encoded together."""
        if which not in self.encoders():
            raise DataError("the tuned encoder is not built", "run `dvc repro train_embedder`, or use `base`")
        limits = self.workspace.params(_Settings).encoder
        length = limits.query_max_length if side == "query" else limits.max_length

        def work(requests: Sequence[Sequence[str]]) -> list[Any]:
            flat = [text for request in requests for text in request]
            vectors = encoder(self.workspace, which).encode(flat, side, length)
            return _split(vectors, requests)

        return await self._joined(("embed", which, side), work, texts)

    def scorers(self) -> list[str]:
        """The rerankers that are there, the one to take first in front."""
        trained = trained_reranker(self.workspace.path(RERANKER))
        return [*([trained.name] if trained else []), "late_interaction"]

    async def rerank(self, name: str, query: str, texts: Sequence[str]) -> Any:
        """Scores of (query, text) pairs, [texts]: logits of a cross-encoder, mean cosines of MaxSim."""
        if name not in self.scorers():
            raise DataError(f"there is no reranker {name!r}", f"choose one of: {', '.join(self.scorers())}")
        which = self.encoders()[0]

        def work(requests: Sequence[tuple[str, Sequence[str]]]) -> list[Any]:
            pairs = [(asked, text) for asked, of_request in requests for text in of_request]
            scores = rerankers(self.workspace, which).score(name, pairs)
            return _split(scores, [of_request for _, of_request in requests])

        return await self._joined(("rerank", name), work, (query, texts))

    async def call(self, work: Callable[[], Any]) -> Any:
        """What `work` returns, on the models' thread."""
        return await self._joined(object(), lambda _: [work()], None)

    async def _joined(self, key: Hashable, work: Callable[[Sequence[Any]], Sequence[Any]], item: Any) -> Any:
        return await asyncio.wrap_future(self.joiner.submit(key, work, item))

    def warm(self) -> None:
        """Load what the ready variants without an LLM read; the text is new, so no cache answers instead."""
        text = f"준비 {secrets.token_hex(8)}"
        passages(self.workspace)
        for name, state in self.variants.items():
            if state.ready and not state.asks_llm:
                rank_live(self.workspace, name, [text])


def _split(values: Any, requests: Sequence[Sequence[str]]) -> list[Any]:
    parts, start = [], 0
    for request in requests:
        parts.append(values[start : start + len(request)])
        start += len(request)
    return parts
