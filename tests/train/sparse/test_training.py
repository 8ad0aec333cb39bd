"""Training on a corpus of ten words: it learns, stops, resumes; batches; the objective."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from sunwi.errors import DataError
from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.models.sparse.vectors import expected_flops
from sunwi.models.spec import ModelInfo
from sunwi.params.sparse import SparseParams
from sunwi.records.mined import MinedRow
from sunwi.search.passages import Passages
from sunwi.train.shared.loop import Optimiser
from sunwi.train.sparse import fit as training
from sunwi.train.sparse.batches import make_batch
from sunwi.train.sparse.bilingual.dictionary import TermPair
from sunwi.train.sparse.fit import SparseTraining, train_sparse
from sunwi.train.sparse.objective import batch_losses, idf_vectors
from sunwi.train.sparse.optimiser import sparse_optimiser
from sunwi.train.sparse.start import start_encoder

from .conftest import ENGLISH, KOREAN

FAST = SparseParams(
    passage_max_length=12, query_max_length=8, max_steps=32, batch_size=2, negatives=2, warmup_steps=2,
    learning_rate=1e-2, head_learning_rate=1e-1, ramp_steps=10, flops_passage=0.05, evaluate_every=8,
    checkpoint_every=5, term_pairs=4, patience=9,
)  # fmt: skip


def started(info: ModelInfo, corpus: Passages, params: SparseParams = FAST) -> SparseEncoder:
    return start_encoder(info, corpus.texts, ENGLISH, params, seed=3)


def ndcg_of(encoder: SparseEncoder, corpus: Passages, params: SparseParams) -> float:
    """English questions, for which the passages have no token of their own."""
    queries = encoder.encode_queries(ENGLISH, params.query_max_length).matrix()
    passages = encoder.encode_passages(corpus.texts, params.passage_max_length).matrix()
    scores = (queries @ passages.T).toarray()
    ranks = [1 + np.count_nonzero(row > row[number]) + np.count_nonzero(row[:number] == row[number])
             for number, row in enumerate(scores)]  # fmt: skip
    return float(np.mean([1 / math.log2(1 + rank) for rank in ranks]))


def run(
    encoder: SparseEncoder,
    rows: list[MinedRow],
    pairs: list[TermPair],
    corpus: Passages,
    params: SparseParams,
    folder: Path,
    score: Callable[[], float] | None = None,
) -> SparseTraining:
    return train_sparse(
        encoder, rows, pairs, params, lambda docid: frozenset({docid}),
        score or (lambda: ndcg_of(encoder, corpus, params)), 7, folder / "checkpoints",
    )  # fmt: skip


@pytest.fixture
def asked_in_english(water_rows: list[MinedRow]) -> list[MinedRow]:
    return [row.model_copy(update={"query": ENGLISH[number]}) for number, row in enumerate(water_rows)]


def test_training_raises_dev_ndcg(bare, water_corpus, asked_in_english, pairs, tmp_path):
    encoder = started(bare, water_corpus)
    base = ndcg_of(encoder, water_corpus, FAST)
    done = run(encoder, asked_in_english, pairs, water_corpus, FAST, tmp_path)
    assert done.best_ndcg > base + 0.1
    assert ndcg_of(encoder, water_corpus, FAST) == pytest.approx(done.best_ndcg)  # the best weights are left
    ranking = [row["ranking"] for row in done.curve]
    assert np.mean(ranking[-4:]) < np.mean(ranking[:4])


def test_terms_without_a_common_entry_come_together(bare, water_corpus, water_rows, pairs):
    params = FAST.model_copy(
        update={"cross_lingual": 9.0, "flops_passage": 0.0, "learning_rate": 1e-3, "head_learning_rate": 1e-2}
    )
    encoder = started(bare, water_corpus, params)
    batch = make_batch(water_rows[:2], pairs, encoder.tokenizer, params)
    optimiser = sparse_optimiser(encoder, params)
    encoder.model.eval()
    encoder.model.train = lambda *_: encoder.model  # type: ignore[method-assign]  # dropout off
    course = [optimiser.take(step, iter([batch]))["translation"] for step in range(1, 17)]
    assert course[-1] < 0.85 * course[0]


def test_the_regularisation_lowers_flops(bare, water_corpus, water_rows, pairs, tmp_path):
    params = FAST.model_copy(update={"max_steps": 8, "flops_passage": 1.0, "ramp_steps": 1})
    encoder = started(bare, water_corpus, params)
    queries = encoder.encode_queries([*KOREAN, *ENGLISH], 8)
    before = expected_flops(queries, encoder.encode_passages(water_corpus.texts, 12))
    rising = iter(range(9))
    run(encoder, water_rows, pairs, water_corpus, params, tmp_path, lambda: float(next(rising)))
    assert expected_flops(queries, encoder.encode_passages(water_corpus.texts, 12)) < 0.8 * before


def test_a_run_that_was_cut_off_ends_as_one_that_was_not(
    bare, water_corpus, water_rows, pairs, tmp_path, monkeypatch
):
    params = FAST.model_copy(update={"max_steps": 8, "evaluate_every": 4})
    whole = started(bare, water_corpus, params)
    expected = run(whole, water_rows, pairs, water_corpus, params, tmp_path / "whole")
    cut = started(bare, water_corpus, params)
    take = Optimiser.take

    def falls_over(self, step, batches):
        if step == 7:
            raise KeyboardInterrupt
        return take(self, step, batches)

    monkeypatch.setattr(Optimiser, "take", falls_over)
    with pytest.raises(KeyboardInterrupt):
        run(cut, water_rows, pairs, water_corpus, params, tmp_path / "cut")
    monkeypatch.setattr(Optimiser, "take", take)
    resumed = started(bare, water_corpus, params)
    actual = run(resumed, water_rows, pairs, water_corpus, params, tmp_path / "cut")
    assert actual == expected
    for weights, other in zip(whole.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(weights, other)


def test_it_stops_when_dev_gains_nothing_and_leaves_the_start(
    bare, water_corpus, water_rows, pairs, tmp_path
):
    params = FAST.model_copy(update={"evaluate_every": 2, "patience": 2})
    encoder = started(bare, water_corpus, params)
    start = {name: tensor.clone() for name, tensor in encoder.model.state_dict().items()}
    falling = iter([0.5, 0.4, 0.3, 0.2, 0.1])
    done = run(encoder, water_rows, pairs, water_corpus, params, tmp_path, lambda: next(falling))
    assert (done.stopped_early, done.best_step, len(done.curve)) == (True, 0, 4)
    for name, tensor in encoder.model.state_dict().items():
        assert torch.equal(tensor, start[name])


def test_accumulated_batches_are_one_large_step(bare, water_corpus, water_rows, pairs):
    """The ranking loss has in-batch negatives, so only the mean of the parts' losses is comparable."""
    params = FAST.model_copy(update={"accumulate": 2, "term_pairs": 0})
    encoder = started(bare, water_corpus, params)
    made = [make_batch(rows, [], encoder.tokenizer, params) for rows in (water_rows[:5], water_rows[5:])]
    encoder.model.eval()
    apart = [batch_losses(encoder, batch, params, 0.01)["ranking"].item() for batch in made]
    optimiser = sparse_optimiser(encoder, params)
    encoder.model.train = lambda *_: encoder.model  # type: ignore[method-assign]  # dropout off
    assert optimiser.take(1, iter(made))["ranking"] == pytest.approx(np.mean(apart), rel=1e-5)


