"""Both stages of the late-interaction reranker on questions of unseen documents, over several seeds.

PYTHONPATH=stages python benchmarks/reranker_proof.py PROJECT OUT [--seeds 1 2 3] [--set KEY=JSON ...]

PROJECT is a folder in which `dvc repro fit_fusion` has run with questions of its own (docs/reranker.md). Its
evaluation questions are the test; `--test half-dev` takes half of the dev documents instead. Every stage is
the package's; what the layers below the adapter say of each text is computed once and kept in OUT. Settings
are read on dev, the test questions are scored at the end alone.
"""

import argparse
import json
import os
import time
from itertools import pairwise
from pathlib import Path

import numpy as np

from project import (
    INDEX,
    PREPARED,
    QUERIES,
    as_queries,
    encoder,
    false_negative_rules,
    passages,
    pipeline,
    questions,
)
from sunwi.corpus.prepare import load_prepared
from sunwi.mining.pairs import candidate_lists
from sunwi.models.encoder import Encoder, load_encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import resolve
from sunwi.params import TrainRerankerParams, TrainRerankerTargetedParams, load_params
from sunwi.records import CandidateList, UnderstoodQuery, read_json, read_rows, write_json, write_rows
from sunwi.runtime import text_hash
from sunwi.score.significance import bca_intervals, paired_randomisation
from sunwi.search.blend import FIRST, ScoredList, fit_blend, list_mrr
from sunwi.search.labelled import natural_questions, synthetic_questions
from sunwi.search.pipeline import Fusion
from sunwi.search.store import load_vectors
from sunwi.train.augment import augment_failures
from sunwi.train.failure_parts import parts_of
from sunwi.train.failures import collect_failures, failure_metrics
from sunwi.train.frozen_layers import FrozenOutputs, reuse_frozen_layers
from sunwi.train.reranker_gate import decide
from sunwi.train.reranker_late import train_late_interaction
from sunwi.train.reranker_lists import training_lists
from sunwi.train.reranker_quality import movement, quality, relevances, solved
from sunwi.train.reranker_watch import Watch
from sunwi.train.targeted_lists import failure_lists, replayed

EMBEDDER = "models/embedder"
QUERY_LENGTH, LENGTH, LAYERS = 64, 256, 12
GRID = [0.0, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0]
SPLITS, NEAR_TOPIC = ("train", "dev", "test"), 0.2
UNTRAINED, TUNED = "late_interaction", "late_interaction_tuned"
STAGE1 = {
    "method": "late_interaction", "max_length": LENGTH, "lora_layers": 2, "max_positive_share": 3.0,
    "negatives": 3, "max_steps": 60, "batch_size": 16, "learning_rate": 5e-4, "group_passages": True,
}  # fmt: skip
STAGE2 = {"max_steps": 6, "learning_rate": 2e-4, "replay": 2.0, "evaluate_every": 6, "tolerance": 0.005}


def write_lists(out: Path, test: str, most: int) -> None:
    """Candidate lists of BM25 and the dense retriever for the train, dev and test questions."""
    if (out / "lists_test.jsonl").exists():
        return
    params, corpus = load_params(), passages()
    made = synthetic_questions(questions(), corpus, {"train", "dev"})
    parts = {split: [one for one in made if one.split == split] for split in ("train", "dev")}
    if test == "half-dev":

        def is_test(one) -> bool:
            return int(text_hash("half", corpus.groups[one.relevant[0]]), 16) % 2 == 1

        parts["test"] = [one for one in parts["dev"] if is_test(one)]
        parts["dev"] = [one for one in parts["dev"] if not is_test(one)]
    else:
        understood = read_rows(QUERIES / "understood.jsonl", UnderstoodQuery)
        qrels = load_prepared(PREPARED).qrels
        parts["test"] = natural_questions(understood, qrels, corpus, "test", params.bm25.tokenizer)
    fusion = Fusion("weighted", read_json(INDEX / "fusion.json")["promoted"]["bm25+dense"])
    search, model = pipeline("promoted", corpus, params), encoder("promoted", params)
    rules = false_negative_rules(corpus, params)
    for split, of in parts.items():
        some = sorted(sorted(of, key=lambda one: text_hash(one.qid))[:most], key=lambda one: one.qid)
        queries = as_queries(some, model, params)
        rows = candidate_lists(search, ["bm25", "dense"], fusion, queries, some, 15, rules)
        write_rows(out / f"lists_{split}.jsonl", [one.model_copy(update={"split": split}) for one in rows])


