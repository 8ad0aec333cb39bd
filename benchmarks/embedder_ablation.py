"""What each training option brings: trains one encoder a row and tests it on the project's judged queries.

Run it in a project whose pipeline was run up to `mine`:

    python benchmarks/embedder_ablation.py --rows plain,distill,guide --steps 40 --questions 1000

It reads data/ and writes nothing but the file of --out, one line a row as soon as it is measured.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path.cwd() / "stages"))

from project import MINED, PREPARED, QUERIES, dev_labels, false_negative_rules, passages, questions
from sunwi.corpus.prepare import load_prepared
from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.models.saving import interpolate, save_encoder
from sunwi.params import Params, load_params
from sunwi.records import MinedRow, UnderstoodQuery, read_rows
from sunwi.runtime import text_hash
from sunwi.score.significance import bca_intervals, paired_randomisation
from sunwi.search.dense import DenseRetriever
from sunwi.search.fusion import weighted_total, zscore
from sunwi.search.labelled import first_relevant_rank, natural_questions, reciprocal_rank
from sunwi.train.checkpoints import remove_checkpoints
from sunwi.train.dev_set import DevSet, as_queries, dev_set
from sunwi.train.embedder import train_embedder
from sunwi.train.evaluation import DevEvaluation, ndcg
from sunwi.train.promotion import gate_set, judge, promote
from sunwi.train.selection import select_rows
from sunwi.train.tuning import base_weights

PLAIN: dict[str, Any] = {"distill": False, "guide_margin": None, "layer_decay": 1.0, "style_shares": {}}
ROWS: dict[str, dict[str, Any]] = {
    "plain": PLAIN,
    "distill": {**PLAIN, "distill": True},
    "guide": {**PLAIN, "distill": True, "guide_margin": 0.0},
    "layers": {**PLAIN, "distill": True, "guide_margin": 0.0, "layer_decay": 0.9},
    "bad": {"learning_rate": 1e-3},
}


@dataclass(frozen=True)
class Measured:
    """nDCG@10 of each test question, dense and in the fusion."""

    dense: np.ndarray
    fused: np.ndarray


def test_set(params: Params, base: Encoder, count: int) -> DevSet:
    """Judged queries, a sample by hash, over the whole corpus."""
    corpus = passages()
    understood = read_rows(QUERIES / "understood.jsonl", UnderstoodQuery)
    qrels = load_prepared(PREPARED).qrels
    labels = natural_questions(understood, qrels, corpus, "test", params.bm25.tokenizer)
    chosen = sorted(labels, key=lambda label: text_hash(label.qid))[:count]
    return dev_set(corpus, base, chosen, params, len(corpus))


def measure(encoder: Encoder, dev: DevSet, test: DevSet, params: Params) -> Measured:
    """The fusion's weight is fitted on dev with this encoder, then used on test."""
    grid = sorted(params.fusion.bm25_weights)
    dense = dense_scores(encoder, dev, params)
    normalised = {"bm25": zscore(dev.bm25), "dense": zscore(dense)}
    gains = [
        reciprocal_rank(
            first_relevant_rank(weighted_total(normalised, {"bm25": weight, "dense": 1.0}), dev.relevant)
        ).mean()
        for weight in grid
    ]
    weight = grid[int(np.argmax(gains))]
    dense = dense_scores(encoder, test, params)
    normalised = {"bm25": zscore(test.bm25), "dense": zscore(dense)}
    fused = weighted_total(normalised, {"bm25": weight, "dense": 1.0})
    return Measured(ndcg(dense, test.relevant), ndcg(fused, test.relevant))


def dense_scores(encoder: Encoder, of: DevSet, params: Params) -> np.ndarray:
    """Cosines [questions, passages]."""
    vectors = encoder.encode(of.passages.texts, "passage", params.encoder.max_length)
    return DenseRetriever(vectors).scores(as_queries(encoder, of.labels, params))


def compared(name: str, found: np.ndarray, base: np.ndarray, params: Params) -> dict[str, float]:
    """Mean, paired difference from the base with its interval, p."""
    gain = found - base
    low, high = bca_intervals(gain[:, None], params.score.confidence, params.score.bootstrap, params.seed)[0]
    p = paired_randomisation(gain, params.score.permutations, params.seed)
    values = {"": found.mean(), "_gain": gain.mean(), "_low": low, "_high": high, "_p": p}
    return {f"{name}{key}": round(float(value), 4) for key, value in values.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", default="plain,distill,guide,layers", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--questions", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--shares", default="0,0.5", help="of the base in the mixture that is tested")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=JSON", help="train_embedder.KEY of all rows"
    )
    parser.add_argument("--out", type=Path, default=Path("embedder_ablation.jsonl"))
    asked = parser.parse_args()

    params = load_params()
    info = resolve(params.encoder.model)
    base = Encoder(info, params.encoder.batch_size)
    corpus = passages()
    rules = false_negative_rules(corpus, params)
    dev = dev_labels(corpus, params)
    gate = gate_set(corpus, base, dev, params)
    test = test_set(params, base, asked.questions)
    before = measure(base, gate, test, params)
    judged = judge(base, gate, params)
    overlaps = {question.qid: question.overlap for question in questions()}
    styles = {question.qid: question.style for question in questions()}
    mined = read_rows(MINED / "train.jsonl", MinedRow)
    common = dict(pair.split("=", 1) for pair in asked.set)
    for name in asked.rows.split(","):
        options = {
            **params.train_embedder.model_dump(), **ROWS[name], "max_steps": asked.steps,
            **{key: json.loads(value) for key, value in common.items()},
        }  # fmt: skip
        settings = type(params.train_embedder).model_validate(options)
        chosen = select_rows(mined, overlaps, styles, settings)
        evaluate = DevEvaluation(corpus, base, dev, params) if settings.eval_steps else None
        trained = train_embedder(info, chosen.rows, settings, asked.seed, rules.kin, params.encoder, evaluate)
        verdicts = {1.0: judged}
        lines: list[dict[str, Any]] = []
        with tempfile.TemporaryDirectory() as folder:
            for share in (float(share) for share in asked.shares.split(",")):
                out = Path(folder) / f"{share:g}"
                save_encoder(info, interpolate(base_weights(info), trained.state, share), out, trained.heads)
                encoder = Encoder(resolve(str(out)), params.encoder.batch_size)
                verdicts[share] = judge(encoder, gate, params)
                after = measure(encoder, gate, test, params)
                lines.append(
                    {
                        "row": name,
                        "base_share": share,
                        "seed": asked.seed,
                        "steps": len(trained.curve),
                        "rows": len(chosen.rows),
                        "questions": len(test.labels),
                        "base_dense": round(float(before.dense.mean()), 4),
                        "base_fused": round(float(before.fused.mean()), 4),
                        **compared("dense", after.dense, before.dense, params),
                        **compared("fused", after.fused, before.fused, params),
                    }
                )
        _, verdict = promote(verdicts, gate, params)
        decision = {
            key: verdict[key] for key in ("promoted", "base_share", "reason", "delta", "interval", "p")
        }
        lines.append({"row": name, "gate": decision})
        with asked.out.open("a", encoding="utf-8") as sink:
            for line in lines:
                sink.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)
        remove_checkpoints(trained.checkpoints)


if __name__ == "__main__":
    main()
