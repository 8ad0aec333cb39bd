"""Hard-negative mining: pool of two retrievers, teacher scores, false-negative rules, choice, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sunwi.compute.executor import LOCAL
from sunwi.errors import DataError
from sunwi.mining.choice import fill_randomly, sample
from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.mining.metrics import MiningCount
from sunwi.mining.pool import Pool, draw_pool, rank_at
from sunwi.params.mining import MiningParams
from sunwi.records.mined import MinedRow
from sunwi.records.row import Provenance
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.retrievers.base import Scores

if TYPE_CHECKING:
    from sunwi.search.rerank.rerankers import PairScorer

FILLER = "random_fill"


@dataclass(frozen=True, slots=True)
class Mined:
    """The rows, and what became of every question and candidate."""

    rows: list[MinedRow]
    metrics: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question with every passage's scores."""

    label: LabelledQuestion
    components: dict[str, Scores]  # bm25, dense: [passages]
    fused: Scores  # [passages]

    @property
    def positive(self) -> int:
        """Position of the passage that answers."""
        return self.label.relevant[0]


def mine_negatives(
    pipeline: SearchPipeline,
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
    rules: FalseNegativeRules,
    params: MiningParams,
    seed: int = 42,
    reranker: PairScorer | None = None,
) -> Mined:
    """The rows of `mined_rows`, all at once, with their metrics."""
    count = MiningCount(params.negatives)
    rows = list(mined_rows(pipeline, queries, labels, rules, params, count, seed, reranker))
    return Mined(rows, count.metrics())


def mined_rows(
    pipeline: SearchPipeline,
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
    rules: FalseNegativeRules,
    params: MiningParams,
    count: MiningCount,
    seed: int = 42,
    reranker: PairScorer | None = None,
) -> Iterator[MinedRow]:
    """Negatives for each question from the union of BM25's and the dense retriever's best.

    The teacher is the reranker (raw scores of pairs) or, without one, the fused z-score (dense +
    `bm25_weight` * BM25). The pool is ordered by it; negatives are chosen among the survivors of the rules
    within the rank window. A question with too few gets a pool that is `widen` times as deep, once; then it
    keeps a short row unless `fill: random` asks for filler, which is marked. All of it is counted.

    Rows come in the order of the questions, a block at a time, and `count` is whole when they end.

    Raises
    ------
    DataError
        Naming the questions whose relevant passage is not in the corpus.
    """
    strangers = [
        one.qid for one in labels if not all(0 <= at < len(pipeline.passages) for at in one.relevant)
    ]
    if strangers:
        what = f"questions of passages that the corpus does not hold: {', '.join(strangers[:20])}"
        raise DataError(what, "run generate_qa again on this corpus (dvc repro)")
    search = SearchPipeline(pipeline.passages, [pipeline.retrievers[name] for name in ("bm25", "dense")])
    miner = _Miner(search, rules, params, seed, reranker, MiningCount(params.negatives))
    # A reranker has an engine of its own for its pairs, and a cache that this process alone writes.
    engine = pipeline.engine if reranker is None else LOCAL
    blocks = ((queries.part(block), labels[block]) for block in pipeline.parts(queries))
    for mined, counted in engine.map(miner.mine_block, blocks):
        count.merge(counted)
        yield from mined


