"""Both stages of the late-interaction reranker on questions of unseen documents, over several seeds.

python -m benchmarks.reranker.proof PROJECT OUT [--seeds 1 2 3] [--set KEY=JSON ...]

PROJECT is a folder in which `dvc repro fit_fusion` has run with questions of its own (docs/reranker.md). Its
evaluation questions are the test; `--test half-dev` takes half of the dev documents instead. Every stage is
the package's; what the layers below the adapter say of each text is computed once and kept in OUT. Settings
are read on dev, the test questions are scored at the end alone.
"""

import argparse
import json
import shutil
import time
from pathlib import Path

import numpy as np

from benchmarks.reranker.material import pairs_of, reordered, write_lists
from benchmarks.reranker.tables import (
    BASES,
    GRID,
    STAGE1,
    STAGE2,
    TUNED,
    UNTRAINED,
    Weights,
    base_orders,
    compare,
    fitted,
    orders,
    scored_lists,
    second_stage,
)
from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.resolver import resolve
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.params.train_reranker_targeted import TrainRerankerTargetedParams
from sunwi.paths import EMBEDDER
from sunwi.records.files import read_json, read_rows, write_json
from sunwi.records.mined import CandidateList
from sunwi.runtime import hash_share
from sunwi.search.rerank.blend import ScoredList, fit_blend, list_mrr, ranked_relevance
from sunwi.train.reranker.late_interaction import train_late_interaction
from sunwi.train.reranker.lists import training_lists
from sunwi.train.reranker.movement import Movement, movement
from sunwi.train.reranker.quality import solved
from sunwi.train.shared.early_stopping import EarlyStopping
from sunwi.train.shared.frozen_layers import FrozenOutputs, reuse_frozen_layers
from sunwi.train.targeted.augment import augment_failures, nearest_passages
from sunwi.train.targeted.failures import collect_failures, failure_metrics
from sunwi.train.targeted.gate import decide
from sunwi.train.targeted.lists import failure_lists, replayed
from sunwi.train.targeted.partition import parts_of
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passage_texts, passages
from sunwi.workspace.retrieval import passage_vectors
from sunwi.workspace.rules import false_negative_rules

QUERY_LENGTH, LENGTH, LAYERS = 64, 256, 12
SPLITS, NEAR_TOPIC = ("train", "dev", "test"), 0.2
FIRST_SETTINGS = {
    "method": "late_interaction", "max_length": LENGTH, "lora_layers": 2, "max_positive_share": 3.0,
    "negatives": 3, "max_steps": 60, "batch_size": 16, "learning_rate": 5e-4, "group_passages": True,
}  # fmt: skip
SECOND_SETTINGS = {
    "max_steps": 6,
    "learning_rate": 2e-4,
    "replay": 2.0,
    "evaluate_every": 6,
    "tolerance": 0.005,
}


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


