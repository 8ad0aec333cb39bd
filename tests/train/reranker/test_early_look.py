"""The early look: training ends where dev rules out a gain, and goes on where it does not."""

from __future__ import annotations

import filecmp
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.train.reranker.reranker_models import TEXTS, candidate_list, project_params

from sunwi.models.encoder import Encoder
from sunwi.models.pair_scores import PairScores
from sunwi.records.files import read_json
from sunwi.records.mined import CandidateList
from sunwi.search.rerank.blend import FIRST, ScoredList
from sunwi.search.rerank.trained import trained_reranker
from sunwi.train.reranker.early_look import weight_chance
from sunwi.train.reranker.run import tune_reranker

METHODS = ["cross_encoder", "late_interaction"]
NAMES = {"cross_encoder": "cross_encoder", "late_interaction": "late_interaction_tuned"}


def lists(place: int) -> list[CandidateList]:
    """Ten dev questions whose positive is at `place` of twelve: every move is a loss (0) or a gain (11)."""
    made = []
    for number in range(10):
        order = [(number + 1 + step) % 12 for step in range(11)]
        order.insert(place, number)
        made.append(candidate_list(number, "dev", order, number))
    for number in range(6):
        order = [number, (number + 4) % 12, (number + 7) % 12]
        train = candidate_list(number, "train", order, number)
        made.append(train.model_copy(update={"qid": f"t{number}"}))
    return made


def tuned(place: int, method: str, look: float, model: Any, out: Path) -> tuple[Any, dict[str, Any]]:
    train = {"method": method, "early_look": look, "max_steps": 6, "learning_rate": 0.05, "depth": 12}
    params = project_params(train_reranker=train, score={"bootstrap": 200}, seed=3)
    blend, _, metrics, curve = tune_reranker(params, lists(place), TEXTS, Encoder(model), model.folder, out)
    assert len(curve) == metrics["steps"]
    return blend, metrics


@pytest.mark.parametrize("method", METHODS)
def test_a_reranker_that_can_only_lose_is_stopped(
    method: str, tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any]
) -> None:
    out = tmp_path / "out"
    blend, metrics = tuned(0, method, 0.5, tiny_models["bert"], out)
    assert metrics["steps"] == 3
    assert metrics["stopped_early"]["step"] == 3
    assert metrics["stopped_early"]["chance"] == 0
    assert blend[NAMES[method]] == {NAMES[method]: 0.0}
    assert blend["both"][NAMES[method]] == 0.0
    assert "late_interaction" in blend["both"]  # the untrained one is still fitted
    assert trained_reranker(out) is None
    assert [path.name for path in out.iterdir()] == ["stopped_early.json"]
    assert read_json(out / "stopped_early.json")["step"] == 3


@pytest.mark.parametrize("method", METHODS)
def test_one_that_gains_goes_on_to_the_bytes_of_a_run_without_a_look(
    method: str, tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any]
) -> None:
    outcomes = [tuned(11, method, look, tiny_models["bert"], tmp_path / f"{look}") for look in (0.0, 0.5)]
    assert outcomes[0] == outcomes[1]
    blend, metrics = outcomes[0]
    assert metrics["steps"] == 6
    assert "stopped_early" not in metrics
    assert blend[NAMES[method]][NAMES[method]] > 0
    files = sorted(path.relative_to(tmp_path / "0.0") for path in (tmp_path / "0.0").rglob("*.*"))
    assert any(path.suffix == ".safetensors" for path in files)
    for path in files:
        assert filecmp.cmp(tmp_path / "0.0" / path, tmp_path / "0.5" / path, shallow=False), path


def scored(*rows: tuple[list[float], list[float], int]) -> list[ScoredList]:
    """Lists of (retriever, "new", place of the answer)."""
    return [
        ScoredList({FIRST: np.array(first), "new": np.array(new)}, np.arange(len(first)) == place)
        for first, new, place in rows
    ]


def test_the_chance_by_hand() -> None:
    """Two candidates, weight 2 turns the order: one list gains a half by it and one loses a half.

    A sample of two draws has the gain twice (1/4), the loss twice (1/4) or both (1/2): then the sums are
    equal and the smaller weight counts.
    """
    gain, loss = ([1.0, 0.0], [0.0, 1.0], 1), ([1.0, 0.0], [0.0, 1.0], 0)
    assert weight_chance(scored(gain, loss), "new", [0.0, 2.0], 1) == pytest.approx(0.25, abs=0.02)
    assert weight_chance(scored(gain, gain), "new", [0.0, 2.0], 1) == 1.0
    assert weight_chance(scored(loss, loss), "new", [0.0, 2.0], 1) == 0.0
    same = ([1.0, 0.0], [1.0, 0.0], 1)
    assert weight_chance(scored(same, same), "new", [0.0, 2.0], 1) is None  # nothing moved: nothing is known


def test_a_gain_that_the_untrained_scorer_gives_is_no_reason_to_train() -> None:
    rows = scored(*[([1.0, 0.0], [0.0, 1.0], 1)] * 4)
    assert weight_chance(rows, "new", [0.0, 2.0], 1) == 1.0
    both = [ScoredList({**one.scores, "a": one.scores["new"]}, one.relevant) for one in rows]
    assert weight_chance(both, "new", [0.0, 2.0], 1) == 0.0


def test_each_model_scores_each_pair_once_for_all_blends(
    tmp_path: Path, own_cache: Path, tiny_models: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    computed: list[tuple[str, ...]] = []
    get = PairScores.get

    def count(self: PairScores, pairs: Any, compute: Any) -> Any:
        def counted(parts: Iterable[Any]) -> Any:
            known = [list(part) for part in parts]
            computed.extend((self.name, *self.settings, *pair) for part in known for pair in part)
            return compute(known)

        return get(self, pairs, counted)

    monkeypatch.setattr(PairScores, "get", count)
    tuned(11, "cross_encoder", 0.0, tiny_models["bert"], tmp_path / "out")
    assert len(computed) == len(set(computed)) == 2 * 10 * 12  # two models, ten questions, twelve passages