@pytest.mark.parametrize(("frozen", "body_trains"), [(0, True), (1, False)])
def test_frozen_layers_stay_and_the_head_trains(bare, water_corpus, water_rows, frozen, body_trains):
    params = FAST.model_copy(update={"freeze_layers": frozen, "term_pairs": 0})
    encoder = started(bare, water_corpus, params)
    before = {name: value.detach().clone() for name, value in encoder.model.named_parameters()}
    batch = make_batch(water_rows[:4], [], encoder.tokenizer, params)
    sparse_optimiser(encoder, params).take(1, iter([batch]))
    moved = {name for name, value in encoder.model.named_parameters() if not torch.equal(value, before[name])}
    assert any(name.startswith("encoder.") for name in moved) == body_trains
    assert {"head.bias", "head.transform.weight"} <= moved
    assert not any("word_embeddings" in name for name in moved)


def test_a_loss_that_is_not_finite_stops_the_run(bare, water_corpus, water_rows, monkeypatch):
    encoder = started(bare, water_corpus)
    batch = make_batch(water_rows[:5], [], encoder.tokenizer, FAST)
    with torch.no_grad():
        encoder.model.head.bias.fill_(float("inf"))
    with pytest.raises(DataError, match=r"step 3: the loss is not finite.*lower sparse.learning_rate"):
        sparse_optimiser(encoder, FAST).take(3, iter([batch]))


def test_queries_of_the_objective_are_those_of_the_index(bare, water_corpus):
    encoder = started(bare, water_corpus)
    texts = ["물 빛", "moon 물"]
    ids = encoder.tokenizer(texts, padding=True, return_tensors="pt")["input_ids"]
    expected = encoder.encode_queries(texts, 8).matrix().toarray()
    np.testing.assert_allclose(idf_vectors(encoder, ids).numpy(), expected, rtol=1e-6)


def test_every_loss_of_the_parameters_is_there(bare, water_corpus, water_rows, pairs):
    both = FAST.model_copy(update={"query": "model", "ranking": "margin", "l1_passage": 0.1})
    encoder = started(bare, water_corpus, both)
    batch = make_batch(water_rows[:2], pairs[:3], encoder.tokenizer, both)
    actual = batch_losses(encoder, batch, both, 1.0)
    names = {
        "ranking",
        "distillation",
        "flops_passage",
        "flops_query",
        "l1_passage",
        "alignment",
        "translation",
    }
    assert set(actual) == names
    assert batch.group == 3
    assert all(torch.isfinite(value) for value in actual.values())


def test_a_short_group_is_filled_and_its_filler_has_no_teacher(bare, water_corpus, water_rows):
    encoder = started(bare, water_corpus)
    short = water_rows[1].model_copy(update={"neg": [], "neg_scores": [], "neg_ids": []})
    batch = make_batch([water_rows[0], short], [], encoder.tokenizer, FAST)
    assert batch.passages.shape[0] == 6
    assert batch.teacher[1].tolist() == [4.0, float("-inf"), float("-inf")]
    assert torch.isfinite(batch_losses(encoder, batch, FAST, 1.0)["distillation"])


def test_batches_go_on_where_a_run_stopped(bare, water_corpus, water_rows, pairs):
    encoder = started(bare, water_corpus)
    stream = training._batches(water_rows, pairs, FAST, 7, encoder, done=0)
    first = [next(next(stream)) for _ in range(5)]
    later = training._batches(water_rows, pairs, FAST, 7, encoder, done=3)
    for batch in first[3:]:
        again = next(next(later))
        assert torch.equal(batch.queries, again.queries)
        assert batch.korean is not None
        assert again.korean is not None
        assert torch.equal(batch.korean, again.korean)
