from __future__ import annotations

import numpy as np
import pytest
from tests.train.reranker.reranker_models import candidate_list, project_params

from sunwi.search.rerank.blend import FIRST, ScoredList
from sunwi.train.reranker.blend_weights import refitted

PARAMS = project_params(train_reranker={"weights": [0.0, 2.0]})
BLEND = {
    "late_interaction": {"late_interaction": 0.6},
    "both": {"cross_encoder": 0.9, "late_interaction": 0.6},
}
NAMES = ["cross_encoder", "late_interaction"]


def scored(best: int) -> ScoredList:
    """The retriever puts the first place first, the cross-encoder the second; MaxSim has no opinion."""
    values = {FIRST: [2.0, 1.0], "cross_encoder": [0.0, 1.0], "late_interaction": [1.0, 1.0]}
    scores = {name: np.array(row, dtype=np.float32) for name, row in values.items()}
    return ScoredList(scores, np.array([best == 0, best == 1], dtype=bool))


def test_peoples_lists_move_the_priors_and_made_ones_do_not() -> None:
    lists = [candidate_list(number, "dev", [0, 1], 1) for number in range(4)]
    lists[0] = lists[0].model_copy(update={"style": "natural"})
    now = [scored(1), scored(0), scored(0), scored(0)]  # made lists prefer no cross-encoder
    found = refitted(BLEND, lists, now, NAMES, PARAMS)
    assert found["late_interaction"] == BLEND["late_interaction"]  # nothing of it was trained
    # one list of people prefers 2, which counts as 1: (1 * 1 + 50 * .25) / 51; MaxSim: (0 + 50 * .25) / 51
    assert found["both"] == pytest.approx({"cross_encoder": 0.2647, "late_interaction": 0.2451})
    made = refitted(BLEND, lists[1:], now[1:], NAMES, PARAMS)
    assert made["both"] == {"cross_encoder": 0.25, "late_interaction": 0.25}
    assert refitted(BLEND, [], [], NAMES, PARAMS) == BLEND
