"""Candidate lists of KorQuAD by article: half of the articles trains and fits, the other half is the test."""

from dataclasses import replace
from pathlib import Path

from benchmarks.search.learned_head import read
from sunwi.mining.false_negatives import FalseNegativeRules
from sunwi.mining.pairs import candidate_lists
from sunwi.models.encoder import Encoder
from sunwi.models.passage_vectors import encode_passages
from sunwi.models.resolver import resolve
from sunwi.params.whole import Params
from sunwi.records.files import read_rows, write_rows
from sunwi.records.mined import CandidateList
from sunwi.runtime import hash_share, text_hash
from sunwi.search.fusion.fitting import fit_fusion
from sunwi.search.fusion.method import Fusion
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages, make_queries
from sunwi.search.pipeline import build_pipeline

NAMES = ["bm25", "dense"]
DEPTH = 10
MOST = {"train": 1000, "dev": 1500, "test": 2000}  # questions of each split
DEV = 0.4  # of the tuning half's articles


def split_of(article: str) -> str:
    if hash_share("tune", article) >= 0.5:
        return "test"
    return "dev" if hash_share("dev", article) < DEV else "train"


def write_lists(
    path: Path, out: Path, sizes: dict[str, int]
) -> tuple[Passages, dict[str, list[CandidateList]]]:
    """The first passages of BM25 + untuned dense (weight fitted on dev) for so many questions of each split.

    They are written to OUT once; their `components` are the retrievers' raw scores.
    """
    params = Params()
    passages, labels, articles = read(path, params)
    if all((out / f"lists_{split}.jsonl").exists() for split in sizes):
        return passages, {split: read_rows(out / f"lists_{split}.jsonl", CandidateList) for split in sizes}
    parts: dict[str, list[LabelledQuestion]] = {split: [] for split in sizes}
    for label, article in zip(labels, articles, strict=True):
        split = split_of(article)
        parts[split].append(replace(label, split=split))
    parts = {
        split: sorted(of, key=lambda one: text_hash(one.qid))[: sizes[split]] for split, of in parts.items()
    }
    encoder = Encoder.of(resolve(params.encoder.model), params.encoder)
    vectors, windows = encode_passages(encoder, passages.texts, params.encoder)
    search = build_pipeline(passages, vectors, params.bm25, windows=windows)
    length, tokenizer = params.encoder.query_max_length, params.bm25.tokenizer
    batches = {
        split: make_queries([one.qid for one in of], [one.text for one in of], encoder, length, tokenizer)
        for split, of in parts.items()
    }
    fitted = fit_fusion(search, NAMES, batches["dev"], parts["dev"], params.fusion)
    rules = FalseNegativeRules(passages, {}, {}, params.mining.max_positive_share)
    lists = {
        split: candidate_lists(
            search, NAMES, Fusion("weighted", fitted.weights), batches[split], of, DEPTH, rules
        )
        for split, of in parts.items()
    }
    out.mkdir(parents=True, exist_ok=True)
    print(f"{len(passages)} passages, BM25 weight {fitted.weights['bm25']:g}")
    for split, of in lists.items():
        print(
            f"{split}: {len(of)} questions, positive first in {sum(one.positive_rank == 1 for one in of)}, "
            f"among {DEPTH} in {sum(one.positive_rank is not None for one in of)}"
        )
        write_rows(out / f"lists_{split}.jsonl", of)
    return passages, lists
