"""The whole ranking as the encoder's teacher: tuned against untuned, dense and fused, one seed or a soup.

python -m benchmarks.embedder.whole_ranking squad KorQuAD_v1.0_dev.json --work FOLDER [--seeds 42 1042 2042]
    half of the articles trains and fits (a fifth of them is dev: it chooses settings and BM25's weight),
    the other half's questions are read in its own passages
python -m benchmarks.embedder.whole_ranking demo PROJECT --work FOLDER
    the project's train questions train; people's test questions are read

Rows, weights and figures stay in the folder of --work: a later call does the rest alone. --teacher fused
distils BM25 + dense alone; --set KEY=JSON changes train_embedder.KEY, with a --name of its own for the
weights. --read dev reads the dev questions instead. The fused ranking has BM25 at the weight that dev chose
for the untuned encoder, then the encoder's own MaxSim over the first 15.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.search.learned_head import read
from sunwi.mining.false_negatives import FalseNegativeRules, co_relevant
from sunwi.mining.negatives import mine_negatives
from sunwi.models.encoder import Encoder
from sunwi.models.late_interaction import LateInteraction
from sunwi.models.pair_scores import PairScores
from sunwi.models.passage_vectors import encode_passages
from sunwi.models.resolver import resolve
from sunwi.models.saving import interpolate, load_state, save_encoder
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.records.files import read_rows, write_rows
from sunwi.records.mined import MinedRow
from sunwi.runtime import hash_share, text_hash
from sunwi.score.significance import bca_intervals, paired_randomisation
from sunwi.search.fusion.fitting import fit_fusion
from sunwi.search.fusion.normalise import standardised
from sunwi.search.fusion.weighted import weighted_sum
from sunwi.search.labelled import LabelledQuestion, first_relevant_rank
from sunwi.search.passages import Passages, make_queries
from sunwi.search.pipeline import SearchPipeline, build_pipeline
from sunwi.search.ranking_quality import reciprocal_rank
from sunwi.search.retrievers.base import Scores
from sunwi.search.top import top
from sunwi.train.embedder.dev_set import as_queries
from sunwi.train.embedder.fit import train_embedder
from sunwi.train.embedder.run import base_weights
from sunwi.train.shared.checkpoints import remove_checkpoints
from sunwi.train.shared.frozen_layers import FrozenOutputs
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages as passages_of
from sunwi.workspace.labels import dev_labels, natural, synthetic
from sunwi.workspace.rules import false_negative_rules

DEPTH = 15  # places that MaxSim re-orders
MAXSIM = 0.25  # its prior weight
NAMES = ["bm25", "dense"]
WHOLE = {"bm25_weight": 0.4, "reranker": "late_interaction", "reranker_weight": MAXSIM}


@dataclass(frozen=True)
class Material:
    """What trains and fits (over `tuning`), and what is read (over `unseen`)."""

    tuning: Passages
    train: list[LabelledQuestion]
    dev: list[LabelledQuestion]
    rules: FalseNegativeRules
    unseen: Passages
    test: list[LabelledQuestion]


def _part(passages: Passages, chosen: set[str]) -> Passages:
    texts = passages.text_of
    return Passages.of([Document(docid=docid, content=texts[docid]) for docid in sorted(chosen)])


def squad(path: Path, params: Params, options: argparse.Namespace) -> Material:
    """By article; train questions copy at most --overlap of their passage, dev has articles of its own."""
    passages, labels, articles = read(path, params)
    tunes = [hash_share("tune", article) < 0.5 for article in articles]
    held = {
        label.qid for label, article in zip(labels, articles, strict=True) if hash_share("dev", article) < 0.2
    }
    parts = []
    for wanted in (True, False):
        rows = [label for label, tune in zip(labels, tunes, strict=True) if tune is wanted]
        docids = {passages.docids[label.relevant[0]] for label in rows}
        part = _part(passages, set(sorted(docids, key=text_hash)[: options.passages]))
        rows = [label for label in rows if passages.docids[label.relevant[0]] in part.position]
        rows = [
            replace(row, relevant=(part.position[passages.docids[row.relevant[0]]],))
            for row in sorted(rows, key=lambda row: text_hash(row.qid))
        ]
        parts.append((part, rows))
    (tuning, asked), (unseen, read_later) = parts
    dev = [row for row in asked if row.qid in held]
    train = [row for row in asked if row.qid not in held and row.overlap <= options.overlap][
        : options.questions
    ]
    answers = co_relevant((row.text, tuning.docids[row.relevant[0]]) for row in train)
    rules = FalseNegativeRules(tuning, {}, answers, params.mining.max_positive_share)
    return Material(tuning, train, dev, rules, unseen, read_later[: options.test])


def demo(folder: Path) -> Material:
    """A project after `generate_qa` and `understand_queries`."""
    workspace = Workspace(folder)
    corpus = passages_of(workspace)
    train, rules = synthetic(workspace, "train"), false_negative_rules(workspace)
    return Material(corpus, train, dev_labels(workspace), rules, corpus, natural(workspace, "test"))


def mined(material: Material, base: Encoder, params: Params, whole: bool) -> list[MinedRow]:
    limits = params.encoder
    vectors, windows = encode_passages(base, material.tuning.texts, limits)
    search = build_pipeline(material.tuning, vectors, params.bm25, windows=windows)
    teacher = None
    if whole:
        teacher = LateInteraction(base, limits.query_max_length, limits.max_length).score
    mining = params.mining.model_copy(update=WHOLE if whole else {})
    queries = as_queries(base, material.train, params)
    found = mine_negatives(
        search, queries, material.train, material.rules, mining, params.seed, reranker=teacher
    )
    return found.rows


def bm25_weight(material: Material, base: Encoder, params: Params) -> float:
    """Chosen on the tuning part for the untuned encoder."""
    vectors, windows = encode_passages(base, material.tuning.texts, params.encoder)
    search = build_pipeline(material.tuning, vectors, params.bm25, windows=windows)
    queries = as_queries(base, material.dev, params)
    return fit_fusion(search, NAMES, queries, material.dev, params.fusion).weights["bm25"]


def figures(
    path: Path, folder: str, material: Material, params: Params, weight: float, maxsim: bool
) -> dict[str, npt.NDArray[np.float64]]:
    """Reciprocal ranks of the read questions, kept at `path`: dense, with BM25, with MaxSim."""
    if path.exists():
        with np.load(path) as stored:
            return dict(stored)
    encoder, limits = Encoder.of(resolve(folder), params.encoder), params.encoder
    vectors, windows = encode_passages(encoder, material.unseen.texts, limits)
    search = build_pipeline(material.unseen, vectors, params.bm25, windows=windows)
    texts = [label.text for label in material.test]
    queries = make_queries(
        [label.qid for label in material.test], texts, encoder, limits.query_max_length, params.bm25.tokenizer
    )
    scores = _all(search, queries)
    fused = weighted_sum(scores, {"bm25": weight, "dense": 1.0})
    relevant = [label.relevant for label in material.test]
    rankings = {"dense": scores["dense"], "BM25 + dense": fused}
    if maxsim:
        scorer = LateInteraction(encoder, limits.query_max_length, limits.max_length)
        rankings["+ MaxSim"] = with_maxsim(fused, texts, material.unseen, scorer)
    found_ranks = {
        name: reciprocal_rank(first_relevant_rank(of_all, relevant)) for name, of_all in rankings.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **found_ranks)
    return found_ranks


def with_maxsim(fused: Scores, texts: Sequence[str], passages: Passages, scorer: LateInteraction) -> Scores:
    """The first places re-ordered by the fused score and MaxSim, those of all questions in one go."""
    heads = [top(row, DEPTH)[0] for row in fused]
    pairs = [(text, passages.texts[at]) for text, head in zip(texts, heads, strict=True) for at in head]
    found = scorer.score(pairs).reshape(len(texts), -1)
    whole = fused - 1000.0  # below every re-ordered place
    for row, head in enumerate(heads):
        whole[row, head] = standardised(fused[row, head]) + MAXSIM * standardised(found[row])
    return whole


def _all(search: SearchPipeline, queries: Any) -> dict[str, npt.NDArray[np.float32]]:
    return {name: search.retrievers[name].scores(queries) for name in NAMES}


def line(
    name: str,
    found: Mapping[str, Any],
    base: Mapping[str, Any],
    params: Params,
    of_all: Sequence[Mapping[str, Any]] = (),
) -> str:
    """A row of the table; `of_all` are the runs of which `found` is the mean."""
    cells = []
    for part, values in found.items():
        gain = values - base[part]
        settings = params.score
        low, high = bca_intervals(gain[:, None], settings.confidence, settings.bootstrap, params.seed)[0]
        p = paired_randomisation(gain, settings.permutations, params.seed)
        hits = f"Hit@1 {np.mean([(run[part] == 1).mean() for run in of_all or [found]]):.4f}"
        cells.append(f"{values.mean():.4f} ({gain.mean():+.4f} [{low:+.4f}, {high:+.4f}], p {p:.4f}), {hits}")
    return f"| {name} | {' | '.join(cells)} |"


def mean_of(states: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The soup: the mean of each weight."""
    return {
        name: sum(state[name] for state in states) / len(states) if tensor.is_floating_point() else tensor
        for name, tensor in states[0].items()
    }


