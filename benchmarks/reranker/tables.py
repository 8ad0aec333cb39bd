"""Tables of the reranker's proof: quality of every order, paired tests, and what a second stage moved."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from sunwi.records.mined import CandidateList
from sunwi.score.significance import bca_intervals, paired_randomisation
from sunwi.search.rerank.blend import FIRST, ScoredList, fit_blend, ranked_relevance
from sunwi.train.reranker.movement import movement
from sunwi.train.reranker.quality import quality, solved

GRID = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0]
TUNED = "late_interaction_tuned"
BASES = {"dense": "dense", "hybrid": "BM25 + dense"}
COUNTS = ("solved_to_solved", "solved_to_failed", "failed_to_solved", "failed_to_failed")
UNTRAINED, STAGE1, STAGE2 = "untrained MaxSim", "stage 1", "stage 2"

Places = dict[str, np.ndarray]  # order to which places are relevant, [questions, places]
Weights = dict[str, dict[str, float]]  # of each blended order


def scored_lists(
    lists: Sequence[CandidateList], first: str, scores: Mapping[str, np.ndarray]
) -> list[ScoredList]:
    """Lists with the retriever's own scores and, of each scorer, its part of one long row."""
    borders = np.cumsum([0, *(len(one.candidates) for one in lists)])
    return [
        ScoredList(
            {FIRST: np.array([hit.components[first] for hit in one.candidates], dtype=np.float32)}
            | {name: values[start:end] for name, values in scores.items()},
            np.array([bool(hit.label) for hit in one.candidates]),
        )
        for one, (start, end) in zip(lists, pairwise(borders), strict=True)
    ]


def fitted(lists: Sequence[CandidateList], scores: np.ndarray, stage: str, rows: Sequence[int]) -> Weights:
    """The weights of a stage blended with each base order, fitted on some rows of the dev lists."""
    found = {}
    for base, title in BASES.items():
        of = scored_lists(lists, base, {TUNED: scores})
        found[f"{stage} blended with {title}"] = fit_blend([of[at] for at in rows], [TUNED], GRID)[0]
    return found


def orders(lists: Sequence[CandidateList], scores: Mapping[str, np.ndarray], weights: Weights) -> Places:
    """Each stage alone and blended with each base order."""
    found: Places = {}
    for base, title in BASES.items():
        for stage, values in scores.items():
            of = scored_lists(lists, base, {TUNED: values})
            found[f"{stage} alone"] = ranked_relevance(of, {FIRST: 0.0, TUNED: 1.0})
            found[f"{stage} blended with {title}"] = ranked_relevance(
                of, weights[f"{stage} blended with {title}"]
            )
    return found


def base_orders(lists: Sequence[CandidateList]) -> Places:
    """The orders that need no reranker."""
    return {
        f"{title} order": ranked_relevance(scored_lists(lists, base, {}), {}) for base, title in BASES.items()
    }


def compare(fixed: Places, tuned: Mapping[int, Places]) -> None:
    """Print the quality of every order, mean and spread over seeds, and the paired tests over questions."""
    print("| order | Hit@1 | MRR | nDCG@10 |\n|---|---|---|---|")
    for name, places in fixed.items():
        of = quality(places)
        print(f"| {name} | {of['hit1']:.4f} | {of['mrr']:.4f} | {of['ndcg10']:.4f} |")
    hits = {name: solved(places).astype(float) for name, places in fixed.items()}
    for name in next(iter(tuned.values()), {}):
        if any(name not in of for of in tuned.values()):
            continue  # a stage that not every seed has run
        each = [quality(of[name]) for of in tuned.values()]
        cells = [
            f"{np.mean([of[key] for of in each]):.4f} ± {np.std([of[key] for of in each]):.4f}"
            for key in ("hit1", "mrr", "ndcg10")
        ]
        print(f"| {name} | {' | '.join(cells)} |")
        hits[name] = np.mean([solved(of[name]) for of in tuned.values()], axis=0)
    own, ways = "BM25 + dense", ["alone", *(f"blended with {title}" for title in BASES.values())]
    compared = [
        *((f"{STAGE1} {way}", f"{UNTRAINED} {way}") for way in ways),
        (f"{STAGE1} blended with {own}", f"{own} order"),
        *((f"{STAGE2} {way}", f"{STAGE1} {way}") for way in ways),
    ]
    print("\n| Hit@1 of | against | change | 95 % interval | p |\n|---|---|---|---|---|")
    for name, other in compared:
        if name not in hits:
            continue
        change = hits[name] - hits[other]
        low, high = bca_intervals(change[:, None], 0.95, 10_000, 1)[0]
        p_value = paired_randomisation(change, 10_000, 1)
        print(f"| {name} | {other} | {change.mean():+.4f} | [{low:+.4f}, {high:+.4f}] | {p_value:.4f} |")


def second_stage(facts: Mapping[int, Mapping], tuned: Mapping[int, Places], base: str) -> None:
    """Print what each seed's second stage moved beside `base`: test, gate, siblings of its failures."""
    print("\n| seed | step | failures of stage 1 | solved | lost | left | p | gate | CPU s 1, 2 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for seed, of in facts.items():
        was, now = (solved(tuned[seed][f"{stage} blended with {base}"]) for stage in (STAGE1, STAGE2))
        moved = movement(was, now, seed)
        one, two = of["stage1"], of["stage2"]
        print(
            f"| {seed} | {two['best_step']} of {two['steps']} | {(~was).sum()} | {moved.failed_solved} | "
            f"{moved.solved_failed} | {(~now).sum()} | {moved.p_value:.3f} | {of['gate']['reason']} | "
            f"{one['cpu_seconds']}, {two['cpu_seconds']} ({two['watch_cpu_seconds']} of it watching) |"
        )
    for part in ("gate", "siblings"):
        print(f"\n| seed | failures of stage 1, {part} | solved | lost | left | questions | p |")
        print("|---|---|---|---|---|---|---|")
        for seed, of in facts.items():
            kept, lost, won, open_ = (of[part][name] for name in COUNTS)
            print(
                f"| {seed} | {won + open_} | {won} | {lost} | {open_ + lost} | "
                f"{kept + lost + won + open_} | {of[part]['hit1_change_p']} |"
            )
