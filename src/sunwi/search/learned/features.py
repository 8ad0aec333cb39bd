"""What the retrievers know of a query's first candidates, as numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.search.fusion.normalise import standardised
from sunwi.search.index.terms import overlap_terms
from sunwi.search.learned.term_match import MATCHES, inverse_frequency, term_match
from sunwi.search.pipeline import RankedQuery, SearchPipeline
from sunwi.text import FRAME_TERMS

Floats = npt.NDArray[np.float64]


def feature_names(retrievers: Sequence[str], extra: Sequence[str] = ()) -> list[str]:
    """Names of the columns, in their order."""
    own = [f"{name}_{what}" for name in sorted(retrievers) for what in ("score", "place")]
    return ["fused_score", "fused_place", *own, *(f"{name}_score" for name in sorted(extra)), *MATCHES]


class CandidateFeatures:
    """Features of candidates: the scores, standardised over the list, the ranks, and how the terms match.

    The fused score stays as it is: it is a sum of z-scores over the corpus.

    Parameters
    ----------
    pipeline
        A local one with BM25, whose index knows how many passages hold a term.
    tokenizer
        `bm25.tokenizer`, other than subwords.
    window
        Terms of the window whose best coverage counts.
    """

    def __init__(self, pipeline: SearchPipeline, tokenizer: str, window: int) -> None:
        index = getattr(pipeline.retrievers["bm25"], "index", None)
        if index is None:
            raise DataError("the learned ranker needs a local BM25 index", "set search.engine: local")
        self._index, self._texts = index, pipeline.passages.texts
        self._tokenizer, self._window = tokenizer, window

    def of(
        self,
        texts: Sequence[str],
        ranked: Sequence[RankedQuery],
        depth: int,
        extra: Sequence[Mapping[str, npt.NDArray[Any]]] = (),
    ) -> list[Floats]:
        """Features of each query's first `depth` candidates, each [candidates, features].

        Parameters
        ----------
        texts
            Of the queries.
        extra
            Further scores of the same candidates by name, one mapping a query.
        """
        heads = [one.positions[:depth].tolist() for one in ranked]
        used = sorted({position for head in heads for position in head})
        terms = overlap_terms([self._texts[position] for position in used], self._tokenizer)
        of_passage = dict(zip(used, terms, strict=True))
        rows = []
        for place, (head, query) in enumerate(zip(heads, overlap_terms(texts, self._tokenizer), strict=True)):
            distinct = sorted(set(query) - FRAME_TERMS or set(query))
            frequencies = self._index.document_frequencies(distinct)
            idf = {
                term: inverse_frequency(self._index.size, frequency)
                for term, frequency in zip(distinct, frequencies, strict=True)
            }
            matches = [term_match(idf, of_passage[position], self._window) for position in head]
            scores = _scores(ranked[place], len(head), extra[place] if extra else {})
            rows.append(np.column_stack([scores, np.array(matches).reshape(len(head), len(MATCHES))]))
        return rows


def _scores(ranked: RankedQuery, size: int, extra: Mapping[str, npt.NDArray[Any]]) -> Floats:
    """The columns before the matches, [size, columns]; a place is 1 / rank."""
    columns = [ranked.scores[:size].astype(np.float64), 1 / np.arange(1, size + 1)]
    for name in sorted(ranked.components):
        columns += [standardised(ranked.components[name][:size]), 1 / ranked.ranks[name][:size]]
    columns += [standardised(extra[name][:size]) for name in sorted(extra)]
    return np.column_stack(columns)