@dataclass(frozen=True, slots=True)
class _Miner:
    pipeline: SearchPipeline
    rules: FalseNegativeRules
    params: MiningParams
    seed: int
    reranker: PairScorer | None
    count: MiningCount

    def mine_block(
        self, block: tuple[QueryBatch, Sequence[LabelledQuestion]]
    ) -> tuple[list[MinedRow], MiningCount]:
        """Rows of one block of queries, and what became of its questions alone."""
        queries, labels = block
        retrievers = self.pipeline.retrievers
        components = {name: retrievers[name].scores(queries) for name in ("bm25", "dense")}
        fused = weighted_sum(components, {"bm25": self.params.bm25_weight, "dense": 1.0})
        asked = [
            Asked(label, {name: of_all[at] for name, of_all in components.items()}, fused[at])
            for at, label in zip(range(len(fused)), labels, strict=True)
        ]
        counted = replace(self, count=MiningCount(self.params.negatives))
        return counted.mine(asked), counted.count

    def mine(self, asked: Sequence[Asked]) -> list[MinedRow]:
        """Rows of one block; questions whose rows are short are tried once more with a wider pool."""
        self.count.counts["questions"] += len(asked)
        kept = [one for one in asked if not self._out_ranked(one)]
        self.count.counts["out_ranked"] += len(asked) - len(kept)
        found = self._attempt(kept, 1)
        short = [at for at, chosen in enumerate(found) if len(chosen.positions) < self.params.negatives]
        if self.params.widen > 1 and short:
            self.count.counts["widened"] += len(short)
            for at, chosen in zip(
                short, self._attempt([kept[at] for at in short], self.params.widen), strict=True
            ):
                found[at] = chosen
        rows = []
        for one, chosen in zip(kept, found, strict=True):
            self.count.drops.update(chosen.drops)
            self.count.pool_sizes.append(len(chosen.pool))
            row = self._row(one, chosen, self._filler(one, chosen))
            if row.neg:
                self.count.add(row)
                rows.append(row)
            else:
                self.count.counts["without_negative"] += 1
        return rows

    def _out_ranked(self, one: Asked) -> bool:
        """Whether the round trip found the question's passage below the limit.

        Questions that never made the trip (given ones) are ranked by this run's fused scores, and counted.
        """
        limit = self.params.max_positive_rank
        if limit is None:
            return False
        rank = one.label.round_trip_rank
        if rank is None:
            self.count.counts["without_round_trip"] += 1
            rank = rank_at(one.fused, one.positive)
        return rank > limit

    def _attempt(self, asked: Sequence[Asked], factor: int) -> list[_Chosen]:
        params = self.params
        depths = (params.bm25_depth * factor, params.dense_depth * factor)
        pools = [draw_pool(one.components["bm25"], one.components["dense"], *depths) for one in asked]
        teachers = self._teach(asked, pools)
        return [
            self._choose(one, pool, teacher, params.last_rank * factor)
            for one, pool, teacher in zip(asked, pools, teachers, strict=True)
        ]

    def _teach(self, asked: Sequence[Asked], pools: Sequence[Pool]) -> list[dict[int, float]]:
        """Teacher scores of each pool and its positive, by position."""
        wanted = [sorted({*pool.sources, one.positive}) for one, pool in zip(asked, pools, strict=True)]
        if self.reranker is None:
            return [
                {at: float(one.fused[at]) for at in positions}
                for one, positions in zip(asked, wanted, strict=True)
            ]
        texts = self.pipeline.passages.texts
        pairs = [
            (one.label.text, texts[at])
            for one, positions in zip(asked, wanted, strict=True)
            for at in positions
        ]
        scores = iter(self.reranker(pairs).tolist() if pairs else [])
        return [{at: float(next(scores)) for at in positions} for positions in wanted]

    def _choose(self, one: Asked, pool: Pool, teacher: dict[int, float], last_rank: int) -> _Chosen:
        params = self.params
        ranking = pool.ranking(teacher)
        groups = self.pipeline.passages.groups
        co_relevant = {groups[at] for at in one.label.relevant[1:]} - {groups[one.positive]}
        survivors: list[int] = []
        drops: list[str] = []
        for at in ranking[params.first_rank - 1 : last_rank]:
            if params.choice == "top" and len(survivors) == params.negatives:
                break
            reason = self.rules.reason(one.label.text, one.positive, teacher[one.positive], at, teacher[at])
            if groups[at] in co_relevant:
                reason = "co_relevant"
            if reason is None and any(self.rules.are_copies(at, chosen) for chosen in survivors):
                reason = "copy_of_negative"  # one text twice would teach it twice and leave a place empty
            if reason is None:
                survivors.append(at)
            else:
                drops.append(reason)
        if params.choice == "sample":
            draw = (params.negatives, params.temperature, self.seed, one.label.qid)
            survivors = sample(survivors, teacher, *draw)
        places = {at: place for place, at in enumerate(ranking, start=1)}
        return _Chosen(survivors, drops, pool, teacher, places)

    def _filler(self, one: Asked, chosen: _Chosen) -> list[int]:
        missing = self.params.negatives - len(chosen.positions)
        if self.params.fill == "none" or missing <= 0:
            return []
        answers = self.rules.exclusion_reason
        known = {
            at
            for at in range(len(self.pipeline.passages))
            if any(answers(one.label.text, positive, at) for positive in one.label.relevant)
        }
        taken = known | chosen.pool.sources.keys()
        filler = fill_randomly(len(self.pipeline.passages), taken, missing, self.seed, one.label.qid)
        self.count.counts["filled"] += len(filler)
        return filler

    def _row(self, one: Asked, chosen: _Chosen, filler: Sequence[int]) -> MinedRow:
        passages = self.pipeline.passages
        teacher = dict(chosen.teacher)
        if filler and self.reranker is not None:
            pairs = [(one.label.text, passages.texts[at]) for at in filler]
            teacher.update(zip(filler, self.reranker(pairs).tolist(), strict=True))
        else:
            teacher.update({at: float(one.fused[at]) for at in filler})
        negatives = [*chosen.positions, *filler]
        return MinedRow(
            qid=one.label.qid,
            query=one.label.text,
            pos=[passages.texts[one.positive]],
            neg=[passages.texts[at] for at in negatives],
            pos_ids=[passages.docids[one.positive]],
            neg_ids=[passages.docids[at] for at in negatives],
            pos_scores=[round(teacher[one.positive], 5)],
            neg_scores=[round(teacher[at], 5) for at in negatives],
            provenance=[self._provenance(one, chosen, at, teacher[at]) for at in negatives],
        )

    def _provenance(self, one: Asked, chosen: _Chosen, at: int, score: float) -> Provenance:
        """How a negative came: every retriever's rank and score, the teacher's, its source and rule."""
        rule = {"top": "top_survivors", "sample": "sampled"}[self.params.choice]
        entry: Provenance = {
            "docid": self.pipeline.passages.docids[at],
            "pool_rank": chosen.places.get(at),
            "source": chosen.pool.sources.get(at, "random"),
            "rule": rule if at in chosen.pool.sources else FILLER,
            "fused_score": round(float(one.fused[at]), 5),
        }
        for name, scores in sorted(one.components.items()):
            entry[f"{name}_rank"] = rank_at(scores, at)
            entry[f"{name}_score"] = round(float(scores[at]), 5)
        if self.reranker is not None:
            entry["reranker_score"] = round(score, 5)
        return entry


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Survivors of one question, the rules' drops, and the pool with its teacher's scores and places."""

    positions: Sequence[int]
    drops: Sequence[str]
    pool: Pool
    teacher: Mapping[int, float]
    places: Mapping[int, int]
