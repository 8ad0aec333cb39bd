from __future__ import annotations

import numpy as np
import pytest

from sunwi.params.whole import Params
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.passages import Passages
from sunwi.train.embedder.dev_set import DevSet
from sunwi.train.embedder.gate import GateRanks, promote, promote_confirmed

QUESTIONS = 8


def gate(natural: list[int]) -> DevSet:
    labels = [LabelledQuestion(f"q{n}", "질문", (0,), "dev", "natural", 0.3) for n in range(QUESTIONS)]
    return DevSet(labels, Passages([], [], [], {}), [], np.zeros((QUESTIONS, 0), dtype=np.float32), natural)


def verdict(dense: float, fused: float, first: float = 0.0) -> GateRanks:
    """Constant reciprocal ranks; `first` is added to the first question's fused one."""
    fused_ranks = np.full(QUESTIONS, fused)
    fused_ranks[0] += first
    return GateRanks(np.full(QUESTIONS, dense), fused_ranks)


@pytest.mark.parametrize(
    ("tuned", "promoted"),
    [
        (verdict(0.6, 0.7), "tuned"),  # better in both
        (verdict(0.5, 0.5), "base"),  # as good: the base stays
        (verdict(0.4, 0.9), "base"),  # worse alone
        (verdict(0.9, 0.4), "base"),  # worse in the fusion
        # better on the whole, worse on the natural question: (1 * -.2 + 1 * .0625) / 2 of its loss count
        (verdict(0.5, 0.6, first=-0.3), "base"),
    ],
)
def test_only_what_is_not_worse_anywhere_is_promoted(tuned: GateRanks, promoted: str) -> None:
    params = Params.model_validate({"fusion": {"prior_questions": 1}})
    share, report = promote({1.0: verdict(0.5, 0.5), 0.0: tuned}, gate(natural=[0]), params)
    assert report["promoted"] == promoted
    assert (share == 1.0) == (promoted == "base")


def test_the_loss_of_one_natural_question_counts_as_little_as_it_proves() -> None:
    """It lost .2 and all eight gained .0625: (1 * -.2 + 50 * .0625) / 51."""
    tuned = verdict(0.6, 0.6, first=-0.3)
    share, report = promote({1.0: verdict(0.5, 0.5), 0.0: tuned}, gate(natural=[0]), Params())
    found = report["candidates"]["base_share_0"]
    assert share == 0.0
    assert found["delta_fused_natural"] == pytest.approx(-0.2)
    assert found["counted_fused_natural"] == pytest.approx(0.0574, abs=1e-4)


def test_the_best_mixture_wins() -> None:
    verdicts = {1.0: verdict(0.5, 0.5), 0.5: verdict(0.6, 0.7), 0.0: verdict(0.65, 0.6)}
    share, report = promote(verdicts, gate([]), Params())
    assert share == 0.5
    assert report["candidates"]["base_share_0.5"]["delta_fused_all"] == pytest.approx(0.2)
    assert report["candidates"]["base_share_0.5"]["fused_p"] == pytest.approx(2 / 2**QUESTIONS, abs=1e-6)


def test_without_natural_questions_a_mixture_that_passes_is_preferred_to_the_unmixed_encoder() -> None:
    verdicts = {1.0: verdict(0.5, 0.5), 0.5: verdict(0.6, 0.6), 0.0: verdict(0.7, 0.7)}
    share, report = promote(verdicts, gate([]), Params())
    assert share == 0.5
    assert report["reason"].endswith("set aside, for no natural question judges it")
    share, report = promote(verdicts, gate([0]), Params())
    assert share == 0.0
    assert "set aside" not in report["reason"]
    verdicts[0.5] = verdict(0.4, 0.6)  # it is refused
    assert promote(verdicts, gate([]), Params())[0] == 0.0


def test_a_tolerance_lets_a_small_loss_pass_that_may_be_chance() -> None:
    params = Params.model_validate({"train_embedder": {"tolerance": 0.05}})
    # one question lost .32: -.04 on average
    one_lost = GateRanks(np.array([0.18] + [0.5] * (QUESTIONS - 1)), np.full(QUESTIONS, 0.56))
    assert promote({1.0: verdict(0.5, 0.5), 0.0: one_lost}, gate([]), params)[0] == 0.0
    all_lost = verdict(0.46, 0.56)
    share, report = promote({1.0: verdict(0.5, 0.5), 0.0: all_lost}, gate([]), params)
    assert share == 1.0
    assert "for certain" in report["reason"]


def test_the_reason_comes_with_the_difference_and_its_interval() -> None:
    _, kept = promote(
        {1.0: verdict(0.5, 0.5), 0.5: verdict(0.4, 0.4), 0.0: verdict(0.4, 0.3)}, gate([]), Params()
    )
    assert kept["promoted"] == "base"
    assert kept["reason"] == "every candidate lost more than the tolerance somewhere, or a little for certain"
    assert kept["delta"] == pytest.approx(-0.1)  # of the best that was refused
    assert kept["interval"] == [pytest.approx(-0.1), pytest.approx(-0.1)]
    _, same = promote({1.0: verdict(0.5, 0.5), 0.0: verdict(0.5, 0.5)}, gate([]), Params())
    assert same["reason"].startswith("no candidate was within the tolerance everywhere and better")


def confirm(over_whole: dict[float, GateRanks]) -> tuple[float, dict[str, object], list[float]]:
    """The pool prefers share 0, then 0.5; `over_whole` holds what the corpus says."""
    over_pool = {1.0: verdict(0.5, 0.5), 0.5: verdict(0.6, 0.6), 0.0: verdict(0.7, 0.7)}
    judged: list[float] = []

    def judge_over_whole(share: float) -> GateRanks:
        judged.append(share)
        return over_whole[share]

    share, report = promote_confirmed(over_pool, gate([0]), gate([0]), judge_over_whole, Params())
    return share, report, judged


def test_the_winner_over_the_pool_must_pass_over_the_corpus() -> None:
    share, report, judged = confirm({1.0: verdict(0.5, 0.5), 0.0: verdict(0.55, 0.52)})
    assert (share, judged) == (0.0, [1.0, 0.0])  # the mixture is not encoded over the corpus
    assert report["delta"] == pytest.approx(0.02)  # the corpus's, not the pool's
    candidates = report["candidates"]
    assert isinstance(candidates, dict)
    assert set(candidates) == {"base_share_0", "base_share_0.5", "base_share_1"}


def test_the_next_best_follows_a_winner_that_fails_over_the_corpus() -> None:
    over_whole = {1.0: verdict(0.5, 0.5), 0.0: verdict(0.3, 0.6), 0.5: verdict(0.52, 0.52)}
    share, report, judged = confirm(over_whole)
    assert (share, judged) == (0.5, [1.0, 0.0, 0.5])
    assert report["base_share"] == 0.5
    over_whole[0.5] = verdict(0.4, 0.4)
    share, report, _ = confirm(over_whole)
    assert (share, report["promoted"]) == (1.0, "base")
    assert "over the whole corpus" in str(report["reason"])
