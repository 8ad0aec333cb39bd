"""What each training option brings: trains one encoder a row and tests it on judged queries.

Run it in a project whose pipeline was run up to `mine`:

    python -m benchmarks.embedder.ablation --rows plain,distill --seeds 42,43 --steps 40 --questions 1000

It reads data/ and writes nothing but the file of --out, one line as soon as it is measured. Each encoder is
tested as it is and mixed with the base (--shares); the fusion's weight is fitted on dev. `--also FOLDER`
tests on another project's judged queries, too. The last lines hold the mean over the seeds of each question's
figure.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sunwi.corpus.copies import copies_of
from sunwi.mining.false_negatives import FalseNegativeRules, co_relevant
from sunwi.mining.negatives import mine_negatives
from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.resolver import resolve
from sunwi.models.saving import interpolate
from sunwi.models.spec import ModelInfo
from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.records.mined import MinedRow
from sunwi.runtime import text_hash
from sunwi.score.significance import bca_intervals, paired_randomisation
from sunwi.search.fusion.normalise import zscore
from sunwi.search.fusion.weighted import weighted_total
from sunwi.search.labelled import first_relevant_rank
from sunwi.search.pipeline import build_pipeline
from sunwi.search.ranking_quality import ndcg_of_scores, reciprocal_rank
from sunwi.train.embedder.dev_evaluation import live_vectors
from sunwi.train.embedder.dev_set import DevSet, as_queries, dev_set
from sunwi.train.embedder.fit import train_embedder
from sunwi.train.embedder.gate import CONFIRMED_CORPUS, gate_ranks, gate_set, promote
from sunwi.train.embedder.run import base_weights
from sunwi.train.embedder.selection import select_rows
from sunwi.train.embedder.settings import EmbedderSections
from sunwi.train.shared.checkpoints import remove_checkpoints
from sunwi.train.shared.frozen_layers import FrozenOutputs, can_reuse, reuse_frozen_layers
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages, prepared
from sunwi.workspace.labels import dev_labels, natural, synthetic
from sunwi.workspace.questions import questions

PLAIN: dict[str, Any] = {"distill": False, "guide_margin": None, "layer_decay": 1.0, "style_shares": {}}
ROWS: dict[str, dict[str, Any]] = {
    "plain": PLAIN,  # its negatives are the best ranked ones, whatever they score
    "positive_aware": PLAIN,
    "distill": {**PLAIN, "distill": True},
    "guide": {**PLAIN, "distill": True, "guide_margin": 0.0},
    "layers": {**PLAIN, "distill": True, "guide_margin": 0.0, "layer_decay": 0.9},
    "styles": {**PLAIN, "distill": True},  # with --styles
    "bad": {**PLAIN, "distill": True, "learning_rate": 1e-3},
}
ANY_SCORE = 1e9


@dataclass(frozen=True)
class Project:
    """A corpus with its low-overlap dev questions, all dev questions, and its judged queries."""

    gate: DevSet
    dev: DevSet
    test: DevSet


@dataclass(frozen=True)
class Measured:
    """nDCG@10 of each test question, dense and in the fusion."""

    dense: np.ndarray
    fused: np.ndarray


class Scorer:
    """Dense scores of an encoder's weights in memory; frozen layers run once for each text."""

    def __init__(self, info: ModelInfo, params: EmbedderSections, frozen: FrozenOutputs) -> None:
        import torch
        from transformers import AutoTokenizer

        self.info, self.limits = info, params.encoder
        self.model = load_encoder(info.folder, torch.float32)
        self.tokenizer = AutoTokenizer.from_pretrained(
            info.folder, padding_side="right", trust_remote_code=False
        )
        if params.train_embedder.freeze_layers and can_reuse(self.model):
            reuse_frozen_layers(self.model, params.train_embedder.freeze_layers, frozen)
        self._columns: dict[str, np.ndarray] = {}

    def take(self, state: dict[str, Any]) -> None:
        """Score by these weights from now on."""
        self.model.load_state_dict(state)
        self._columns = {}

    def __call__(self, of: DevSet) -> np.ndarray:
        """Cosines [questions, passages]."""
        key = text_hash(*of.passages.docids)
        if key not in self._columns:
            self._columns[key] = self._vectors(of.passages.texts, "passage", self.limits.max_length)
        texts = [label.text for label in of.labels]
        rows = self._vectors(texts, "query", self.limits.query_max_length)
        return np.asarray(rows @ self._columns[key].T)

    def _vectors(self, texts: Sequence[str], side: Any, length: int) -> np.ndarray:
        return live_vectors(
            self.model, self.tokenizer, self.info, texts, side, length, self.limits.batch_size
        )


