"""BM25's score as text before the passage (Askari et al. 2023) in a cross-encoder: KorQuAD by article.

python -m benchmarks.reranker.bm25_text KorQuAD_v1.0_dev.json OUT [--seeds 1 2] [--forms plain global list]

A LoRA cross-encoder over the builtin encoder is trained on the same lists with the same seeds: `plain`
without a number; `global` and `list` with one from 0 to 100, the BM25 score between the smallest and the
largest of all training candidates, or of the list. Scores stay in OUT: a later call trains what is missing,
--table prints alone. The blend with the fused score has the weight that dev chooses for each model.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import sunwi.train.reranker.cross_encoder as training
from benchmarks.reranker.by_article import MOST, write_lists
from sunwi.models.cross_encoder import logits_of
from sunwi.models.loading import load_tokenizer, load_weights
from sunwi.models.resolver import resolve
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.records.mined import CandidateList
from sunwi.score.significance import bca_intervals, paired_randomisation
from sunwi.search.ranking_quality import first_ranks, reciprocal_rank
from sunwi.search.rerank.blend import FIRST, ScoredList, fit_blend, ranked_relevance
from sunwi.train.reranker.lists import TrainingList, training_lists
from sunwi.train.reranker.quality import solved

CROSS = "cross_encoder"
GRID = [0.0, 0.1, 0.15, 0.25, 0.35, 0.5, 0.75, 1.0]
SETTINGS = {
    "max_steps": 80, "batch_size": 8, "negatives": 3, "max_length": 224, "max_positive_share": 2.0,
}  # fmt: skip
BASE = "builtin/multilingual-e5-small"


class Numbers:
    """Passages with BM25's score as a whole number from 0 to 100 before them."""

    def __init__(self, form: str, lists: Sequence[CandidateList], texts: Mapping[str, str]) -> None:
        self.form, self.texts = form, texts
        scores = [hit.components["bm25"] for one in lists for hit in one.candidates]
        self.low, self.high = min(scores), max(scores)

    def of(self, one: CandidateList) -> dict[str, str]:
        """Text of each candidate by docid."""
        if self.form == "plain":
            return {hit.docid: self.texts[hit.docid] for hit in one.candidates}
        scores = [hit.components["bm25"] for hit in one.candidates]
        low, high = (self.low, self.high) if self.form == "global" else (min(scores), max(scores))
        spread = max(high - low, 1e-9)
        return {
            hit.docid: f"{round(100 * min(1.0, max(0.0, (score - low) / spread)))} {self.texts[hit.docid]}"
            for hit, score in zip(one.candidates, scores, strict=True)
        }


def use_bfloat16() -> None:
    """Train in bfloat16 on this CPU: matrix units make it twice as fast, and both forms get the same."""
    training.inference_dtype = lambda _: "bfloat16"  # type: ignore[attr-defined]  # the trainer's own switch is a GPU's


def scores_of(folder: Path, lists: Sequence[CandidateList], numbers: Numbers, depth: int, length: int) -> Any:
    import torch
    from transformers import AutoModelForSequenceClassification

    model = load_weights(AutoModelForSequenceClassification, folder, dtype=torch.float32).eval()
    pairs = [(one.query, numbers.of(one)[hit.docid]) for one in lists for hit in one.candidates[:depth]]
    with torch.autocast("cpu", torch.bfloat16):
        return logits_of(load_tokenizer(folder), model, torch.device("cpu"), pairs, length)


def one_run(
    form: str, seed: int, lists: Mapping[str, list[CandidateList]], texts: Mapping[str, str], options: Any
) -> None:
    path = options.out / f"{form}_{seed}.npz"
    if path.exists():
        return
    numbers = Numbers(form, lists["train"], texts)
    settings = TrainRerankerParams.model_validate(options.settings)
    chosen: list[TrainingList] = []
    for one in lists["train"]:
        cut = one.model_copy(update={"candidates": one.candidates[: options.depth]})
        chosen += training_lists([cut], numbers.of(one), settings, 0.95)[0]
    began, folder = time.process_time(), options.out / f"{form}_{seed}"
    if not (folder / "merged").exists():  # killed while it scored
        _, curve = training.train_reranker(resolve(BASE).folder, BASE, chosen, settings, seed, folder)
        first, last = (
            np.mean([row["loss"] for row in curve[:5]]),
            np.mean([row["loss"] for row in curve[-10:]]),
        )
        print(f"{form}, seed {seed}: {len(chosen)} lists, loss {first:.3f} to {last:.3f}", flush=True)
    trained = time.process_time()
    found = {
        split: scores_of(folder / "merged", lists[split], numbers, options.depth, settings.max_length)
        for split in ("dev", "test")
    }
    seconds = trained - began, time.process_time() - trained
    print(f"{form}, seed {seed}: {seconds[0]:.0f} CPU s to train, {seconds[1]:.0f} to score", flush=True)
    np.savez(path, **found)


def scored(lists: Sequence[CandidateList], values: npt.NDArray[np.float32], depth: int) -> list[ScoredList]:
    heads = [one.candidates[:depth] for one in lists]
    parts = np.split(values, np.cumsum([len(head) for head in heads])[:-1])
    return [
        ScoredList(
            {FIRST: np.array([hit.score for hit in head], dtype=np.float32), CROSS: part},
            np.array([bool(hit.label) for hit in head]),
        )
        for head, part in zip(heads, parts, strict=True)
    ]


