"""Hard-negative mining: pool of two retrievers, teacher scores, false-negative rules, choice, provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sunwi.compute.executor import LOCAL
from sunwi.errors import DataError
from sunwi.mining.choice import fill_randomly, sample
from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.mining.metrics import MiningCount
from sunwi.mining.pool import Pool, draw_pool, rank_at
from sunwi.params.mining import MiningParams
from sunwi.records.mined import MinedRow
from sunwi.records.row import Provenance
from sunwi.search.fusion.normalise import standardised
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
class ScoredQuestion:
    """A question with every passage's scores."""

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
    `bm25_weight` * BM25 + `question_weight` * question index); with `reranker_weight` it is the fused z-score
    plus the reranker's over the pool, which is the whole ranking.

    The pool is ordered by the teacher; negatives are chosen among the survivors of the rules within the rank
    window. A question with too few gets a pool that is `widen` times as deep, once; then it keeps a short row
    unless `fill: random` asks for filler, which is marked. All of it is counted.

    Rows come in the order of the questions, a block at a time, and `count` is whole when they end.

    Raises
    ------
    DataError
        Naming the questions whose relevant passage is not in the corpus.
    """
    strangers = [
        question.qid
        for question in labels
        if not all(0 <= position < len(pipeline.passages) for position in question.relevant)
    ]
    if strangers:
        what = f"questions of passages that the corpus does not hold: {', '.join(strangers[:20])}"
        raise DataError(what, "run generate_qa again on this corpus (dvc repro)")
    used = ("bm25", "dense", "questions") if params.question_weight else ("bm25", "dense")
    search = SearchPipeline(pipeline.passages, [pipeline.retrievers[name] for name in used])
    miner = _Miner(search, rules, params, seed, reranker, MiningCount(params.negatives))
    # A reranker has an engine of its own for its pairs, and a cache that this process alone writes.
    engine = pipeline.engine if reranker is None else LOCAL
    blocks = ((queries.part(block), labels[block]) for block in pipeline.parts(queries))
    for mined, counted in engine.map(miner.mine_block, blocks):
        count.merge(counted)
        yield from mined


def _with_fused(fused: Scores, reranked: Mapping[int, float], weight: float) -> dict[int, float]:
    """Fused score + weight * z(reranker's score over the pool), as a variant's blend of the whole ranking."""
    normalised = standardised(np.array(list(reranked.values()), dtype=np.float32))
    return {
        position: float(fused[position] + weight * value)
        for position, value in zip(reranked, normalised, strict=True)
    }


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
        components = {name: retriever.scores(queries) for name, retriever in retrievers.items()}
        weights = {"bm25": self.params.bm25_weight, "questions": self.params.question_weight}
        fused = weighted_sum(components, {**weights, "dense": 1.0})
        questions = [
            ScoredQuestion(label, {name: of_all[row] for name, of_all in components.items()}, fused[row])
            for row, label in zip(range(len(fused)), labels, strict=True)
        ]
        counted = replace(self, count=MiningCount(self.params.negatives))
        return counted.mine(questions), counted.count

    def mine(self, questions: Sequence[ScoredQuestion]) -> list[MinedRow]:
        """Rows of one block; questions whose rows are short are tried once more with a wider pool."""
        self.count.counts["questions"] += len(questions)
        kept = [question for question in questions if not self._out_ranked(question)]
        self.count.counts["out_ranked"] += len(questions) - len(kept)
        choices = self._attempt(kept, 1)
        short = [
            number for number, chosen in enumerate(choices) if len(chosen.positions) < self.params.negatives
        ]
        if self.params.widen > 1 and short:
            self.count.counts["widened"] += len(short)
            widened = self._attempt([kept[number] for number in short], self.params.widen)
            for number, chosen in zip(short, widened, strict=True):
                choices[number] = chosen
        rows = []
        for question, chosen in zip(kept, choices, strict=True):
            self.count.drops.update(chosen.drops)
            self.count.pool_sizes.append(len(chosen.pool))
            row = self._row(question, chosen, self._filler(question, chosen))
            if row.neg:
                self.count.add(row)
                rows.append(row)
            else:
                self.count.counts["without_negative"] += 1
        return rows

    def _out_ranked(self, question: ScoredQuestion) -> bool:
        """Whether the round trip found the question's passage below the limit.

        Questions that never made the trip (given ones) are ranked by this run's fused scores, and counted.
        """
        limit = self.params.max_positive_rank
        if limit is None:
            return False
        rank = question.label.round_trip_rank
        if rank is None:
            self.count.counts["without_round_trip"] += 1
            rank = rank_at(question.fused, question.positive)
        return rank > limit

    def _attempt(self, questions: Sequence[ScoredQuestion], factor: int) -> list[_Chosen]:
        params = self.params
        depths = (params.bm25_depth * factor, params.dense_depth * factor)
        pools = [
            draw_pool(question.components["bm25"], question.components["dense"], *depths)
            for question in questions
        ]
        teachers = self._teach(questions, pools)
        return [
            self._choose(question, pool, teacher, params.last_rank * factor)
            for question, pool, teacher in zip(questions, pools, teachers, strict=True)
        ]

    def _teach(self, questions: Sequence[ScoredQuestion], pools: Sequence[Pool]) -> list[dict[int, float]]:
        """Teacher scores of each pool and its positives, by position."""
        wanted = [
            sorted({*pool.sources, *question.label.relevant})
            for question, pool in zip(questions, pools, strict=True)
        ]
        if self.reranker is None:
            return [
                {position: float(question.fused[position]) for position in positions}
                for question, positions in zip(questions, wanted, strict=True)
            ]
        texts = self.pipeline.passages.texts
        pairs = [
            (question.label.text, texts[position])
            for question, positions in zip(questions, wanted, strict=True)
            for position in positions
        ]
        scores = iter(self.reranker(pairs).tolist() if pairs else [])
        taught = [{position: float(next(scores)) for position in positions} for positions in wanted]
        if self.params.reranker_weight is None:
            return taught
        return [
            _with_fused(question.fused, of_pool, self.params.reranker_weight)
            for question, of_pool in zip(questions, taught, strict=True)
        ]

    def _choose(
        self, question: ScoredQuestion, pool: Pool, teacher: dict[int, float], last_rank: int
    ) -> _Chosen:
        params = self.params
        ranking = pool.ranking(teacher)
        groups = self.pipeline.passages.groups
        positive, others = question.positive, question.label.relevant[1:]
        co_relevant = {groups[position] for position in others} - {groups[positive]}
        survivors: list[int] = []
        drops: list[str] = []
        for position in ranking[params.first_rank - 1 : last_rank]:
            if params.choice == "top" and len(survivors) == params.negatives:
                break
            scored = (positive, teacher[positive], position, teacher[position])
            reason = self.rules.reason(question.label.text, *scored)
            if groups[position] in co_relevant:
                reason = "co_relevant"
            if reason is None and any(self.rules.are_copies(position, chosen) for chosen in survivors):
                reason = "copy_of_negative"  # the same text twice would count twice and leave a place empty
            if reason is None:
                survivors.append(position)
            else:
                drops.append(reason)
        if params.choice == "sample":
            draw = (params.negatives, params.temperature, self.seed, question.label.qid)
            survivors = sample(survivors, teacher, *draw)
        places = {position: place for place, position in enumerate(ranking, start=1)}
        return _Chosen(survivors, drops, pool, teacher, places)

    def _filler(self, question: ScoredQuestion, chosen: _Chosen) -> list[int]:
        missing = self.params.negatives - len(chosen.positions)
        if self.params.fill == "none" or missing <= 0:
            return []
        answers = self.rules.exclusion_reason
        known = {
            position
            for position in range(len(self.pipeline.passages))
            if any(answers(question.label.text, positive, position) for positive in question.label.relevant)
        }
        taken = known | chosen.pool.sources.keys()
        filler = fill_randomly(len(self.pipeline.passages), taken, missing, self.seed, question.label.qid)
        self.count.counts["filled"] += len(filler)
        return filler

    def _row(self, question: ScoredQuestion, chosen: _Chosen, filler: Sequence[int]) -> MinedRow:
        passages = self.pipeline.passages
        teacher = dict(chosen.teacher)
        if filler and self.reranker is not None:
            pairs = [(question.label.text, passages.texts[position]) for position in filler]
            teacher.update(zip(filler, self.reranker(pairs).tolist(), strict=True))
        else:
            teacher.update({position: float(question.fused[position]) for position in filler})
        negatives, positives = [*chosen.positions, *filler], question.label.relevant
        return MinedRow(
            qid=question.label.qid,
            query=question.label.text,
            pos=[passages.texts[position] for position in positives],
            neg=[passages.texts[position] for position in negatives],
            pos_ids=[passages.docids[position] for position in positives],
            neg_ids=[passages.docids[position] for position in negatives],
            pos_scores=[round(teacher[position], 5) for position in positives],
            neg_scores=[round(teacher[position], 5) for position in negatives],
            provenance=[
                self._provenance(question, chosen, position, teacher[position]) for position in negatives
            ],
        )

    def _provenance(
        self, question: ScoredQuestion, chosen: _Chosen, position: int, score: float
    ) -> Provenance:
        """How a negative came: every retriever's rank and score, the teacher's, its source and rule."""
        rule = {"top": "top_survivors", "sample": "sampled"}[self.params.choice]
        entry: Provenance = {
            "docid": self.pipeline.passages.docids[position],
            "pool_rank": chosen.places.get(position),
            "source": chosen.pool.sources.get(position, "random"),
            "rule": rule if position in chosen.pool.sources else FILLER,
            "fused_score": round(float(question.fused[position]), 5),
        }
        for name, scores in sorted(question.components.items()):
            entry[f"{name}_rank"] = rank_at(scores, position)
            entry[f"{name}_score"] = round(float(scores[position]), 5)
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