def load_project(workspace: Workspace, params: EmbedderSections, base: Encoder, count: int) -> Project:
    """A workspace's project: a sample by hash of its judged queries, over the whole corpus."""
    corpus, labels = passages(workspace), dev_labels(workspace)
    chosen = sorted(natural(workspace, "test"), key=lambda label: text_hash(label.qid))[:count]
    test = dev_set(corpus, base, chosen, params, len(corpus))
    dev = dev_set(corpus, base, labels, params, len(corpus))
    return Project(gate_set(corpus, base, labels, params, CONFIRMED_CORPUS), dev, test)


def mined(
    workspace: Workspace, params: EmbedderSections, base: Encoder, positive_share: float
) -> list[MinedRow]:
    """Rows mined by the base; `positive_share` is the rule of positive-aware mining."""
    corpus, train = passages(workspace), synthetic(workspace, "train")
    rules = mining_rules(workspace, positive_share)
    vectors = base.encode(corpus.texts, "passage", params.encoder.max_length, "encode passages")
    queries = as_queries(base, train, params)
    return mine_negatives(
        build_pipeline(corpus, vectors, params.bm25), queries, train, rules, params.mining
    ).rows


def mining_rules(workspace: Workspace, positive_share: float) -> FalseNegativeRules:
    """What is known to answer, with another rule for scores near the positive's."""
    answers = co_relevant((question.question, question.docid) for question in questions(workspace))
    copies = copies_of(prepared(workspace).duplicates)
    return FalseNegativeRules(passages(workspace), copies, answers, positive_share)


def measure(scorer: Scorer, of: Project, params: EmbedderSections) -> Measured:
    """The fusion's weight is fitted on low-overlap dev questions with these weights, then used on test."""
    grid = sorted(params.fusion.bm25_weights)
    normalised = {"bm25": zscore(of.gate.bm25), "dense": zscore(scorer(of.gate))}
    gains = [
        reciprocal_rank(
            first_relevant_rank(weighted_total(normalised, {"bm25": weight, "dense": 1.0}), of.gate.relevant)
        ).mean()
        for weight in grid
    ]
    weight = grid[int(np.argmax(gains))]
    dense = scorer(of.test)
    normalised = {"bm25": zscore(of.test.bm25), "dense": zscore(dense)}
    fused = weighted_total(normalised, {"bm25": weight, "dense": 1.0})
    return Measured(ndcg_of_scores(dense, of.test.relevant), ndcg_of_scores(fused, of.test.relevant))


def compared(name: str, found: np.ndarray, base: np.ndarray, params: EmbedderSections) -> dict[str, float]:
    """Mean, paired difference from the base with its interval, p."""
    gain = found - base
    low, high = bca_intervals(gain[:, None], params.score.confidence, params.score.bootstrap, params.seed)[0]
    p = paired_randomisation(gain, params.score.permutations, params.seed)
    values = {"": found.mean(), "_gain": gain.mean(), "_low": low, "_high": high, "_p": p}
    return {f"{name}{key}": round(float(value), 4) for key, value in values.items()}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows",
        default="plain,positive_aware,distill,guide",
        help=f"of {', '.join(ROWS)}; ROW:KEY=JSON changes one setting",
    )
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--questions", type=int, default=1000, help="judged queries at most")
    parser.add_argument("--seeds", default="42")
    parser.add_argument("--shares", default="0,0.5", help="of the base in the mixtures that are tested")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=JSON", help="train_embedder.KEY of all rows"
    )
    parser.add_argument("--styles", type=json.loads, default={}, help="style_shares of row styles, JSON")
    parser.add_argument("--also", type=Path, help="another project with judged queries")
    parser.add_argument("--dev-only", action="store_true", help="no test: to choose settings")
    parser.add_argument("--out", type=Path, default=Path("embedder_ablation.jsonl"))
    return parser.parse_args()


def settings(pairs: Sequence[str]) -> dict[str, Any]:
    """KEY=JSON pairs as a dictionary."""
    return {key: json.loads(value) for key, _, value in (pair.partition("=") for pair in pairs)}


