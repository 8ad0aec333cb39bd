"""The learned ranker on KorQuAD: fitted on half of the articles, read on the other half; three splits.

python -m benchmarks.search.learned_head KorQuAD_v1.0_dev.json [--curve 100 300 1000] [--drop NAME ...]

Untuned encoder, BM25 + dense, fusion fitted on the first half. --curve: with so many questions of it alone.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from sunwi.corpus.importers.squad import read_squad
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.params.learning_to_rank import LearningToRankParams
from sunwi.params.whole import Params
from sunwi.paths import INDEX
from sunwi.records.files import read_json
from sunwi.runtime import hash_share, text_hash
from sunwi.search.fusion.fitting import fit_fusion
from sunwi.search.fusion.method import Fusion
from sunwi.search.index.terms import overlap_terms
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, QueryBatch, make_queries
from sunwi.search.pipeline import build_pipeline
from sunwi.text import overlap
from sunwi.train.learned.fit import FeatureList, fit_weights, ranked_hits
from sunwi.train.learned.lists import feature_lists
from sunwi.train.learned.run import learn_to_rank
from sunwi.train.learned.settings import RankerSections
from sunwi.train.reranker.movement import movement
from sunwi.train.reranker.quality import quality, solved
from sunwi.workspace.base import Workspace
from sunwi.workspace.encoders import encoder, labelled_batch
from sunwi.workspace.labels import natural
from sunwi.workspace.retrieval import local_pipeline

NAMES = ["bm25", "dense"]
SETS = {
    "the retrievers' scores and ranks": ("fused_", "bm25_", "dense_"),
    "+ share of terms by idf": ("fused_", "bm25_", "dense_", "coverage"),
    "+ the best window instead": ("fused_", "bm25_", "dense_", "window"),
    "+ both": ("fused_", "bm25_", "dense_", "coverage", "window"),
    "all": ("",),
}


def read(path: Path, params: Params) -> tuple[Passages, list[LabelledQuestion], list[str]]:
    """Passages, all questions as dev labels, and the article of each."""
    draft = read_squad([path], tune_share=1.0)
    passages = Passages.of([row for _, row in draft.documents])
    article = {row.docid: str(row.src) for _, row in draft.documents}
    asked = [row for _, row in draft.questions]
    of_passages = overlap_terms(passages.texts, params.bm25.tokenizer)
    terms = overlap_terms([row.question for row in asked], params.bm25.tokenizer)
    labels = [
        LabelledQuestion(
            f"q{at:05d}", row.question, (passages.position[row.docid],), "dev", "natural",
            overlap(of_question, of_passages[passages.position[row.docid]]),
        )
        for at, (row, of_question) in enumerate(zip(asked, terms, strict=True))
    ]  # fmt: skip
    return passages, labels, [article[row.docid] for row in asked]


def rows_of(batch: QueryBatch, rows: np.ndarray) -> QueryBatch:
    chosen = rows.tolist()
    return QueryBatch(
        [batch.qids[row] for row in chosen], [batch.texts[row] for row in chosen],
        [batch.terms[row] for row in chosen], batch.vectors[rows],
    )  # fmt: skip


def line(name: str, before: np.ndarray, after: np.ndarray) -> str:
    moved = movement(solved(before), solved(after), 1)
    low, high = moved.interval or (0.0, 0.0)
    figures = quality(after)
    return (
        f"| {name} | {figures['hit1']:.4f} | {figures['mrr']:.4f} | {moved.hit1_change:+.4f} "
        f"[{low:+.4f}, {high:+.4f}] | {moved.failed_solved} | {moved.solved_failed} | {moved.p_value:.4f} |"
    )


def columns(lists: list[FeatureList], names: list[str], starts: tuple[str, ...]) -> list[FeatureList]:
    kept = [at for at, name in enumerate(names) if name.startswith(starts)]
    return [FeatureList(one.qid, one.group, one.features[:, kept], one.relevant) for one in lists]


def one_split(split: int, everything: tuple[Any, ...], params: Params, options: argparse.Namespace) -> None:
    search, batch, labels, articles = everything
    salt = "tune" if split == 1 else f"tune{split}"
    first = np.array([hash_share(salt, article) < 0.5 for article in articles])
    parts = np.flatnonzero(first), np.flatnonzero(~first)
    halves = [(rows_of(batch, half), [labels[row] for row in half]) for half in parts]
    fitted = fit_fusion(search, NAMES, *halves[0], params.fusion)
    fusion, settings = Fusion("weighted", fitted.weights), params.learning_to_rank
    made = [
        feature_lists(search, fusion, queries, of_half, settings, params.bm25.tokenizer, NAMES)
        for queries, of_half in halves
    ]
    names = made[0][1]
    tuning, test = made[0][0], made[1][0]
    before = ranked_hits(test, None)
    print(
        f"\nsplit {split}: {len(tuning)} questions to fit, {len(test)} to read; BM25 weight "
        f"{fitted.weights['bm25']:g}; among the first {settings.depth}: {before.any(axis=1).mean():.4f}"
    )
    print("| features | Hit@1 | MRR | change [95 %] | solved | lost | p |\n|---|---|---|---|---|---|---|")
    print(line("fused", before, before))
    usable = [one for one in tuning if one.has_pair]
    for title, starts in SETS.items():
        weights = fit_weights(columns(usable, names, starts), settings.regularisation)
        print(line(title, before, ranked_hits(columns(test, names, starts), weights)))
    for name in options.drop:
        starts = tuple(other for other in names if other != name)
        weights = fit_weights(columns(usable, names, starts), settings.regularisation)
        print(line(f"all but {name}", before, ranked_hits(columns(test, names, starts), weights)))
    by_hash = sorted(tuning, key=lambda one: text_hash("curve", str(split), one.qid))
    for count in [*options.curve, len(tuning)]:
        few = settings.model_copy(update={"min_questions": 1})
        ranker, metrics = learn_to_rank(by_hash[:count], names, few, params.seed, params.score.confidence)
        weights = fit_weights([one for one in by_hash[:count] if one.has_pair], settings.regularisation)
        verdict = "admitted" if ranker.used else "refused"
        p_values = f"own p of MRR {metrics['mrr_change_p']:.4f}, of Hit@1 {metrics['hit1_change_p']:.4f}"
        print(
            line(f"{count} questions: {verdict}, {p_values}", before, ranked_hits(test, weights)), flush=True
        )
    for project in options.carry:
        carried(Workspace(project), weights, settings, split)
    print({name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)})


def carried(workspace: Workspace, weights: np.ndarray, settings: LearningToRankParams, split: int) -> None:
    """The split's weights on a project's own judged questions, dev and test, over its own fitted fusion."""
    labels = natural(workspace, "dev") + natural(workspace, "test")
    fitted = read_json(workspace.path(INDEX) / "fusion_base.json")["+".join(NAMES)]
    search, batch = (
        local_pipeline(workspace, "base"),
        labelled_batch(workspace, encoder(workspace, "base"), labels),
    )
    tokenizer = workspace.params(RankerSections).bm25.tokenizer
    fusion = Fusion("weighted", fitted)
    lists, names = feature_lists(search, fusion, batch, labels, settings, tokenizer, NAMES)
    before = ranked_hits(lists, None)
    print(line(f"carried to {len(lists)} questions of {workspace.root.name}: fused", before, before))
    print(
        line(
            f"carried to {len(lists)} questions of {workspace.root.name}", before, ranked_hits(lists, weights)
        )
    )
    few = settings.model_copy(update={"min_questions": 1})
    ranker, _ = learn_to_rank(lists, names, few, split, 0.95)
    print(f"fitted on them alone, whatever their number: {ranker.reason}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--splits", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--curve", type=int, nargs="*", default=[])
    parser.add_argument("--drop", nargs="*", default=[])
    parser.add_argument("--carry", type=Path, nargs="*", default=[], help="projects after fit_fusion_base")
    parser.add_argument("--regularisation", type=float, default=Params().learning_to_rank.regularisation)
    options = parser.parse_args()
    params = Params()
    of_section = params.learning_to_rank.model_copy(update={"regularisation": options.regularisation})
    params = params.model_copy(update={"learning_to_rank": of_section})
    passages, labels, articles = read(options.file, params)
    floats = params.encoder.model_copy(update={"precision": "float32"})
    model = Encoder.of(resolve(params.encoder.model), floats)
    vectors = model.encode(passages.texts, "passage", params.encoder.max_length)
    qids, texts = [label.qid for label in labels], [label.text for label in labels]
    length, tokenizer = params.encoder.query_max_length, params.bm25.tokenizer
    batch = make_queries(qids, texts, model, length, tokenizer)
    search = build_pipeline(passages, vectors, params.bm25)
    for split in options.splits:
        one_split(split, (search, batch, labels, articles), params, options)
