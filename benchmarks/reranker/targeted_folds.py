"""The second stage judged by folds against parts, failures weighed 1 or 3 times: KorQuAD by article.

python -m benchmarks.reranker.targeted_folds KorQuAD_v1.0_dev.json OUT [--seeds 42] [--only parts1 folds3 ...]

Lists are the fused ones. Stage 1: late interaction, LoRA on the top layer, trained on the train articles;
its blend, the failures and what is made of them are the package's. `partsN` and `foldsN` run its second
stage on train and dev, N being `failure_weight`, and print the gate's figures; `allN` trains on every failure
whatever the gate says and reads the unseen articles. What has run stays in OUT.
"""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.reranker.by_article import MOST, write_lists
from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.records.files import read_json, write_json
from sunwi.search.rerank.blend import ranked_relevance
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import trained_reranker
from sunwi.train.reranker.blend_weights import Blend, fit_rerankers
from sunwi.train.reranker.lists import training_lists
from sunwi.train.reranker.movement import movement
from sunwi.train.reranker.quality import quality, solved
from sunwi.train.reranker.run import Start, train_by_method
from sunwi.train.reranker.scored import score_lists
from sunwi.train.targeted.augment import augment_failures, nearest_passages
from sunwi.train.targeted.failures import collect_failures, failure_metrics
from sunwi.train.targeted.judging import KIND, TargetedData, settings_of, stage_lists
from sunwi.train.targeted.run import tune_targeted
from sunwi.train.targeted.settings import TargetedSections

BASE = "builtin/multilingual-e5-small"
STAGE1 = {
    "method": "late_interaction", "max_length": 256, "lora_layers": 1, "max_positive_share": 3.0,
    "negatives": 3, "max_steps": 60, "batch_size": 16, "learning_rate": 2e-3, "group_passages": True,
    "early_look": 0.0,
    "target_modules": ["query", "key", "value", "dense"], "depth": 6,
}  # fmt: skip
STAGE2 = {"max_steps": 6, "learning_rate": 2e-3, "replay": 0.5, "evaluate_every": 6, "stop_share": 0.0}


def sections(seed: int, failure_weight: int, folds: int) -> TargetedSections:
    second = STAGE2 | {"failure_weight": failure_weight, "folds": folds}
    return TargetedSections.model_validate(
        {"seed": seed, "train_reranker": STAGE1, "train_reranker_targeted": second}
    )


