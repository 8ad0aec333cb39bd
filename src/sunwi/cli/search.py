"""`sunwi search "질문"`: ask the corpus one question and see how each passage got its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sunwi.cli.query_text import read_query
from sunwi.cli.terminal import echo
from sunwi.errors import DataError
from sunwi.paths import EMBEDDER, PREPARED

if TYPE_CHECKING:
    from sunwi.params.whole import Params
    from sunwi.records.corpus import Document
    from sunwi.search.fusion.method import Fusion
    from sunwi.search.passages import Passages
    from sunwi.search.pipeline import RankedQuery


class Mode(StrEnum):
    """Which retrievers rank."""

    BM25 = "bm25"
    DENSE = "dense"
    HYBRID = "hybrid"
    LEXICAL = "lexical"  # the model's own term weights, for models of the BGE-M3 form


@dataclass(frozen=True, slots=True)
class Corpus:
    """The passages to search, the folder they are from, and whether the prepare stage wrote them."""

    documents: list[Document]
    folder: Path
    prepared: bool


def search(
    query: Annotated[str, typer.Argument(help="The question, in quotes.")],
    *,
    mode: Annotated[Mode, typer.Option(help="Which retrievers rank.")] = Mode.HYBRID,
    model: Annotated[
        str | None,
        typer.Option(help="Encoder; models/embedder is the tuned one.", show_default="encoder.model"),
    ] = None,
    k: Annotated[int, typer.Option("--k", help="How many passages to show.")] = 5,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder with a prepared corpus.jsonl.", show_default="data/prepared"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Search the corpus: passages with every retriever's score and rank."""
    from sunwi.cli.presentation import print_answer
    from sunwi.params.loading import load_params
    from sunwi.records.files import canonical_json

    if k < 1:
        raise DataError(f"--k is {k}; expected 1 or more", "run again with --k 5")
    if model == "":
        raise DataError("--model is empty", "name a model folder or id, or leave the option out")
    if model is not None and mode is Mode.BM25:
        raise DataError("--mode bm25 uses no encoder, so --model has no effect", "leave out one of them")
    params = load_params()
    query, notes = read_query(query, params.encoder.query_max_length)
    for note in notes:
        echo(note, err=True)
    corpus = read_corpus(data, params)
    answer = answer_query(query, mode, model or params.encoder.model, k, corpus, params)
    if as_json:
        echo(canonical_json(answer))
    else:
        print_answer(answer)


def read_corpus(folder: Path | None, params: Params) -> Corpus:
    """The prepared corpus, else the source folder's documents prepared on the fly.

    Raises
    ------
    DataError
        If neither is there, naming where it looked.
    """
    from sunwi.corpus.prepare import prepare
    from sunwi.records.corpus import Document
    from sunwi.records.files import read_rows
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.documents import document_passages

    prepared = folder or PREPARED
    if (prepared / "corpus.jsonl").exists():
        return Corpus(read_rows(prepared / "corpus.jsonl", Document), prepared, prepared=True)
    if folder is not None:
        raise DataError(f"there is no corpus.jsonl in {folder}", "name a prepared folder, or run make repro")
    source = Path(params.data.source)
    passages, _ = document_passages(Workspace(), params.corpus)
    if not passages and not (source / "corpus.jsonl").exists():
        raise DataError(
            f"there is no corpus.jsonl in {PREPARED} or in data.source {source}",
            "import a corpus (`sunwi import folder PATH`); if data.documents has files: dvc repro baseline",
        )
    return Corpus(prepare(source, params.corpus, passages).corpus, source, prepared=False)


