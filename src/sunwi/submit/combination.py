"""A combination of a project's variants, for the evaluation's dialogues and for the dev dialogues."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sunwi.params.combinations import CombinationParams, UnionPool
from sunwi.params.encoder import EncoderParams
from sunwi.params.finishing import VariantName
from sunwi.params.fusion import FusionParams
from sunwi.params.reading import Sections
from sunwi.params.score import ScoreParams
from sunwi.params.train_reranker import TrainRerankerParams
from sunwi.paths import INDEX, RANKINGS, RERANKER
from sunwi.records.files import read_json
from sunwi.records.submissions import UnderstoodQuery
from sunwi.score.relevance import relevant_documents
from sunwi.search.rerank.rerankers import Rerankers
from sunwi.search.rerank.trained import trained_reranker
from sunwi.submit.arbiter import FirstPlaceJudge
from sunwi.submit.combining import OrderedBy, combine
from sunwi.submit.dev import build_with_dev
from sunwi.submit.finishing import Submission
from sunwi.submit.votes import fit_vote_weights
from sunwi.submit.writing import read_ranking
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passage_texts, prepared
from sunwi.workspace.encoders import Which, encoder
from sunwi.workspace.judge import JudgeSections, judge_client, judge_trust
from sunwi.workspace.llm import llm_client, recorded_usage

if TYPE_CHECKING:
    from sunwi.llm.client import LlmClient


class CombineSections(Sections):
    """The sections that combining reads."""

    combinations: dict[VariantName, CombinationParams] = {}  # noqa: RUF012  pydantic copies it
    encoder: EncoderParams = EncoderParams()
    train_reranker: TrainRerankerParams = TrainRerankerParams()
    score: ScoreParams = ScoreParams()
    fusion: FusionParams = FusionParams()


def union_blend(workspace: Workspace, union: UnionPool) -> Mapping[str, float]:
    """Fitted weights of a union's rerankers; those of untrained MaxSim are of its encoder."""
    untrained = union.rerank == "late_interaction"
    file = f"blend_{union.encoder}.json" if untrained else "blend.json"
    weights: Mapping[str, float] = read_json(workspace.path(INDEX) / file).get(union.rerank, {})
    return weights


def vote_weights(workspace: Workspace, union: UnionPool) -> Mapping[str, float]:
    """Weights of a union's votes: fitted on the dev dialogues where it says so, else equal."""
    if union.votes is None or union.vote_weights == "equal":
        return {}
    params = workspace.params(CombineSections)
    members = {
        name: {
            qid: ranking.document_ids
            for qid, ranking in read_ranking(workspace.path(RANKINGS), f"{name}.dev").items()
        }
        for name in union.of
    }
    relevant = relevant_documents(prepared(workspace).dev_qrels)
    strength = params.fusion.prior_questions
    return fit_vote_weights(members, relevant, union, params.score.cutoff, strength)


def build_combination(workspace: Workspace, name: str) -> tuple[Submission, Submission]:
    """One combination for the evaluation's dialogues, and for the dev dialogues.

    The first one's metrics tell what the second one reaches.
    """
    params = workspace.params(CombineSections)
    asks = any(combination.asks_llm for combination in params.combinations.values())
    client = llm_client(workspace) if asks else None
    asked = arbiter_client(workspace, name, params.combinations)
    judge = first_place_judge(workspace, name, params.combinations, asked)

    def rerankers(which: Which) -> Rerankers:
        trained = trained_reranker(workspace.path(RERANKER))
        return Rerankers(encoder(workspace, which), trained, params.encoder, params.train_reranker.max_length)

    by = OrderedBy(
        rerankers,
        lambda union: union_blend(workspace, union),
        lambda union: vote_weights(workspace, union),
        client,
        judge,
    )

    def built(dialogues: Sequence[UnderstoodQuery], suffix: str) -> Submission:
        return combine(
            name,
            params.combinations,
            lambda variant: read_ranking(workspace.path(RANKINGS), f"{variant}{suffix}"),
            dialogues,
            passage_texts(workspace),
            by,
        )

    with recorded_usage(workspace, f"combine_{name}_judge", asked):
        made = build_with_dev(workspace, f"combine_{name}", built, client, params.score.cutoff)
    if asked is not None:
        made[0].metrics["judge_llm"] = asked.ledger.answers()  # each counted once, whenever it was bought
    return made


def arbiter_client(
    workspace: Workspace,
    name: str,
    combinations: Mapping[str, CombinationParams],
    sharing: LlmClient | None = None,
) -> LlmClient | None:
    """The judge's client; None where no arbiter of a combination asks it, or where it may not judge.

    Parameters
    ----------
    sharing
        A client whose settings and budget are the judge's too.
    """
    if not _arbiter_asks(name, combinations) or not judge_trust(workspace).used:
        return None
    return judge_client(workspace, sharing)


def first_place_judge(
    workspace: Workspace,
    name: str,
    combinations: Mapping[str, CombinationParams],
    client: LlmClient | None,
) -> FirstPlaceJudge | None:
    """The judge of a combination's arbiters, or the reason why it may not; None where none of them asks."""
    if not _arbiter_asks(name, combinations):
        return None
    chars = workspace.params(JudgeSections).judge.passage_chars
    return FirstPlaceJudge(client, judge_trust(workspace).why, chars)


def _arbiter_asks(name: str, combinations: Mapping[str, CombinationParams]) -> bool:
    """Whether a combination, or one that it reads, has an arbiter that asks the judge."""
    combination = combinations.get(name)
    if combination is None:
        return False
    asks = combination.arbiter is not None and combination.arbiter.llm
    return asks or any(_arbiter_asks(read, combinations) for read in combination.reads)
