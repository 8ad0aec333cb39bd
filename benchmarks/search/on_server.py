"""Rankings of every variant on a server beside local ones, and the seconds of a search, in a built project.

python -m benchmarks.search.on_server opensearch [--depth 1000] [--variant calibrated]

"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.search.one_request import quality as average_precision
from sunwi.params.bm25 import Bm25Params
from sunwi.params.reading import Sections
from sunwi.params.search import SearchParams
from sunwi.paths import INDEX, PREPARED
from sunwi.records.files import read_json
from sunwi.search.index.terms import index_terms, term_weight
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import RankedQuery, SearchPipeline
from sunwi.search.servers.pipeline import fusion_there, on_server
from sunwi.submit.building import fusion_of
from sunwi.submit.variant import SubmitSections
from sunwi.trec import read_qrels
from sunwi.workspace.base import Workspace
from sunwi.workspace.encoders import encoder, query_batch
from sunwi.workspace.questions import understood
from sunwi.workspace.retrieval import local_pipeline, passage_vectors, passage_windows
from sunwi.workspace.serving import expansion

FIRST = 10
TIE = 2e-5  # float32's noise, of a score


class _Settings(Sections):
    bm25: Bm25Params = Bm25Params()
    search: SearchParams = SearchParams()


@dataclass
class LuceneBm25:
    """The local BM25 with lengths of passages rounded to a byte, as Lucene keeps them."""

    documents: list[list[str]]
    params: Bm25Params
    name: str = "bm25"

    def __post_init__(self) -> None:
        lengths = np.array([len(terms) for terms in self.documents])
        rounded = np.array([lucene_length(int(length)) for length in lengths])
        self._norms = self.params.k1 * (1 - self.params.b + self.params.b * rounded / lengths.mean())
        self._counts: dict[str, dict[int, int]] = {}
        for row, terms in enumerate(self.documents):
            for term, count in Counter(terms).items():
                self._counts.setdefault(term, {})[row] = count

    def scores(self, queries: QueryBatch) -> np.ndarray:
        """Shape [queries, passages]."""
        size = len(self.documents)
        scores = np.zeros((len(queries), size))
        for row, terms in enumerate(queries.terms):
            for term in terms:
                found = self._counts.get(term, {})
                idf = np.log(1 + (size - len(found) + 0.5) / (len(found) + 0.5))
                for at, count in found.items():
                    weight = term_weight(term, self.params.bigram_weight) * idf
                    scores[row, at] += weight * count / (count + self._norms[at])
        return scores.astype(np.float32)


def lucene_length(length: int) -> int:
    """SmallFloat.byte4ToInt(intToByte4(length)): exact below 40, then 4 significant bits.

    >>> [lucene_length(n) for n in (39, 40, 41, 57, 200)]
    [39, 40, 40, 56, 200]
    """
    if length < 24:
        return length
    value = length - 24
    bits = value.bit_length()
    shift = max(0, bits - 4)
    return 24 + ((value >> shift) << shift)


def differences(here: Sequence[RankedQuery], there: Sequence[RankedQuery]) -> tuple[int, int, float]:
    """Queries whose first ten are others; those without a tie to explain it; the largest gap of scores."""
    other = untied = 0
    gap = 0.0
    for local, served in zip(here, there, strict=True):
        ours, theirs = local.positions[:FIRST].tolist(), served.positions[:FIRST].tolist()
        if ours == theirs:
            continue
        other += 1
        score = dict(zip(local.positions.tolist(), local.scores.tolist(), strict=True))
        floor = float(local.scores.min())
        values = np.array([score.get(position, floor) for position in theirs])
        # in the local scores the server's list must fall too
        found = float(np.abs(values - local.scores[:FIRST]).max())
        untied += found > TIE * max(1.0, float(np.abs(local.scores[:FIRST]).max()))
        gap = max(gap, found)
    return other, untied, gap


def mean_precision(ranked, dialogues, pipeline: SearchPipeline, qrels) -> float:  # type: ignore[no-untyped-def]  # as the stages read them
    """MAP over the judged queries."""
    judged = {qid for qid, grades in qrels.items() if any(grade > 0 for grade in grades.values())}
    lists = {
        dialogue.qid: [pipeline.passages.groups[at] for at in each.positions]
        for dialogue, each in zip(dialogues, ranked, strict=True)
        if dialogue.qid in judged
    }
    if not lists:  # a corpus without labels
        return float("nan")
    return float(average_precision(list(lists.values()), list(lists), qrels)[0].mean())


def timed(pipeline: SearchPipeline, queries: QueryBatch, names: Sequence[str], fusion, depth):  # type: ignore[no-untyped-def]  # fusion: a Fusion, depth: places
    """Rankings and seconds."""
    start = time.perf_counter()
    ranked = list(pipeline.rank(queries, names, fusion, depth))
    return ranked, time.perf_counter() - start


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("engine", choices=["opensearch", "elasticsearch"])
    parser.add_argument("--depth", type=int, default=1000)
    parser.add_argument("--variant", action="append", help="this one alone; may be given again")
    args = parser.parse_args()
    workspace = Workspace()
    params, settings = workspace.params(SubmitSections), workspace.params(_Settings)
    search = settings.search.model_copy(update={"engine": args.engine, "depth": args.depth})
    dialogues = understood(workspace)
    pipelines: dict[str, tuple[SearchPipeline, SearchPipeline, SearchPipeline, QueryBatch]] = {}
    print("others: queries whose first ten are not the local ones; byte: beside BM25 with Lucene's lengths")
    columns = "others | no tie | others, byte | no tie, byte | s local | s server | fusion | gap"
    print(f"| variant | {columns} | MAP local | MAP server |\n|{'---|' * 11}")
    qrels = read_qrels(workspace.path(PREPARED) / "qrels.tsv")
    for name, variant in params.searching.items():
        if args.variant and name not in args.variant:
            continue
        which = variant.encoder
        if which not in pipelines:
            local = local_pipeline(workspace, which)
            vectors = passage_vectors(workspace, which)
            start = time.perf_counter()
            served = on_server(
                which, local, search, settings.bm25, vectors,
                expansion=expansion(workspace), windows=passage_windows(workspace, which),
            )  # fmt: skip
            print(f"index {which}: {time.perf_counter() - start:.1f} s, {len(local.passages)} passages")
            ids, texts = [d.qid for d in dialogues], [d.standalone_query for d in dialogues]
            queries = query_batch(workspace, encoder(workspace, which), ids, texts)
            terms = index_terms(local.passages.texts, settings.bm25.tokenizer)
            others = [each for name, each in local.retrievers.items() if name != "bm25"]
            by_byte = SearchPipeline(local.passages, [LuceneBm25(terms, settings.bm25), *others])
            pipelines[which] = local, by_byte, served, queries
        local, by_byte, served, queries = pipelines[which]
        names = sorted(set(variant.retrievers))
        fusion = fusion_of(variant, read_json(workspace.path(INDEX) / f"fusion_{which}.json"))
        used, _ = fusion_there(served, fusion, names, variant.rrf_k, variant.depth)
        here, seconds = timed(local, queries, names, fusion, variant.depth)
        there, on_it = timed(served, queries, names, used, variant.depth)
        other, untied, _ = differences(here, there)
        rounded, _ = timed(by_byte, queries, names, fusion, variant.depth)
        other_byte, untied_byte, gap = differences(rounded, there)
        counts = f"{other} | {untied} | {other_byte} | {untied_byte}"
        quality = " | ".join(f"{mean_precision(each, dialogues, local, qrels):.3f}" for each in (here, there))
        print(
            f"| {name} | {counts} | {seconds:.2f} | {on_it:.2f} | {used.method} | {gap:.2g} | {quality} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
