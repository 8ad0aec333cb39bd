"""Candidate lists of dev questions, which blends are fitted on."""

from __future__ import annotations

from collections.abc import Sequence

from sunwi.mining.pairs import RETRIEVERS, candidate_lists, chosen_questions
from sunwi.models.encoder import Encoder
from sunwi.params.pairs import PairsParams
from sunwi.records.mined import CandidateList
from sunwi.search.fusion.method import Fusion
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.pipeline import SearchPipeline
from sunwi.workspace.base import Workspace
from sunwi.workspace.encoders import labelled_batch
from sunwi.workspace.rules import false_negative_rules


def dev_lists(
    workspace: Workspace,
    search: SearchPipeline,
    encoder: Encoder,
    fusion: Fusion,
    labels: Sequence[LabelledQuestion],
    settings: PairsParams,
) -> list[CandidateList]:
    """The fused candidates of at most `pairs.max_dev` of the questions."""
    chosen = chosen_questions(labels, 0, settings.max_dev)
    batch, rules = labelled_batch(workspace, encoder, chosen), false_negative_rules(workspace)
    return candidate_lists(search, RETRIEVERS, fusion, batch, chosen, settings.depth, rules)
