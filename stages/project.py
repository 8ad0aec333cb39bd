"""Where the project's files lie, and what several stages load; only stages read these paths."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from sunwi.compute.choosing import engine_of
from sunwi.corpus.duplicates import copies_of
from sunwi.corpus.rows import DuplicatePair
from sunwi.errors import SunwiError
from sunwi.llm.client import LlmClient
from sunwi.mining.false_negatives import FalseNegativeRules, co_relevant
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.records.files import iter_rows, read_rows, write_json, write_lines
from sunwi.records.questions import Question
from sunwi.records.submissions import UnderstoodQuery
from sunwi.runtime import cache_dir
from sunwi.search.index.store import load_vectors
from sunwi.search.labelled import LabelledQuestion, natural_questions, synthetic_questions
from sunwi.search.passages import Passages, QueryBatch, make_queries
from sunwi.search.pipeline import SearchPipeline, build_pipeline
from sunwi.search.retrievers.term_weights import TermWeightRetriever
from sunwi.search.servers.pipeline import on_server
from sunwi.trec import read_qrels

PREPARED = Path("data/prepared")
QA = Path("data/qa")
INDEX = Path("data/index")
MINED = Path("data/mined")
QUERIES = Path("data/queries")
SUBMISSIONS = Path("data/submissions")
RANKINGS = Path("data/rankings")
DIAGNOSIS = Path("data/diagnosis")
REPORT = Path("data/report")
CARDS = Path("models/cards")
EMBEDDER = Path("models/embedder")
STAGE1 = Path("models/reranker_stage1")
RERANKER = Path("models/reranker")
SPARSE = Path("models/sparse")
SPARSE_EXPORT = Path("models/sparse/export")
METRICS = Path("metrics")
PLOTS = METRICS / "plots"


def _told_without_traceback(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Errors that a user can act on are a sentence with the next step, as on the command line."""
    if isinstance(error, SunwiError):
        print(error, file=sys.stderr)
    else:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _told_without_traceback


def passages() -> Passages:
    """The prepared corpus."""
    return Passages.of(iter_rows(PREPARED / "corpus.jsonl", Document))


def questions() -> list[Question]:
    """The kept synthetic questions."""
    return read_rows(QA / "questions.jsonl", Question)


def encoder(which: str, params: Params) -> Encoder:
    """The base encoder or the promoted one."""
    spec = params.encoder.model if which == "base" else str(EMBEDDER)
    return Encoder.of(resolve(spec), params.encoder, engine_of(params.compute))


def false_negative_rules(corpus: Passages, params: Params) -> FalseNegativeRules:
    """What is known to answer beside a question's own passage."""
    return FalseNegativeRules(
        corpus,
        copies_of(read_rows(PREPARED / "duplicates.jsonl", DuplicatePair)),
        co_relevant((question.question, question.docid) for question in questions()),
        params.mining.max_positive_share,
        params.mining.max_score,
        params.mining.min_margin,
    )


def dev_labels(corpus: Passages, params: Params) -> list[LabelledQuestion]:
    """Natural and synthetic dev questions."""
    understood = read_rows(QUERIES / "dev_understood.jsonl", UnderstoodQuery)
    judged = read_qrels(PREPARED / "dev_qrels.tsv")
    natural = natural_questions(understood, judged, corpus, "dev", params.bm25.tokenizer)
    return natural + synthetic_questions(questions(), corpus, {"dev"})


def labelled(corpus: Passages, params: Params) -> list[LabelledQuestion]:
    """Every question that candidate lists may be made for."""
    return dev_labels(corpus, params) + synthetic_questions(questions(), corpus, {"train"})


def as_queries(labels: list[LabelledQuestion], model: Encoder, params: Params) -> QueryBatch:
    """Labelled questions, analysed and encoded."""
    qids = [label.qid for label in labels]
    texts = [label.text for label in labels]
    return make_queries(qids, texts, model, params.encoder.query_max_length, params.bm25.tokenizer)


def pipeline(which: str, corpus: Passages, params: Params, lexical: Encoder | None = None) -> SearchPipeline:
    """BM25, dense and question index over the vectors of an encode stage; M3's term weights by `lexical`."""
    asked = questions()
    folder = INDEX / which
    index = (
        load_vectors(folder / "questions.npy", len(asked)),
        [question.qid for question in asked],
        [question.docid for question in asked],
    )
    vectors = load_vectors(folder / "corpus.npy", len(corpus))
    texts = [question.question for question in asked]
    lengths = (params.encoder.query_max_length, params.encoder.max_length)
    extra = [TermWeightRetriever(lexical, corpus.texts, *lengths)] if lexical is not None else []
    kept = cache_dir() / "indexes" if params.search.keep_indexes else None
    engine = engine_of(params.compute)
    return build_pipeline(corpus, vectors, params.bm25, index, params.dense, texts, extra, kept, engine)


def serving(which: str, corpus: Passages, params: Params, lexical: Encoder | None = None) -> SearchPipeline:
    """The same, with BM25 and dense search on the server that `search.engine` names."""
    local = pipeline(which, corpus, params, lexical)
    if params.search.engine == "local":
        return local
    vectors = load_vectors(INDEX / which / "corpus.npy", len(corpus))
    return on_server(which, local, params.search, params.bm25, vectors)


def llm_client(params: Params) -> LlmClient:
    """The language model of section `llm`."""
    return LlmClient(params.llm)


@contextmanager
def told(stage: str, client: LlmClient | None) -> Iterator[None]:
    """What a run asked of an LLM, kept beside the timings even where the run had to stop."""
    try:
        yield
    finally:
        if client is not None:
            write_json(METRICS / "timing" / f"{stage}_llm.json", client.ledger.metrics())


def write_curve(name: str, rows: list[dict[str, float]], empty: Sequence[str] = ("step", "loss")) -> None:
    """A plot's data as CSV; without rows, the columns that the plot reads."""
    head = sorted({key for row in rows for key in row}) or list(empty)
    lines = (",".join(str(row.get(key, "")) for key in head) for row in rows)
    write_lines(PLOTS / f"{name}.csv", [",".join(head), *lines])


@contextmanager
def timed(stage: str) -> Iterator[None]:
    """Keep the stage's seconds and peak memory in metrics/timing: not compared, not committed."""
    start = time.perf_counter()
    yield
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    facts: dict[str, Any] = {"seconds": round(time.perf_counter() - start, 1), "peak_memory_mb": round(peak)}
    write_lines(METRICS / "timing" / f"{stage}.json", [json.dumps(facts)])
