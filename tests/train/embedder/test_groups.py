from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st
from tests.train.conftest import alone, mined_rows

from sunwi.params.train_embedder import TrainEmbedderParams
from sunwi.train.embedder.groups import schedule
from sunwi.train.shared.in_batch import arrange


@given(st.integers(4, 20), st.integers(1, 4), st.integers(2, 6), st.integers(0, 9))
def test_every_step_has_a_whole_batch(rows: int, batch: int, group: int, steps: int) -> None:
    params = TrainEmbedderParams(batch_size=batch, group_size=group, max_steps=steps, epochs=1.5)
    plan = schedule(mined_rows(rows), alone, params, seed=3)
    assert len(plan.groups) == plan.steps * batch
    if steps:
        assert plan.steps == steps
    for example in plan.groups:
        assert len(example.passages) == len(example.scores) == group
    assert (plan.padded > 0) == (group - 1 > 3)


def test_the_first_epoch_draws_as_flagembedding_does() -> None:
    """FlagEmbedding's dataset draws a positive, then negatives, row by row from the seeded generator."""
    params = TrainEmbedderParams(batch_size=4, group_size=3, max_steps=2, teacher_scale=0.5)
    rows = mined_rows(8)
    plan = schedule(rows, alone, params, seed=7)
    draw = random.Random(7)
    for row, group in zip(arrange(rows, alone, 4, 7).rows, plan.groups, strict=True):
        draw.choice(list(range(len(row.pos))))
        chosen = draw.sample(list(range(len(row.neg))), 2)
        assert group.passages == [row.pos[0], *(row.neg[number] for number in chosen)]
        assert group.scores == [1.0, *(row.neg_scores[number] / 2 for number in chosen)]


def test_epochs_are_arranged_anew() -> None:
    params = TrainEmbedderParams(batch_size=4, group_size=2, max_steps=0, epochs=2)
    plan = schedule(mined_rows(8), alone, params, seed=1)
    first, second = plan.groups[:8], plan.groups[8:]
    assert plan.steps == 4
    assert {group.qid for group in first} == {group.qid for group in second}
    assert [group.qid for group in first] != [group.qid for group in second]