def settings_of(name: str, asked: argparse.Namespace, params: EmbedderSections) -> TrainEmbedderParams:
    """The parameters of one row; `ROW:KEY=JSON` changes one of them."""
    name, *changes = name.split(":")
    options = {**params.train_embedder.model_dump(), **settings(asked.set), **ROWS[name], **settings(changes)}
    options["max_steps"] = asked.steps
    if name == "styles":
        options["style_shares"] = asked.styles
    return TrainEmbedderParams.model_validate(options)


def append(path: Path, line: dict[str, Any]) -> None:
    """Write and print one line; nothing is lost if the run is stopped."""
    with path.open("a", encoding="utf-8") as sink:
        sink.write(json.dumps(line) + "\n")
    print(json.dumps(line), flush=True)


def main() -> None:
    asked = arguments()
    workspace = Workspace()
    params = workspace.params(EmbedderSections)
    rows = asked.rows.split(",")
    params = params.model_copy(update={"train_embedder": settings_of(rows[0], asked, params)})
    info = resolve(params.encoder.model)
    base = Encoder(info, params.encoder.batch_size)
    projects = {"": load_project(workspace, params, base, asked.questions)}
    if asked.also:
        projects["also_"] = load_project(Workspace(asked.also), params, base, asked.questions)
    frozen = FrozenOutputs()
    scorer = Scorer(info, params, frozen)
    home = projects[""]
    judged = gate_ranks(scorer(home.gate), home.gate, params)
    dev_before = ndcg_of_scores(scorer(home.dev), home.dev.relevant)
    before = {} if asked.dev_only else {key: measure(scorer, of, params) for key, of in projects.items()}
    shares = [float(share) for share in asked.shares.split(",")]
    write = partial(append, asked.out)
    answer_group = mining_rules(workspace, ANY_SCORE).answer_group
    overlaps = {question.qid: question.overlap for question in questions(workspace)}
    styles = {question.qid: question.style for question in questions(workspace)}
    found: dict[tuple[str, float], dict[str, list[np.ndarray]]] = {}  # nDCG of each question, by seed
    for seed in (int(seed) for seed in asked.seeds.split(",")):
        for name in rows:
            options = settings_of(name, asked, params)
            share_of_positive = ANY_SCORE if name.startswith("plain") else params.mining.max_positive_share
            chosen = select_rows(
                mined(workspace, params, base, share_of_positive), overlaps, styles, options
            ).rows
            trained = train_embedder(info, chosen, options, seed, answer_group, params.encoder, None, frozen)
            verdicts = {1.0: judged}
            facts = {"row": name, "seed": seed, "steps": len(trained.curve), "rows": len(chosen)}
            write({**facts, "losses": [round(row["loss"], 3) for row in trained.curve]})
            for share in shares:
                scorer.take(interpolate(base_weights(info), trained.state, share))
                verdicts[share] = gate_ranks(scorer(home.gate), home.gate, params)
                line = {**facts, "base_share": share}
                line |= compared(
                    "dev_dense", ndcg_of_scores(scorer(home.dev), home.dev.relevant), dev_before, params
                )
                for key, old in before.items():
                    new = measure(scorer, projects[key], params)
                    line[f"{key}questions"] = len(new.dense)
                    for part in ("dense", "fused"):
                        line[f"{key}base_{part}"] = round(float(getattr(old, part).mean()), 4)
                        line |= compared(key + part, getattr(new, part), getattr(old, part), params)
                        of_row = found.setdefault((name, share), {})
                        of_row.setdefault(key + part, []).append(getattr(new, part))
                write(line)
            _, verdict = promote(verdicts, home.gate, params)
            told = ("promoted", "base_share", "reason", "delta", "interval", "p", "candidates")
            write({**facts, "gate": {key: verdict[key] for key in told}})
            remove_checkpoints(trained.checkpoints)
    for (name, share), of_row in found.items() if "," in asked.seeds else ():
        line = {"row": name, "base_share": share, "seeds": asked.seeds}
        for key, old in before.items():
            for part in ("dense", "fused"):
                mean = np.mean(of_row[key + part], axis=0)
                line |= compared(key + part, mean, getattr(old, part), params)
        write(line)


if __name__ == "__main__":
    main()
