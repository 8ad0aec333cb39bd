from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.train.conftest import WORDS, alone, mined_rows

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.models.spec import ModelInfo
from sunwi.params.whole import Params
from sunwi.records.corpus import Document
from sunwi.records.mined import MinedRow
from sunwi.runtime import cache_dir
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages
from sunwi.train.embedder.run import TrainingData, tune

ROWS = mined_rows(16)
CORPUS = Passages.of([Document(docid=row.pos_ids[0], content=row.pos[0]) for row in ROWS])
DEV = [
    LabelledQuestion(
        f"dev{number}",
        f"{WORDS[number]} {WORDS[number + 1]}",
        (CORPUS.position[f"d{number}"],),
        "dev",
        "natural",
        0.3,
    )
    for number in range(8)
]


def params(info: ModelInfo, **options: object) -> Params:
    return Params.model_validate(
        {
            "encoder": {
                "model": str(info.folder),
                "max_length": 16,
                "query_max_length": 16,
                "precision": "float32",
            },
            "bm25": {"tokenizer": "whitespace"},
            "score": {"bootstrap": 200, "permutations": 200},
            "train_embedder": {
                "batch_size": 4, "group_size": 3, "max_steps": 4, "learning_rate": 5e-3,
                "warmup_steps": 0, **options,
            },
        }
    )  # fmt: skip


class Miner:
    """Keeps what encoder it was asked with; its rows stay the same."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, encoder: Encoder) -> list[MinedRow]:
        self.asked.append(encoder.info.content_hash)
        return ROWS


def data(miner: Miner) -> TrainingData:
    overlaps = {row.qid: 0.4 for row in ROWS}
    styles = {row.qid: "factual" if number % 2 else "keyword" for number, row in enumerate(ROWS)}
    return TrainingData(ROWS, overlaps, styles, alone, miner)


def test_two_rounds_mine_again_and_keep_the_dev_curve(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, own_cache: Path
) -> None:
    info, miner = tiny_models["bert"], Miner()
    settings = params(info, rounds=2, eval_steps=2, patience=0, base_weights=[0.0, 1.0], tolerance=1.0)
    tuned = tune(settings, data(miner), CORPUS, DEV, tmp_path / "out")
    assert len(miner.asked) == 1
    assert miner.asked[0] != info.content_hash
    assert [row["step"] for row in tuned.dev_curve] == [0, 2, 4, 4, 6, 8]
    assert [row["step"] for row in tuned.loss_curve] == list(range(1, 9))
    assert tuned.metrics["steps"] == 8
    assert tuned.resumed_from == [0, 0]
    assert list((cache_dir() / "checkpoints").iterdir()) == []
    out = resolve(str(tmp_path / "out"))
    assert (out.content_hash != info.content_hash) == (tuned.metrics["promoted"] == "tuned")


def test_what_is_left_out_is_in_the_metrics(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, own_cache: Path
) -> None:
    settings = params(tiny_models["bert"], style_shares={"factual": 1, "keyword": 0}, base_weights=[0.5])
    tuned = tune(settings, data(Miner()), CORPUS, DEV, tmp_path / "out")
    assert (tuned.metrics["rows"], tuned.metrics["rows_left_out_by_style"]) == (8, 8)
    assert tuned.metrics["rows_mined"] == 16
    assert tuned.dev_curve == []


@pytest.mark.parametrize("why", ["switched off", "no dev question"])
def test_without_training_the_base_is_promoted(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, why: str
) -> None:
    info = tiny_models["bert"]
    off = why == "switched off"
    tuned = tune(params(info, enabled=not off), data(Miner()), CORPUS, DEV if off else [], tmp_path / "out")
    assert tuned.metrics["promoted"] == "base"
    assert why in tuned.metrics["reason"]
    assert resolve(str(tmp_path / "out")).content_hash == info.content_hash


def test_a_decoder_is_tuned_and_its_folder_ends_texts_with_eos(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, own_cache: Path
) -> None:
    settings = params(tiny_models["decoder"], method="decoder", base_weights=[0.5, 1.0], tolerance=1.0)
    tuned = tune(settings, data(Miner()), CORPUS, DEV, tmp_path / "out")
    vectors = Encoder(resolve(str(tmp_path / "out"))).encode(["말1", "말2"], "query", 16)
    assert np.isfinite(vectors.astype(np.float32)).all()
    assert "base_share_0.5" in tuned.metrics["candidates"]


def test_of_a_large_corpus_candidates_encode_a_pool_and_the_winner_the_rest(
    tiny_models: dict[str, ModelInfo], tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[tuple[str, int]] = []
    encode = Encoder.encode

    def count(self: Encoder, texts: list[str], side: str, *rest: object) -> object:
        if side == "passage":
            encoded.append((self.info.content_hash, len(set(texts))))
        return encode(self, texts, side, *rest)  # type: ignore[arg-type]  passed on as they came

    settings = params(tiny_models["bert"], base_weights=[0.0, 0.5, 1.0], tolerance=1.0, learning_rate=5e-2)
    whole = tune(settings, data(Miner()), CORPUS, DEV, tmp_path / "whole")
    assert "whole_corpus" not in whole.metrics
    monkeypatch.setattr("sunwi.train.embedder.gate.SMALL_CORPUS", 4)
    monkeypatch.setattr("sunwi.train.embedder.gate.gate_set.__defaults__", (4,))
    monkeypatch.setattr("sunwi.train.embedder.gate.POOL_DEPTH", 1)
    monkeypatch.setattr("sunwi.train.embedder.gate.POOL_SAMPLE", 2)
    monkeypatch.setattr(Encoder, "encode", count)
    pooled = tune(settings, data(Miner()), CORPUS, DEV, tmp_path / "pooled")
    assert pooled.metrics["base_share"] == whole.metrics["base_share"]
    pool = pooled.metrics["pool"]
    assert pool < len(CORPUS)
    sizes: dict[str, set[int]] = {}
    for model, size in encoded:
        sizes.setdefault(model, set()).add(size)
    assert len(sizes) == 3
    refused = [found for model, found in sizes.items() if found == {pool}]
    assert len(refused) >= 1  # what did not win never saw the corpus
    if pooled.metrics["promoted"] == "tuned":
        confirmed = pooled.metrics["whole_corpus"]
        assert confirmed["passages"] == len(CORPUS)
        share = f"base_share_{pooled.metrics['base_share']:g}"
        assert confirmed["candidates"][share] == whole.metrics["candidates"][share]