def read_weights(index: Path, model: str, params: Params) -> tuple[dict[str, float], str]:
    """Weights of the hybrid, and where they are from: fitted for this encoder, else mining.bm25_weight.

    Raises
    ------
    DataError
        If the file of fitted weights does not hold them in its known form.
    """
    from sunwi.records.files import read_json

    which = {params.encoder.model: "base", EMBEDDER.as_posix(): "promoted"}.get(model.removesuffix("/"))
    default = {"bm25": params.mining.bm25_weight, "dense": 1.0}
    if which is None:
        return default, f"mining.bm25_weight: none is fitted for {model}"
    fitted = index / f"fusion_{which}.json"
    if not fitted.exists():
        return default, f"mining.bm25_weight: {fitted} is not there yet"
    try:
        weights = {name: float(weight) for name, weight in read_json(fitted)["bm25+dense"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        weights = {}
    if set(weights) != {"bm25", "dense"}:
        raise DataError(f"{fitted} has no weights of bm25 and dense at bm25+dense", "run make repro")
    return weights, str(fitted)


def answer_query(
    query: str, mode: Mode, model: str, k: int, corpus: Corpus, params: Params
) -> dict[str, Any]:
    """Rank the corpus for one query; the answer is ready to be printed or written as JSON.

    BM25 alone shows only passages that have a term of the query: below them its order means nothing.
    """
    from sunwi.search.fusion.method import Fusion
    from sunwi.search.passages import Passages
    from sunwi.serve.snippet import cut, find_matches
    from sunwi.text import morphemes

    passages = Passages.of(corpus.documents)
    weights, origin = {mode.value: 1.0}, "one retriever"
    if mode is Mode.HYBRID:
        weights, origin = read_weights(corpus.folder.parent / "index", model, params)
    ranked = _rank(query, mode, model, passages, Fusion("weighted", weights), k, params)
    shown = list(range(len(ranked.positions)))
    if mode is Mode.BM25:
        shown = [index for index in shown if ranked.components["bm25"][index] > 0]
    texts = [passages.texts[ranked.positions[index]] for index in shown]
    terms = morphemes([query])[0]
    snippets = [cut(text, spans) for text, spans in zip(texts, find_matches(texts, terms), strict=True)]
    places = {document.docid: document.source for document in corpus.documents}
    results = []
    for rank, (index, snippet) in enumerate(zip(shown, snippets, strict=True), start=1):
        position = ranked.positions[index]
        results.append(
            {
                "rank": rank,
                "docid": passages.docids[position],
                "document": passages.groups[position],
                "source": place.model_dump() if (place := places[passages.docids[position]]) else None,
                "place": place.label if place else None,
                "score": round(float(ranked.scores[index]), 6),
                "components": _components(ranked, index),
                "snippet": snippet.text,
                "matches": [list(span) for span in snippet.matches],
            }
        )
    return {
        "query": query,
        "terms": terms,
        "mode": mode.value,
        "model": None if mode is Mode.BM25 else model,
        "weights": weights,
        "weights_from": origin,
        "corpus": corpus.folder.as_posix(),
        "prepared": corpus.prepared,
        "passages": len(passages),
        "results": results,
    }


def _rank(
    query: str, mode: Mode, model: str, passages: Passages, fusion: Fusion, k: int, params: Params
) -> RankedQuery:
    """Build only what the mode needs: BM25 loads no encoder, dense analyses no passage."""
    import numpy as np

    from sunwi.search.index.bm25 import Bm25, index_terms
    from sunwi.search.index.terms import term_stream
    from sunwi.search.passages import QueryBatch, make_queries
    from sunwi.search.pipeline import SearchPipeline, build_pipeline
    from sunwi.search.retrievers.bm25 import Bm25Retriever

    tokenizer = params.bm25.tokenizer
    if mode is Mode.BM25:
        index = Bm25(term_stream(passages.texts, tokenizer), params.bm25)
        pipeline = SearchPipeline(passages, [Bm25Retriever(index)])
        unused = np.zeros((1, 0), dtype=np.float16)
        queries = QueryBatch(["query"], [query], index_terms([query], tokenizer), unused)
    else:
        from sunwi.models.encoder import Encoder
        from sunwi.models.passage_vectors import encode_passages
        from sunwi.models.resolver import resolve
        from sunwi.search.retrievers.dense import DenseRetriever
        from sunwi.search.retrievers.m3_lexical import M3LexicalRetriever

        encoder = Encoder.of(resolve(model), params.encoder)
        if mode is Mode.LEXICAL:
            own_terms = M3LexicalRetriever(encoder, passages.texts, params.encoder)
            unused = np.zeros((1, 0), dtype=np.float16)
            queries = QueryBatch(["query"], [query], [[]], unused)
            return next(iter(SearchPipeline(passages, [own_terms]).rank(queries, ["lexical"], fusion, k)))
        vectors, windows = encode_passages(encoder, passages.texts, params.encoder)
        queries = make_queries(["query"], [query], encoder, params.encoder.query_max_length, tokenizer)
        if mode is Mode.DENSE:
            pipeline = SearchPipeline(passages, [DenseRetriever(vectors, windows)])
        else:
            pipeline = build_pipeline(passages, vectors, params.bm25, windows=windows)
    return next(iter(pipeline.rank(queries, sorted(fusion.weights), fusion, k)))


def _components(ranked: RankedQuery, index: int) -> Mapping[str, Mapping[str, float | int]]:
    return {
        name: {"score": round(float(scores[index]), 6), "rank": int(ranked.ranks[name][index])}
        for name, scores in sorted(ranked.components.items())
    }