class Proof:
    """One data set: its lists, the untrained scores, and a run of both stages for each seed."""

    def __init__(self, workspace: Workspace, out: Path, options: argparse.Namespace) -> None:
        self.workspace, self.embedder = workspace, str(workspace.path(EMBEDDER))
        self.out, self.first, self.depth = out, options.first, options.depth
        self.hold, self.augment = options.hold, options.augment
        self.corpus, self.texts = passages(workspace), passage_texts(workspace)
        self.stage1 = TrainRerankerParams.model_validate(assigned(options.set, FIRST_SETTINGS))
        self.stage2 = TrainRerankerTargetedParams.model_validate(assigned(options.set2, SECOND_SETTINGS))
        self.lists = {
            split: reordered(read_rows(out / f"lists_{split}.jsonl", CandidateList), self.first, self.depth)
            for split in SPLITS
        }
        self.score = Scorer(out, LAYERS - self.stage1.lora_layers)
        if not options.table:
            self.score.load()
        self._all("untrained", self.embedder, SPLITS)

    def _all(self, name: str, folder: str, splits: tuple[str, ...]) -> dict[str, np.ndarray]:
        """Scores by split; all splits in one go, so that a passage is encoded once."""
        path = self.out / f"{name}_scores.npz"
        if not path.exists():
            pairs = {split: pairs_of(self.lists[split], self.texts) for split in splits}
            flat = self.score(folder, [pair for of in pairs.values() for pair in of])
            self.score.keep()
            ends = np.cumsum([len(of) for of in pairs.values()])[:-1]
            np.savez(path, **dict(zip(pairs, np.split(flat, ends), strict=True)))
        return self.scores(name)

    def scores(self, name: str) -> dict[str, np.ndarray]:
        """What a scorer said of each split's pairs, as kept in OUT."""
        with np.load(self.out / f"{name}_scores.npz") as stored:
            return dict(stored)

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
        documents = {one.qid: self.documents(one) for one in both}
        parts = parts_of(self.lists["dev"], documents, self.stage2)
        judging = {one.qid for part in ("stop", "gate") for one in parts[part]}
        held = {one.qid for one in both if one.qid not in judging and self.is_held(one.qid)}
        facts, rows = self._augmented(both, scores, weights)
        rows = [row for row in rows if row.source not in judging | held]
        right = solved(ranked_relevance(scores, weights))
        calm = [one for one in both if one.qid not in judging | held and right[place[one.qid]]]
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
        best = watch.best_step if watch else run["steps"]
        if not best:  # nothing to score: the second stage is the first
            shutil.copyfile(self.out / f"stage1_{seed}_scores.npz", self.out / f"stage2_{seed}_scores.npz")
        after = self._all(f"stage2_{seed}", str(second / "merged"), SPLITS)
        tuned = self._scored("train", after["train"]) + self._scored("dev", after["dev"])
        refitted = weights  # as they are of a second stage that is the first, or has nothing to fit them on
        if best and stop:
            refitted, _ = fit_blend([tuned[place[one.qid]] for one in parts["stop"]], [TUNED], GRID)

        def moved(of: list[CandidateList]) -> Movement:
            at = [place[one.qid] for one in of]
            now = solved(ranked_relevance([tuned[one] for one in at], refitted))
            return movement(right[at], now, seed)

        taught = {name for row in rows for name in documents[row.source]}
        beside = [one for one in both if one.qid in held and documents[one.qid] & taught]
        verdict = decide(moved(parts["gate"]), self.stage2)
        run |= {"watch_cpu_seconds": round(sum(seconds), 1), "dev_curve": watch.curve if watch else []}
        run |= {"failures": len({row.source for row in rows}), "questions": len(rows)}
        return {
            **facts,
            "stage2": {**run, "best_step": best},
            "stage2_weights": refitted,
            "siblings": moved(beside).as_metrics(),
            "gate": {
                **moved(parts["gate"]).as_metrics(),
                "promoted": verdict.promoted,
                "reason": verdict.reason,
            },
        }

    def is_held(self, qid: str) -> bool:
        """Whether the second stage is kept from a question, to be judged by it."""
        return hash_share("held", qid) < self.hold

    def _train(self, lists, settings, seed: int, out: Path, start: Path | None = None, watch=None):
        clock = time.process_time()
        facts, curve = train_late_interaction(
            resolve(self.embedder), EMBEDDER.as_posix(), lists, settings, QUERY_LENGTH, seed, out, start,
            watch, self.score.frozen,
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
        rules = false_negative_rules(self.workspace)
        groups = dict(zip(self.corpus.docids, self.corpus.groups, strict=True))
        notes = collect_failures(
            both, scores, weights, positives, self.texts, groups, rules.is_excluded, NEAR_TOPIC
        )
        near = nearest_passages(passage_vectors(self.workspace, "promoted"), self.corpus.docids)
        rows, counts = augment_failures(notes, self.texts, near, rules.is_excluded, *self.augment)
        return {
            "failures": failure_metrics(both, notes, ranked_relevance(scores, weights)),
            "made": counts,
        }, rows

    def _watch(
        self, stop: list[ScoredList], pairs: list[tuple[str, str]]
    ) -> tuple[EarlyStopping | None, list[float]]:
        """Early stopping by the best blend's MRR, if there is something to stop by; its CPU seconds."""
        if not stop:
            return None, []
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

        return EarlyStopping(
            measure, self.stage2.evaluate_every, self.stage2.patience, start=best(stop)
        ), seconds

    def documents(self, one: CandidateList) -> set[str]:
        hits = [hit.docid for hit in one.candidates if hit.label] or [one.candidates[0].docid]
        return {self.corpus.groups[self.corpus.position[docid]] for docid in hits}


def weights_of(proof: Proof, seed: int | None) -> Weights:
    """Every blend's weight is fitted on dev; a second stage's on the part that stops its training, if any."""
    dev, every = proof.lists["dev"], range(len(proof.lists["dev"]))
    if seed is None:
        return fitted(dev, proof.scores("untrained")["dev"], UNTRAINED, every)
    first = fitted(dev, proof.scores(f"stage1_{seed}")["dev"], STAGE1, every)
    if not (kept := proof.out / f"seed_{seed}.json").exists():
        return first
    documents = {one.qid: proof.documents(one) for one in dev}
    stop = {one.qid for one in parts_of(dev, documents, proof.stage2)["stop"]}
    if rows := [at for at in every if dev[at].qid in stop and read_json(kept)["stage2"]["best_step"]]:
        return first | fitted(dev, proof.scores(f"stage2_{seed}")["dev"], STAGE2, rows)
    return first | {name.replace(STAGE1, STAGE2): weights for name, weights in first.items()}


def table(proof: Proof, seeds: list[int]) -> None:
    """Print all tables of the test questions; the weights go to OUT/weights.json."""
    test = proof.lists["test"]
    weights = {str(seed or ""): weights_of(proof, seed) for seed in (None, *seeds)}
    write_json(proof.out / "weights.json", weights)
    fixed = base_orders(test) | orders(test, {UNTRAINED: proof.scores("untrained")["test"]}, weights[""])
    both = [seed for seed in seeds if (proof.out / f"seed_{seed}.json").exists()]
    tuned = {}
    for seed in seeds:
        stages = {STAGE1: "stage1"} | ({STAGE2: "stage2"} if seed in both else {})
        scores = {title: proof.scores(f"{name}_{seed}")["test"] for title, name in stages.items()}
        tuned[seed] = orders(test, scores, weights[str(seed)])
    print(f"{len(test)} test questions, depth {proof.depth}, seeds {seeds}\n")
    compare(fixed, tuned)
    facts = {seed: read_json(proof.out / f"seed_{seed}.json") for seed in both}
    if facts:
        second_stage(facts, tuned, BASES[proof.first])


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
    parser.add_argument(
        "--augment", nargs=2, type=int, default=[2, 3], help="paraphrases and negatives of a failure"
    )
    parser.add_argument(
        "--hold", type=float, default=0.0, help="share of the questions kept from stage 2, to judge it by"
    )
    parser.add_argument("--first-stage", action="store_true", help="leave the second for a later call")
    parser.add_argument("--table", action="store_true", help="of the seeds that have run")
    options = parser.parse_args()
    out, workspace = options.out, Workspace(options.project)
    out.mkdir(parents=True, exist_ok=True)
    write_lists(workspace, out, options.test, options.most)
    proof = Proof(workspace, out, options)
    for seed in options.seeds:
        if not options.table and not (out / f"seed_{seed}.json").exists():
            proof.first_stage(seed) if options.first_stage else proof.both_stages(seed)
    table(proof, [seed for seed in options.seeds if (out / f"stage1_{seed}.json").exists()])