class Trial:
    """One seed's first stage with its failures, and any second stage on them."""

    def __init__(self, options: argparse.Namespace, seed: int) -> None:
        self.seed, self.out = seed, options.out / str(seed)
        self.corpus, lists = write_lists(options.file, options.out, MOST)
        self.lists = lists | {"dev": lists["dev"][: options.dev], "test": lists["test"][: options.test]}
        self.texts = self.corpus.text_of
        self.params = sections(seed, 1, 0)
        self.embedder = resolve(BASE).folder
        self.encoder = Encoder.of(resolve(BASE), self.params.encoder)
        self.first = self.out / "stage1"
        self.known = self.lists["train"] + self.lists["dev"]
        if not (self.out / "blend.json").exists():
            self._first_stage()
        self.blend: Blend = read_json(self.out / "blend.json")
        self.data = self._failures()

    def _first_stage(self) -> None:
        settings, began = self.params.train_reranker, time.process_time()
        cut = [
            one.model_copy(update={"candidates": one.candidates[: settings.depth]})
            for one in self.lists["train"]
        ]
        chosen, counts = training_lists(cut, self.texts, settings, 0.95)
        train_by_method(self.params, settings, chosen, self.embedder, self.first)
        trained = time.process_time()
        blend, _, metrics = fit_rerankers(
            self.lists["dev"], self.texts, self.rerankers(self.first), self.params
        )
        print(f"stage 1, seed {self.seed}: {counts}, {trained - began:.0f} CPU s; weights {blend[KIND]}")
        print(f"dev: {metrics['quality']['low_overlap']}", flush=True)
        write_json(self.out / "blend.json", blend)

    def rerankers(self, folder: Path) -> Rerankers:
        length = self.params.train_reranker.max_length
        return Rerankers(self.encoder, trained_reranker(folder), self.params.encoder, length)

    def _failures(self) -> TargetedData:
        depth = self.params.train_reranker.depth
        scored = score_lists(self.known, self.texts, self.rerankers(self.first), depth)
        rules = FalseNegativeRules(self.corpus, {}, {}, 0.95)
        groups = dict(zip(self.corpus.docids, self.corpus.groups, strict=True))
        positives = {
            one.qid: [hit.docid for hit in one.candidates if hit.label] or [one.candidates[0].docid]
            for one in self.known
        }
        weights = self.blend[KIND]
        notes = collect_failures(
            self.known, scored, weights, positives, self.texts, groups, rules.is_excluded, 0.2
        )
        found = failure_metrics(self.known, notes, ranked_relevance(scored, weights))
        print({split: (of["questions"], of["failed"], of["trainable"]) for split, of in found.items()})
        vectors = self.encoder.encode(self.corpus.texts, "passage", self.params.encoder.max_length)
        near = nearest_passages(vectors, self.corpus.docids)
        rows, made = augment_failures(notes, self.texts, near, rules.is_excluded, 0, 3)
        print(made, flush=True)
        documents = {one.qid: {groups[docid] for docid in positives[one.qid]} for one in self.known}
        return TargetedData(self.known, documents, rows, self.texts)

    def gate(self, name: str, params: TargetedSections) -> None:
        """The package's second stage with its gate."""
        began = time.process_time()
        tuned = tune_targeted(
            params, self.data, self.encoder, self.embedder, self.first, self.blend, self.out / name
        )
        kept = {key: value for key, value in tuned.metrics.items() if not isinstance(value, list | dict)}
        write_json(self.out / f"{name}.json", {**kept, "cpu_seconds": time.process_time() - began})

    def unseen(self, name: str, params: TargetedSections) -> None:
        """Trained on every failure, read on the test articles with stage 1's weights."""
        began, depth = time.process_time(), params.train_reranker.depth
        scored = score_lists(self.known, self.texts, self.rerankers(self.first), depth)
        lists = stage_lists(params, self.data, self.data.augmented, self.known, scored, self.blend)
        second = self.out / name
        train_by_method(
            params, settings_of(params, lists), lists, self.embedder, second, Start(self.first, False)
        )
        test = self.lists["test"]
        before = score_lists(test, self.texts, self.rerankers(self.first), depth)
        after = score_lists(test, self.texts, self.rerankers(second), depth)
        retriever = ranked_relevance(before, {})
        found: dict[str, Any] = {"training_lists": len(lists), "retriever": quality(retriever)}
        alone = {"retriever": 0.0, "late_interaction_tuned": 1.0}
        for way, weights in {"blended": self.blend[KIND], "alone": alone}.items():
            was, now = ranked_relevance(before, weights), ranked_relevance(after, weights)
            found |= {
                f"{way} before": quality(was),
                f"{way} after": quality(now),
                f"{way} moved": movement(solved(was), solved(now), self.seed).as_metrics(),
            }
            if way == "blended":
                first = movement(solved(retriever), solved(was), self.seed)
                found["stage 1 against the retriever"] = first.as_metrics()
        write_json(self.out / f"{name}.json", {**found, "cpu_seconds": time.process_time() - began})


def row(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[42])
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--dev", type=int, default=1000, help="dev questions")
    parser.add_argument("--test", type=int, default=1500)
    ways = [f"{way}{weight}" for way in ("parts", "folds", "all") for weight in (1, 3)]
    parser.add_argument("--only", nargs="+", default=ways, choices=ways)
    options = parser.parse_args()
    for seed in options.seeds:
        trial = Trial(options, seed)
        for name in options.only:
            way, weight = name[:-1], int(name[-1])
            if not (trial.out / f"{name}.json").exists():
                params = sections(seed, weight, options.folds if way == "folds" else 0)
                (trial.unseen if way == "all" else trial.gate)(name, params)
            print(f"\nseed {seed}, {name}: {row(read_json(trial.out / f'{name}.json'))}", flush=True)
