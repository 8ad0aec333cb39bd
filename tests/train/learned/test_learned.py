"""The linear ranker's fit, its cross-validation by document, and its gate."""

from __future__ import annotations

import numpy as np
import pytest

from sunwi.params.learning_to_rank import LearningToRankParams
from sunwi.train.learned.fit import FeatureList, fit_weights, ranked_hits
from sunwi.train.learned.run import learn_to_rank, reason_to_skip
from sunwi.train.learned.validation import cross_validate, fold_of

NAMES = ["fused_score", "clue"]
PARAMS = LearningToRankParams(min_questions=20)


def made(count: int, *, clue: float, seed: int = 1) -> list[FeatureList]:
    """Lists of 4; the fused order is right in seven of ten; the clue says where the answer is, plus noise."""
    draw = np.random.default_rng(seed)
    lists = []
    for number in range(count):
        relevant = np.zeros(4, dtype=bool)
        relevant[0 if draw.random() < 0.7 else draw.integers(1, 4)] = True
        fused = np.array([1.0, 0.5, 0.25, 0.0])
        hint = clue * relevant + draw.normal(size=4)
        lists.append(FeatureList(f"q{number}", f"d{number // 2}", np.column_stack([fused, hint]), relevant))
    return lists


def test_one_pair_has_the_weight_that_calculus_gives() -> None:
    """With C = 1 and x = answer - other = 2 (after scaling), w solves w = 2 * sigmoid(-2 w)."""
    one = FeatureList("q", "d", np.array([[2.0], [0.0]]), np.array([True, False]))  # spread 1
    weight = fit_weights([one], 1.0)[0]
    assert weight == pytest.approx(2 / (1 + np.exp(2 * weight)), abs=1e-4)


def test_every_list_counts_alike_and_a_constant_feature_nothing() -> None:
    short = FeatureList("a", "a", np.array([[1.0, 7.0], [0.0, 7.0]]), np.array([True, False]))
    long = FeatureList("b", "b", np.array([[0.0, 7.0]] + [[1.0, 7.0]] * 3), np.array([True] + [False] * 3))
    weights = fit_weights([short, long], 1.0)
    assert weights == pytest.approx([0.0, 0.0], abs=1e-6)  # one pair for, three of one list against


def test_weights_do_not_depend_on_units() -> None:
    lists = made(60, clue=3.0)
    scaled = [FeatureList(one.qid, one.group, one.features * [1, 100], one.relevant) for one in lists]
    np.testing.assert_allclose(fit_weights(scaled, 1.0) * [1, 100], fit_weights(lists, 1.0), rtol=1e-3)


def test_a_clue_is_admitted_and_noise_is_refused() -> None:
    ranker, metrics = learn_to_rank(made(200, clue=3.0), NAMES, PARAMS, 42, 0.95)
    assert ranker.used
    assert ranker.weights["clue"] > 0
    assert metrics["failed_to_solved"] > metrics["solved_to_failed"]
    assert metrics["learned"]["hit1"] > metrics["fused"]["hit1"]
    ranker, metrics = learn_to_rank(made(200, clue=0.0), NAMES, PARAMS, 42, 0.95)
    assert not ranker.used
    assert ranker.reason.startswith("refused")


def test_a_fold_is_ranked_by_the_others_alone() -> None:
    """A feature that tells its own document's answer alone: in sample perfect, out of fold useless."""
    lists = []
    for number in range(60):
        relevant = np.zeros(3, dtype=bool)
        relevant[number % 3] = True
        secret = np.zeros((3, 60))
        secret[number % 3, number] = 1.0
        lists.append(FeatureList(f"q{number}", f"d{number}", secret, relevant))
    assert ranked_hits(lists, fit_weights(lists, 1.0))[:, 0].all()
    validation = cross_validate(lists, PARAMS, 42, 0.95)
    assert validation.after == validation.before
    assert not validation.admitted


def test_folds_go_by_document_and_seed() -> None:
    folds = {fold_of(f"d{number}", 42, 5) for number in range(50)}
    assert folds == set(range(5))
    assert [fold_of(f"d{number}", 1, 5) for number in range(50)] != [
        fold_of(f"d{number}", 2, 5) for number in range(50)
    ]


@pytest.mark.parametrize(
    ("settings", "questions", "tokenizer", "said"),
    [
        ({"enabled": False}, 900, "kiwi", "enabled is false"),
        ({}, 99, "kiwi", "99 dev questions by people, fewer"),
        ({}, 0, "kiwi", "0 dev questions by people"),
        ({}, 900, "subword:builtin/multilingual-e5-small", "no subwords"),
        ({}, 100, "kiwi+bigram", None),
    ],
)
def test_why_nothing_is_fitted(settings: dict, questions: int, tokenizer: str, said: str | None) -> None:
    reason = reason_to_skip(LearningToRankParams(**settings), questions, tokenizer)
    assert reason is None if said is None else said in str(reason)


def test_answers_that_the_candidates_lack_do_not_count_as_questions() -> None:
    lists = made(18, clue=3.0)
    lists += [FeatureList(f"n{row}", "n", lists[0].features, np.zeros(4, dtype=bool)) for row in range(9)]
    ranker, metrics = learn_to_rank(lists, NAMES, PARAMS, 42, 0.95)
    assert not ranker.used
    assert "18 of 27" in ranker.reason
    assert metrics == {"questions": 27, "fitted_on": 18}