def train_seeds(options: argparse.Namespace, material: Material, params: Params, base: Encoder) -> None:
    """Write the weights of each seed that has none in the folder of --work yet."""
    frozen = FrozenOutputs()
    for seed in options.seeds:
        folder = options.work / f"{options.name}-{seed}"
        if folder.exists():
            continue
        began = time.process_time()
        path = options.work / f"{options.teacher}.jsonl"
        if not path.exists():
            write_rows(path, mined(material, base, params, options.teacher == "whole"))
        rows = read_rows(path, MinedRow)
        mined_at = time.process_time()
        settings, group = params.train_embedder, material.rules.answer_group
        trained = train_embedder(base.info, rows, settings, seed, group, params.encoder, None, frozen)
        save_encoder(base.info, trained.state, options.work / "part")
        (options.work / "part").rename(folder)
        remove_checkpoints(trained.checkpoints)
        losses = [row["loss"] for row in trained.curve]
        print(
            f"seed {seed}: {len(rows)} rows mined in {mined_at - began:.0f} CPU s, {len(losses)} steps in "
            f"{time.process_time() - mined_at:.0f} CPU s, loss {losses[0]:.3f} to {np.mean(losses[-5:]):.3f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("form", choices=["squad", "demo"])
    parser.add_argument("file", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seeds", type=int, nargs="+", default=[42])
    parser.add_argument("--teacher", choices=["whole", "fused"], default="whole")
    parser.add_argument("--train-only", action="store_true", help="mine and train, read nothing")
    parser.add_argument("--read", choices=["dev", "test"], default="test")
    parser.add_argument("--no-maxsim", dest="maxsim", action="store_false", help="BM25 + dense is the last")
    parser.add_argument("--soup", action="store_true", help="read the soup of the seeds alone")
    parser.add_argument("--name", default="seed", help="of the weights' folders")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.0, 0.5], help="of the base")
    parser.add_argument("--passages", type=int, help="of each half of KorQuAD at most; default: all")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--questions", type=int, default=640, help="train questions of KorQuAD")
    parser.add_argument("--overlap", type=float, default=0.8, help="of train questions of KorQuAD at most")
    parser.add_argument("--test", type=int, default=2000, help="test questions of KorQuAD")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=JSON", help="of train_embedder")
    options = parser.parse_args()
    changes = {key: json.loads(value) for key, _, value in (pair.partition("=") for pair in options.set)}
    params = Params.model_validate(
        {
            "train_embedder": {"group_size": 8, "freeze_layers": 8, "max_steps": 40, **changes},
            "encoder": {"precision": options.precision},
        }
    )
    options.work.mkdir(parents=True, exist_ok=True)
    PairScores.CHUNK = 1 << 20  # each chunk encodes its questions: one chunk, so that it happens once
    material = squad(options.file, params, options) if options.form == "squad" else demo(options.file)
    info = resolve(params.encoder.model)
    base = Encoder.of(info, params.encoder)
    train_seeds(options, material, params, base)
    if options.train_only:
        return
    weight = bm25_weight(material, base, params)
    if options.read == "dev":
        material = replace(material, unseen=material.tuning, test=material.dev)
    print(f"{len(material.unseen)} passages, {len(material.test)} questions; BM25 weight {weight:g}")
    kept = options.work / f"{options.read}-{len(material.test)}-{options.maxsim:d}"
    before = figures(kept / "untuned.npz", params.encoder.model, material, params, weight, options.maxsim)
    print(f"| encoder | {' | '.join(before)} |\n|{'---|' * (len(before) + 1)}")
    print(line("untuned", before, before, params), flush=True)
    states = [load_state(options.work / f"{options.name}-{seed}") for seed in options.seeds]
    candidates = {f"{options.name} {seed}": state for seed, state in zip(options.seeds, states, strict=True)}
    if len(states) > 1:
        of_all = {f"{options.name}: soup of {len(states)}": mean_of(states)}
        candidates = of_all if options.soup else candidates | of_all
    for share in options.shares:
        read: list[dict[str, Any]] = []
        for name, state in candidates.items():
            title, folder = f"{name}, {share:g} of the base", options.work / "candidate"
            save_encoder(info, interpolate(base_weights(info), state, share), folder)
            read.append(figures(kept / f"{title}.npz", str(folder), material, params, weight, options.maxsim))
            print(line(title, read[-1], before, params), flush=True)
        if len(candidates) > 1:
            mean = {part: np.mean([one[part] for one in read[:-1]], axis=0) for part in before}
            title = f"{options.name}: mean of {len(states)}, {share:g} of the base"
            print(line(title, mean, before, params, read[:-1]))


if __name__ == "__main__":
    main()