def gain(name: str, before: npt.NDArray[np.bool_], after: Sequence[npt.NDArray[np.bool_]]) -> str:
    """A row: figures of one order averaged over seeds, and the change from another order."""
    hits = np.mean([solved(of) for of in after], axis=0)
    change = hits - solved(before)
    ranks = np.mean([reciprocal_rank(first_ranks(of), cutoff=np.inf) for of in after], axis=0)
    low, high = bca_intervals(change[:, None], 0.95, 10_000, 1)[0]
    p_value = paired_randomisation(change, 10_000, 1)
    moved = [(solved(of) & ~solved(before), solved(before) & ~solved(of)) for of in after]
    counts = "; ".join(f"{won.sum()}, {lost.sum()}" for won, lost in moved)
    return (
        f"| {name} | {hits.mean():.4f} | {ranks.mean():.4f} | {change.mean():+.4f} [{low:+.4f}, {high:+.4f}] "
        f"| {p_value:.4f} | {counts} |"
    )


def against(name: str, plain: Sequence[Any], other: Sequence[Any]) -> str:
    """The paired test between two forms, both averaged over seeds."""
    cells = []
    for measure in (solved, lambda of: reciprocal_rank(first_ranks(of), cutoff=np.inf)):
        change = np.mean([measure(of) for of in other], axis=0) - np.mean(
            [measure(of) for of in plain], axis=0
        )
        low, high = bca_intervals(change[:, None], 0.95, 10_000, 1)[0]
        p_value = paired_randomisation(change, 10_000, 1)
        cells.append(f"{change.mean():+.4f} [{low:+.4f}, {high:+.4f}], p {p_value:.4f}")
    return f"| {name} | {' | '.join(cells)} |"


def table(lists: Mapping[str, list[CandidateList]], options: Any) -> None:
    test = lists["test"]
    hits: dict[tuple[str, str], list[npt.NDArray[np.bool_]]] = {}
    curves: dict[str, list[list[npt.NDArray[np.bool_]]]] = {}
    fused: npt.NDArray[np.bool_] | None = None
    for form in options.forms:
        for seed in options.seeds:
            if not (options.out / f"{form}_{seed}.npz").exists():
                continue
            with np.load(options.out / f"{form}_{seed}.npz") as stored:
                of = {split: scored(lists[split], stored[split], options.depth) for split in ("dev", "test")}
            weights, _ = fit_blend(of["dev"], [CROSS], GRID)
            print(f"{form}, seed {seed}: dev chooses weight {weights[CROSS]:g}")
            fused = ranked_relevance(of["test"], {})
            alone = ranked_relevance(of["test"], {FIRST: 0.0, CROSS: 1.0})
            hits.setdefault((form, "alone"), []).append(alone)
            hits.setdefault((form, "blended"), []).append(ranked_relevance(of["test"], weights))
            curves.setdefault(form, []).append(
                [ranked_relevance(of["test"], {CROSS: weight}) for weight in GRID]
            )
    if fused is None:
        return
    print(f"\n{len(test)} questions of unseen articles, first {options.depth}\n")
    print("| order | Hit@1 | MRR | change in Hit@1 from fused | p | solved, lost by seed |")
    print("|---|---|---|---|---|---|")
    print(gain("fused", fused, [fused]))
    for (form, way), of_seeds in hits.items():
        print(gain(f"{form} {way}", fused, of_seeds))
    print("\n| against plain | Hit@1 | MRR |\n|---|---|---|")
    for (form, way), of_form in hits.items():
        if form != "plain" and ("plain", way) in hits:
            print(against(f"{form} {way}", hits["plain", way], of_form))
    print(f"\n| weight of the cross-encoder | {' | '.join(map(str, GRID))} |\n|{'---|' * (len(GRID) + 1)}")
    for form, of_seeds in curves.items():
        cells = []
        for at in range(len(GRID)):
            ranks = np.mean([reciprocal_rank(first_ranks(of[at]), cutoff=np.inf) for of in of_seeds], axis=0)
            change = ranks - reciprocal_rank(first_ranks(fused), cutoff=np.inf)
            low, high = bca_intervals(change[:, None], 0.95, 10_000, 1)[0] if at else (0.0, 0.0)
            cells.append(f"{100 * change.mean():+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]")
        print(f"| {form}, points of MRR | {' | '.join(cells)} |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--forms", nargs="+", default=["plain", "global"], choices=["plain", "global", "list"]
    )
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--dev", type=int, default=300, help="dev questions that choose the weight")
    parser.add_argument("--test", type=int, default=1000)
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=JSON", help="of train_reranker")
    parser.add_argument("--table", action="store_true", help="of what has run")
    options = parser.parse_args()
    changes = {key: json.loads(value) for key, _, value in (pair.partition("=") for pair in options.set)}
    options.settings = SETTINGS | changes
    passages, lists = write_lists(options.file, options.out, MOST)
    lists |= {"dev": lists["dev"][: options.dev], "test": lists["test"][: options.test]}
    use_bfloat16()
    if not options.table:
        for seed in options.seeds:
            for form in options.forms:
                one_run(form, seed, lists, passages.text_of, options)
    table(lists, options)