class Scorer:
    """MaxSim of any fine-tuned copy of the encoder; the layers that all copies share run once a text."""

    def __init__(self, out: Path, shared: int) -> None:
        self.path, self.shared = out / f"states{shared}.pt", shared
        self.frozen = FrozenOutputs(6 << 30)

    def load(self) -> None:
        """What an earlier call computed."""
        if self.path.exists():
            import torch

            self.frozen._known = torch.load(self.path)

    def keep(self) -> None:
        if self.frozen.computed:
            import torch

            torch.save(self.frozen._known, self.path)
            self.frozen.computed = 0

    def __call__(self, folder: str, pairs: list[tuple[str, str]]) -> np.ndarray:
        import torch

        info = resolve(folder)
        model = load_encoder(info.folder, torch.float32).eval()
        reuse_frozen_layers(model, self.shared, self.frozen)
        live = Encoder(info).with_model(model, torch.device("cpu"))
        return LateInteraction(live, QUERY_LENGTH, LENGTH).fresh(pairs)


def pairs_of(lists, texts) -> list[tuple[str, str]]:
    return [(one.query, texts[hit.docid]) for one in lists for hit in one.candidates]


def scored_lists(lists, first: str, scores: dict[str, np.ndarray]) -> list[ScoredList]:
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


def reordered(lists: list[CandidateList], first: str, depth: int) -> list[CandidateList]:
    """The first `depth` candidates of each list, ordered and scored by one component or the fused score."""
    found = []
    for one in lists:
        kept = [
            hit.model_copy(update={"components": {**hit.components, "hybrid": hit.score}})
            for hit in one.candidates[:depth]
        ]
        kept = [hit.model_copy(update={"score": hit.components[first]}) for hit in kept]
        kept.sort(key=lambda hit: (-hit.score, hit.docid))
        rank = next((at for at, hit in enumerate(kept, start=1) if hit.label), None)
        found.append(one.model_copy(update={"candidates": kept, "positive_rank": rank}))
    return found


