"""How many judged queries until the fitted fusion weight stops moving: random against active choice.

    python -m benchmarks.judge.active_choice PROJECT OUT.svg [--trials 20]

PROJECT is built up to its vectors (`dvc repro encode_base`); its questions stand in for people's, and their
passage for what a person would judge. Nothing is encoded. A trial draws a pool of questions; queries are
taken from it one after the other, at random or as `sunwi judge pool` takes them, and after each step the
product's own fit runs on those taken.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sunwi.judging.pools import PoolSettings, choose_queries
from sunwi.params.bm25 import Bm25Params
from sunwi.params.fusion import FusionParams
from sunwi.search.fusion.fitting import fit_fusion
from sunwi.search.fusion.normalise import zscore
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.index.bm25 import Bm25
from sunwi.search.index.terms import index_terms
from sunwi.search.labelled import first_relevant_rank
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.search.ranking_quality import reciprocal_rank
from sunwi.search.retrievers.base import Scores
from sunwi.search.top import top
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages
from sunwi.workspace.labels import synthetic
from sunwi.workspace.questions import questions
from sunwi.workspace.retrieval import passage_vectors, question_vectors

POOL, HELD_OUT, DEPTH = 150, 300, 10
SIZES = (5, 10, 15, 20, 30, 45, 60, 90, 120)
CHOICES = {"random": None, "active": 0.0, "active, 30% random": 0.3}
FITTED = FusionParams(low_overlap=1.0)  # every judged query counts, as people's do


class Known:
    """A retriever whose scores are there: shape [questions, passages], by the question's id."""

    def __init__(self, name: str, table: Scores, rows: dict[str, int]) -> None:
        self.name, self._table, self._rows = name, table, rows

    def scores(self, queries: QueryBatch) -> Scores:
        return self._table[[self._rows[qid] for qid in queries.qids]]


class Study:
    """Questions with both retrievers' scores, and what the fit makes of a part of them."""

    def __init__(self, project: Path, seed: int) -> None:
        workspace = Workspace(project)
        corpus, dev = passages(workspace), synthetic(workspace, "dev")
        order = np.random.default_rng(seed).permutation(len(dev))
        self.labels = [dev[at] for at in sorted(order[: 2 * HELD_OUT])]
        row_of = {question.qid: row for row, question in enumerate(questions(workspace))}
        vectors = question_vectors(workspace, "base")[[row_of[label.qid] for label in self.labels]]
        dense = vectors.astype(np.float32) @ passage_vectors(workspace, "base").astype(np.float32).T
        params = Bm25Params()
        index = Bm25(index_terms(corpus.texts, params.tokenizer), params)
        bm25 = index.all_scores(index_terms([label.text for label in self.labels], params.tokenizer))
        rows = {label.qid: row for row, label in enumerate(self.labels)}
        self.scores = {"bm25": bm25, "dense": dense}
        self.pipeline = SearchPipeline(corpus, [Known(name, of, rows) for name, of in self.scores.items()])
        rankings = {**self.scores, "fused": weighted_sum(self.scores, {"bm25": 1.0, "dense": 1.0})}
        self.ranked = [
            {name: [str(at) for at in top(of[row], DEPTH)[0]] for name, of in rankings.items()}
            for row in range(len(self.labels))
        ]

    def weight(self, chosen: Sequence[int]) -> float:
        """The weight of BM25 beside dense that the product fits on these questions."""
        labels = [self.labels[row] for row in chosen]
        qids = [label.qid for label in labels]
        batch = QueryBatch(qids, qids, [[] for _ in qids], np.zeros((len(qids), 1), dtype=np.float16))
        return fit_fusion(self.pipeline, ["bm25", "dense"], batch, labels, FITTED).weights["bm25"]

    def mrr(self, weight: float, chosen: Sequence[int]) -> float:
        """MRR@10 of a weight on these questions."""
        own = {name: zscore(of[list(chosen)]) for name, of in self.scores.items()}
        ranks = first_relevant_rank(
            own["dense"] + weight * own["bm25"], [self.labels[at].relevant for at in chosen]
        )
        return float(reciprocal_rank(np.asarray(ranks)).mean())

    def order(self, pool: Sequence[int], share: float | None, seed: int) -> list[int]:
        """The pool in the order of judging; a share of None is a plain random order."""
        if share is None:
            return [int(at) for at in np.random.default_rng(seed).permutation(pool)]
        ranked = {str(at): self.ranked[at] for at in pool}
        chosen = choose_queries(ranked, PoolSettings(DEPTH, None, share, seed=seed))
        return [int(qid) for qid, _ in chosen]


def run(study: Study, trials: int) -> list[dict[str, Any]]:
    """One row a trial, choice and size: distance to the whole pool's weight, MRR lost on others."""
    rows: list[dict[str, Any]] = []
    grid = FITTED.bm25_weights
    for trial in range(trials):
        drawn = np.random.default_rng([7, trial]).permutation(len(study.labels)).tolist()
        pool, held_out = drawn[:POOL], drawn[-HELD_OUT:]
        reached = {weight: study.mrr(weight, held_out) for weight in grid}
        whole = study.weight(pool)
        for choice, share in CHOICES.items():
            order = study.order(pool, share, trial)
            for size in SIZES:
                weight = study.weight(order[:size])
                lost = reached[whole] - reached[weight]
                rows.append({"choice": choice, "queries": size, "moved": abs(weight - whole), "lost": lost})
        print(f"trial {trial + 1} of {trials}: the whole pool's weight is {whole}", flush=True)
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Means by size and choice."""
    lines = ["| judged queries | " + " | ".join(f"{name}: moved, MRR lost" for name in CHOICES) + " |"]
    lines.append("|---:|" + "---:|" * len(CHOICES))
    for size in SIZES:
        cells = []
        for name in CHOICES:
            own = [row for row in rows if row["choice"] == name and row["queries"] == size]
            moved, lost = (float(np.mean([row[key] for row in own])) for key in ("moved", "lost"))
            cells.append(f"{moved:.3f}, {lost:+.4f}")
        lines.append(f"| {size} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def chart(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means with their standard error over the trials: how far the weight is off, and what that costs."""
    x = {"field": "queries", "type": "quantitative", "title": "judged queries"}
    colour = {"field": "choice", "type": "nominal", "title": None, "sort": list(CHOICES)}

    def panel(field: str, title: str) -> dict[str, Any]:
        y = {"field": field, "type": "quantitative", "title": title}
        band = {"type": "errorband", "extent": "stderr", "opacity": 0.15}
        return {
            "width": 520, "height": 200, "encoding": {"x": x, "color": colour},
            "layer": [
                {"mark": band, "encoding": {"y": y}},
                {"mark": {"type": "line", "point": True}, "encoding": {"y": {**y, "aggregate": "mean"}}},
            ],
        }  # fmt: skip

    panels = [panel("moved", "BM25 weight: distance to the pool's"), panel("lost", "MRR@10 lost elsewhere")]
    schema = "https://vega.github.io/schema/vega-lite/v6.json"
    return {"$schema": schema, "background": "white", "data": {"values": list(rows)}, "vconcat": panels}


def main() -> None:
    import vl_convert

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--trials", type=int, default=20)
    arguments = parser.parse_args()
    study = Study(arguments.project, seed=42)
    rows = run(study, arguments.trials)
    print(table(rows))
    arguments.out.write_text(vl_convert.vegalite_to_svg(json.dumps(chart(rows))), encoding="utf-8")


if __name__ == "__main__":
    main()
