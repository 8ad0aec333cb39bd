"""Feature lists of labelled questions: the fused candidates, which of them answer, and their documents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sunwi.params.learning_to_rank import LearningToRankParams
from sunwi.params.submissions import LEARNED_RETRIEVERS
from sunwi.search.fusion.method import Fusion
from sunwi.search.labelled import LabelledQuestion
from sunwi.search.learned.features import CandidateFeatures, feature_names
from sunwi.search.passages import QueryBatch
from sunwi.search.pipeline import SearchPipeline
from sunwi.train.learned.fit import FeatureList
from sunwi.train.shared.document_groups import together


def feature_lists(
    pipeline: SearchPipeline,
    fusion: Fusion,
    queries: QueryBatch,
    labels: Sequence[LabelledQuestion],
    params: LearningToRankParams,
    tokenizer: str,
    retrievers: Sequence[str] = LEARNED_RETRIEVERS,
) -> tuple[list[FeatureList], list[str]]:
    """The first `depth` candidates of each question with their features, and the features' names.

    Documents that one question shares, directly or by a chain of questions, are one group.
    """
    groups = pipeline.passages.groups
    answers = [sorted({groups[position] for position in label.relevant}) for label in labels]
    group = together(answers)
    ranked = list(pipeline.rank(queries, sorted(retrievers), fusion, params.depth))
    features = CandidateFeatures(pipeline, tokenizer, params.window).of(queries.texts, ranked, params.depth)
    lists = [
        FeatureList(
            label.qid,
            group[documents[0]],
            of_query,
            np.array([groups[position] in documents for position in one.positions[: params.depth]]),
        )
        for label, documents, one, of_query in zip(labels, answers, ranked, features, strict=True)
    ]
    return lists, feature_names(sorted(retrievers))