class Proof:
    """One data set: its lists, the untrained scores, and a run of both stages for each seed."""

    def __init__(
        self, out: Path, first: str, depth: int, stage1: dict, stage2: dict, with_states: bool
    ) -> None:
        self.out, self.first, self.depth = out, first, depth
        self.corpus, self.params = passages(), load_params()
        self.texts = dict(zip(self.corpus.docids, self.corpus.texts, strict=True))
        self.stage1 = TrainRerankerParams.model_validate(stage1)
        self.stage2 = TrainRerankerTargetedParams.model_validate(stage2)
        self.lists = {
            split: reordered(read_rows(out / f"lists_{split}.jsonl", CandidateList), first, depth)
            for split in SPLITS
        }
        self.score = Scorer(out, LAYERS - self.stage1.lora_layers)
        if with_states:
            self.score.load()
        self.untrained = self._all("untrained", EMBEDDER, SPLITS)

    def _all(self, name: str, folder: str, splits: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Scores by split; all splits in one go, so that a passage is encoded once."""
        path = self.out / f"{name}_scores.npz"
        if not path.exists():
            pairs = {split: pairs_of(self.lists[split], self.texts) for split in splits}
            flat = self.score(folder, [pair for of in pairs.values() for pair in of])
            self.score.keep()
            ends = np.cumsum([len(of) for of in pairs.values()])[:-1]
            np.savez(path, **dict(zip(pairs, np.split(flat, ends), strict=True)))
        with np.load(path) as stored:
            return {split: stored[split] for split in splits}

    def first_stage(self, seed: int) -> dict:
        """Stage 1 and its scores of all splits, kept in OUT; facts of the run."""
        folder, kept = self.out / f"stage1_{seed}", self.out / f"stage1_{seed}.json"
        if not kept.exists():
            chosen, counts = training_lists(self.lists["train"], self.texts, self.stage1, 0.95)
            run, curve = self._train(chosen, self.stage1, seed, folder)
            losses = [row["loss"] for row in curve]
            run["loss"] = [round(float(np.mean(losses[at : at + 10])), 3) for at in range(0, len(losses), 10)]
            self._all(f"stage1_{seed}", str(folder / "merged"), SPLITS)
            write_json(kept, {"seed": seed, **counts, "stage1": run})
        return read_json(kept)

    def both_stages(self, seed: int) -> None:
        """Both stages; scores to OUT/stage{1,2}_SEED_scores.npz, facts to OUT/seed_SEED.json."""
        first = self.out / f"stage1_{seed}"
        facts = self.first_stage(seed)
        own = self._all(f"stage1_{seed}", str(first / "merged"), SPLITS)
        scored = {split: self._scored(split, own[split]) for split in ("train", "dev")}
        facts["stage1_weights"], _ = fit_blend(scored["dev"], [TUNED], GRID)
        facts |= self._second(seed, first, scored, facts["stage1_weights"])
        write_json(self.out / f"seed_{seed}.json", facts)

    def _second(self, seed: int, first: Path, scored: dict, weights: dict[str, float]) -> dict:
        """Stage 2 as `tune_targeted` has it, with the shared layers' outputs kept."""
        both, scores = self.lists["train"] + self.lists["dev"], scored["train"] + scored["dev"]
        place = {one.qid: at for at, one in enumerate(both)}
        documents = {one.qid: self._documents(one) for one in both}
        parts = parts_of(self.lists["dev"], documents, self.stage2)
        held = {one.qid for part in ("stop", "gate") for one in parts[part]}
        facts, rows = self._augmented(both, scores, weights)
        rows = [row for row in rows if row.source not in held]
        right = solved(relevances(scores, weights))
        calm = [one for one in both if one.qid not in held and right[place[one.qid]]]
        lists = [
            *failure_lists(rows, {one.qid: one for one in both}, self.texts),
            *replayed(calm, self.texts, self.stage1, 3.0, round(self.stage2.replay * len(rows))),
        ]
        stop = [scores[place[one.qid]] for one in parts["stop"]]
        watch, seconds = self._watch(stop, pairs_of(parts["stop"], self.texts))
        settings = self.stage1.model_copy(
            update={"max_steps": self.stage2.max_steps, "learning_rate": self.stage2.learning_rate}
        )
        second = self.out / f"stage2_{seed}"
        run, _ = self._train(lists, settings, seed, second, first / "adapter", watch)
        after = self._all(f"stage2_{seed}", str(second / "merged"), ("dev", "test"))
        tuned = self._scored("dev", after["dev"])
        of_dev = {one.qid: at for at, one in enumerate(self.lists["dev"])}
        refitted, _ = fit_blend([tuned[of_dev[one.qid]] for one in parts["stop"]], [TUNED], GRID)
        gate = [of_dev[one.qid] for one in parts["gate"]]
        was = solved(relevances([scored["dev"][at] for at in gate], weights))
        now = solved(relevances([tuned[at] for at in gate], refitted))
        moved = movement(was, now, seed)
        verdict = decide(moved, self.stage2)
        run |= {"watch_cpu_seconds": round(sum(seconds), 1), "dev_curve": watch.curve}
        return {
            **facts,
            "stage2": {**run, "best_step": watch.best_step},
            "stage2_weights": refitted,
            "gate": {**moved.as_metrics(), "promoted": verdict.promoted, "reason": verdict.reason},
        }

    def _train(self, lists, settings, seed: int, out: Path, start: Path | None = None, watch=None):
        clock = time.process_time()
        facts, curve = train_late_interaction(
            resolve(EMBEDDER), EMBEDDER, lists, settings, QUERY_LENGTH, seed, out, start, watch,
            self.score.frozen,
        )  # fmt: skip
        return {**facts, "cpu_seconds": round(time.process_time() - clock, 1)}, curve

    def _scored(self, split: str, values: np.ndarray) -> list[ScoredList]:
        return scored_lists(self.lists[split], self.first, {TUNED: values})

    def _augmented(self, both, scores: list[ScoredList], weights: dict[str, float]):
        """Failure notes and what is made of them without an LLM."""
        positives = {
            one.qid: [hit.docid for hit in one.candidates if hit.label] or [one.candidates[0].docid]
            for one in both
        }
        rules = false_negative_rules(self.corpus, self.params)
        groups = dict(zip(self.corpus.docids, self.corpus.groups, strict=True))
        notes = collect_failures(
            both, scores, weights, positives, self.texts, groups, rules.answers_too, NEAR_TOPIC
        )
        vectors = load_vectors(INDEX / "promoted" / "corpus.npy", len(self.corpus)).astype(np.float32)

        def neighbours(docid: str) -> list[str]:
            near = vectors @ vectors[self.corpus.position[docid]]
            return [self.corpus.docids[at] for at in np.argsort(-near, kind="stable")[:50]]

        rows, counts = augment_failures(notes, self.texts, neighbours, rules.answers_too, 2, 3)
        return {"failures": failure_metrics(both, notes, relevances(scores, weights)), "made": counts}, rows

    def _watch(self, stop: list[ScoredList], pairs: list[tuple[str, str]]) -> tuple[Watch, list[float]]:
        """Early stopping by the best blend's MRR, and the CPU seconds that it took."""
        ends = np.cumsum([len(one.relevant) for one in stop])[:-1]
        seconds: list[float] = []

        def best(of: list[ScoredList]) -> float:
            return list_mrr(of, fit_blend(of, [TUNED], GRID)[0])

        def measure(scorer) -> float:
            clock = time.process_time()
            values = np.split(scorer(pairs), ends)
            found = [
                ScoredList({**one.scores, TUNED: of}, one.relevant)
                for one, of in zip(stop, values, strict=True)
            ]
            seconds.append(time.process_time() - clock)
            return best(found)

        return Watch(measure, self.stage2.evaluate_every, self.stage2.patience, start=best(stop)), seconds

    def _documents(self, one: CandidateList) -> set[str]:
        hits = [hit.docid for hit in one.candidates if hit.label] or [one.candidates[0].docid]
        return {self.corpus.groups[self.corpus.position[docid]] for docid in hits}


def systems(proof: "Proof", seed: int | None) -> dict[str, list[np.ndarray]]:
    """Test places of each order; of the seed's stages, or of those that know no seed.

    Every blend's weight is fitted on dev; a second stage's on the part of it that stops its training.
    """
    documents = {one.qid: proof._documents(one) for one in proof.lists["dev"]}
    stop = {one.qid for one in parts_of(proof.lists["dev"], documents, proof.stage2)["stop"]}
    rows = {
        "all": range(len(proof.lists["dev"])),
        "stop": [at for at, one in enumerate(proof.lists["dev"]) if one.qid in stop],
    }
    scorers = (
        [("untrained MaxSim", "untrained", "all")]
        if seed is None
        else [("stage 1", f"stage1_{seed}", "all"), ("stage 2", f"stage2_{seed}", "stop")]
    )
    found = {}
    for base, title in (("dense", "dense"), ("hybrid", "BM25 + dense")):
        if seed is None:
            found[f"{title} order"] = relevances(scored_lists(proof.lists["test"], base, {}), {})
        for name, file, fitted_on in scorers:
            if not (proof.out / f"{file}_scores.npz").exists():
                continue  # a seed whose second stage has not run
            with np.load(proof.out / f"{file}_scores.npz") as stored:
                dev = scored_lists(proof.lists["dev"], base, {TUNED: stored["dev"]})
                test = scored_lists(proof.lists["test"], base, {TUNED: stored["test"]})
            weights, _ = fit_blend([dev[at] for at in rows[fitted_on]], [TUNED], GRID)
            found[f"{name} alone"] = relevances(test, {FIRST: 0.0, TUNED: 1.0})
            found[f"{name} blended with {title}"] = relevances(test, weights)
    return found


def table(proof: "Proof", seeds: list[int]) -> None:
    """Quality of every order, the paired tests over questions (hits averaged over seeds), and each seed."""
    fixed = systems(proof, None)
    tuned = {seed: systems(proof, seed) for seed in seeds}
    print(f"{len(proof.lists['test'])} test questions, depth {proof.depth}, seeds {seeds}\n")
    print("| order | Hit@1 | MRR | nDCG@10 |\n|---|---|---|---|")
    for name, places in fixed.items():
        of = quality(places)
        print(f"| {name} | {of['hit1']:.4f} | {of['mrr']:.4f} | {of['ndcg10']:.4f} |")
    hits = {name: solved(places).astype(float) for name, places in fixed.items()}
    for name in tuned[seeds[0]]:  # a stage that not every seed has run waits
        if any(name not in of for of in tuned.values()):
            continue
        each = [quality(tuned[seed][name]) for seed in seeds]
        cells = [
            f"{np.mean([of[key] for of in each]):.4f} ± {np.std([of[key] for of in each]):.4f}"
            for key in ("hit1", "mrr", "ndcg10")
        ]
        print(f"| {name} | {' | '.join(cells)} |")
        hits[name] = np.mean([solved(tuned[seed][name]) for seed in seeds], axis=0)
    own = "dense" if proof.first == "dense" else "BM25 + dense"
    compared = [
        ("stage 1 alone", "untrained MaxSim alone"),
        *(
            (f"stage 1 blended with {of}", f"untrained MaxSim blended with {of}")
            for of in ("dense", "BM25 + dense")
        ),
        ("stage 1 blended with BM25 + dense", "BM25 + dense order"),
        ("stage 2 alone", "stage 1 alone"),
        *((f"stage 2 blended with {of}", f"stage 1 blended with {of}") for of in ("dense", "BM25 + dense")),
    ]
    print("\n| Hit@1 of | against | change | 95 % interval | p |\n|---|---|---|---|---|")
    for name, other in compared:
        if name not in hits:
            continue
        change = hits[name] - hits[other]
        low, high = bca_intervals(change[:, None], 0.95, 10_000, 1)[0]
        p_value = paired_randomisation(change, 10_000, 1)
        print(f"| {name} | {other} | {change.mean():+.4f} | [{low:+.4f}, {high:+.4f}] | {p_value:.4f} |")
    second = [seed for seed in seeds if (proof.out / f"seed_{seed}.json").exists()]
    print(
        "\n| seed | failures of stage 1 | solved by stage 2 | lost | net | p | siblings | gate | CPU s 1, 2 |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for seed in second:
        facts = read_json(proof.out / f"seed_{seed}.json")
        was, now = (solved(tuned[seed][f"stage {stage} blended with {own}"]) for stage in (1, 2))
        moved = movement(was, now, seed)
        article = [min(proof._documents(one)) for one in proof.lists["test"]]
        failing = {name for name, ok in zip(article, was, strict=True) if not ok}
        beside = np.array([name in failing for name in article])
        one, two = facts["stage1"], facts["stage2"]
        print(
            f"| {seed} | {(~was).sum()} | {moved.failed_solved} | {moved.solved_failed} | "
            f"{(~now).sum() - (~was).sum():+d} | {moved.p_value:.3f} | "
            f"{(~was[beside]).sum()} -> {(~now[beside]).sum()} of {beside.sum()} | "
            f"{facts['gate']['reason']} | {one['cpu_seconds']}, {two['cpu_seconds']} "
            f"({two['watch_cpu_seconds']} of it watching) |"
        )


def assigned(pairs: list[str], base: dict) -> dict:
    """Settings changed by KEY=VALUE."""
    return base | {pair.split("=", 1)[0]: json.loads(pair.split("=", 1)[1]) for pair in pairs}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("project", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--test", choices=["evaluation", "half-dev"], default="evaluation")
    parser.add_argument("--most", type=int, default=5000, help="questions of a split")
    parser.add_argument("--depth", type=int, default=6)
    parser.add_argument("--first", choices=["dense", "hybrid"], default="dense", help="order of the lists")
    parser.add_argument("--seeds", type=int, nargs="*", default=[1, 2, 3])
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=JSON", help="of stage 1")
    parser.add_argument("--set2", nargs="*", default=[], metavar="KEY=JSON", help="of stage 2")
    parser.add_argument("--first-stage", action="store_true", help="leave the second for a later call")
    parser.add_argument("--table", action="store_true", help="of the seeds that have run")
    options = parser.parse_args()
    out = options.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    os.chdir(options.project)
    write_lists(out, options.test, options.most)
    stages = assigned(options.set, STAGE1), assigned(options.set2, STAGE2)
    proof = Proof(out, options.first, options.depth, *stages, with_states=not options.table)
    for seed in options.seeds:
        if not options.table and not (out / f"seed_{seed}.json").exists():
            proof.first_stage(seed) if options.first_stage else proof.both_stages(seed)
    table(proof, [seed for seed in options.seeds if (out / f"stage1_{seed}.json").exists()])
