"""The gate over a pool against the gate over the corpus: the same verdict on the same candidates?

    python -m benchmarks.embedder.gate_pool --tuned FOLDER [--documents FILE --questions FILE] [--half 0 | 1]

Candidates are a tuned encoder (a mixture with its base, as models/embedder is), the same one twice as far
from the base, and one damaged by noise, which the gate must refuse. Each encodes the corpus once; a pool is
columns of those scores. `--half` takes half of the documents by the hash of their ids.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from pathlib import Path

import numpy as np
import torch

from benchmarks.shared.material import Material, read_material
from sunwi.models.encoder import Encoder
from sunwi.models.encoder_weights import load_encoder
from sunwi.models.resolver import resolve
from sunwi.models.saving import interpolate, save_encoder
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.runtime import hash_share, text_hash
from sunwi.search.index.terms import overlap_terms
from sunwi.search.labelled import LabelledQuestion, low_overlap
from sunwi.search.passages import Passages
from sunwi.text import overlap
from sunwi.train.embedder.dev_set import as_queries, dev_set
from sunwi.train.embedder.gate import GATE_QUESTIONS, GateRanks, gate_ranks, promote

DEPTHS = (50, 20, 10, 5)
SAMPLE = 256
NOISE = 0.3  # of a matrix' standard deviation


def candidates(base: Path, tuned: Path) -> dict[float, dict[str, torch.Tensor]]:
    """Weights by the share of the base that stands for them in the report; -2 is the damaged one."""
    start, end = (dict(load_encoder(folder, torch.float32).state_dict()) for folder in (base, tuned))
    torch.manual_seed(42)
    noisy = {
        name: weight + NOISE * weight.std() * torch.randn_like(weight) if weight.ndim == 2 else weight
        for name, weight in end.items()
    }
    return {0.5: end, 0.0: interpolate(start, end, -1.0), -2.0: noisy}


def labelled(material: Material, passages: Passages, tokenizer: str, most: int) -> list[LabelledQuestion]:
    """Questions by hash of their text, with the share of their words that the passage has."""
    position = {docid: row for row, docid in enumerate(passages.docids)}
    asked = sorted((row for row in material.asked if row[1] in position), key=lambda row: text_hash(*row))
    questions = asked[:most]
    words = overlap_terms([question for question, _ in questions], tokenizer)
    of_passage = overlap_terms([passages.texts[position[docid]] for _, docid in questions], tokenizer)
    return [
        LabelledQuestion(f"q{row}", question, (position[docid],), "dev", "given", overlap(ours, theirs))
        for row, ((question, docid), ours, theirs) in enumerate(
            zip(questions, words, of_passage, strict=True)
        )
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tuned", type=Path, required=True)
    parser.add_argument("--documents", type=Path)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--half", type=int, choices=(0, 1))
    parser.add_argument(
        "--most", type=int, default=900, help="questions, of which the gate takes the low overlap"
    )
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    material = read_material(options.documents, options.questions)
    params = Params.model_validate({"encoder": {"precision": "auto"}})
    documents = [
        Document(docid=docid, content=text)
        for docid, text in sorted(material.documents.items())
        if options.half is None or int(2 * hash_share(docid)) == options.half
    ]
    passages = Passages.of(documents)
    labels = labelled(material, passages, params.bm25.tokenizer, options.most)
    rows = low_overlap(labels, params.fusion.low_overlap, params.fusion.min_questions, GATE_QUESTIONS)
    chosen = [labels[row] for row in rows]
    info = resolve(params.encoder.model)
    base = Encoder.of(info, params.encoder)
    with tempfile.TemporaryDirectory() as scratch:
        encoders = {1.0: base}
        for share, state in candidates(info.folder, options.tuned).items():
            folder = Path(scratch) / f"share{share:g}"
            save_encoder(info, state, folder)
            encoders[share] = Encoder(resolve(str(folder)), params.encoder.batch_size, base.picked.precision)
        whole = dev_set(passages, base, chosen, params, len(passages))
        dense: dict[float, np.ndarray] = {}
        for share, encoder in encoders.items():
            columns = encoder.encode(
                passages.texts, "passage", params.encoder.max_length, f"encode {share:g}"
            )
            queries = as_queries(encoder, chosen, params)
            dense[share] = queries.vectors.astype(np.float32) @ columns.astype(np.float32).T
        print(f"{len(passages):,} passages, {len(chosen)} low-overlap questions, {base.picked.precision}\n")
        print(
            "| pool | passages | z-scores | promoted share | tuned: dense, fused | twice: dense, fused "
            "| noise: dense, fused |"
        )
        print("|---|---:|---|---:|---|---|---|")
        row(
            "corpus",
            len(passages),
            "corpus",
            {s: gate_ranks(d, whole, params) for s, d in dense.items()},
            whole,
            params,
        )
        for depth in DEPTHS:
            for sample in (0, SAMPLE):
                pool = dev_set(passages, base, chosen, params, 0, depth, sample)
                columns = [passages.docids.index(docid) for docid in pool.passages.docids]
                verdicts = {
                    share: gate_ranks(scores[:, columns], pool, params) for share, scores in dense.items()
                }
                row(f"depth {depth}", len(columns), "corpus" if sample else "pool", verdicts, pool, params)


def row(
    name: str, size: int, scale: str, verdicts: dict[float, GateRanks], over: object, params: Params
) -> None:
    """One line of the table: MRR differences from the base."""
    best, _ = promote(verdicts, over, params)  # type: ignore[arg-type]  # a DevSet, which `row` takes as an object
    base = verdicts[1.0]
    parts = [
        f"{(verdict.dense - base.dense).mean():+.4f}, {(verdict.fused - base.fused).mean():+.4f}"
        for share, verdict in sorted(verdicts.items(), reverse=True)
        if share != 1.0
    ]
    print(f"| {name} | {size:,} | {scale} | {best:g} | {' | '.join(parts)} |", flush=True)


if __name__ == "__main__":
    main()
