from __future__ import annotations

import numpy as np
from tests.train.embedder.test_dev_evaluation import PARAMS, corpus, labels

from sunwi.models.encoder import Encoder
from sunwi.models.spec import ModelInfo
from sunwi.train.embedder.dev_set import dev_set


def test_scores_over_a_pool_have_the_scale_of_the_corpus(
    tiny_models: dict[str, ModelInfo], own_cache: None
) -> None:
    passages, questions = corpus(), labels()[:3]
    base = Encoder.of(tiny_models["bert"], PARAMS.encoder)
    whole = dev_set(passages, base, questions, PARAMS, whole_corpus=len(passages))
    pool = dev_set(passages, base, questions, PARAMS, whole_corpus=2, depth=1, sample=4)
    columns = [passages.docids.index(docid) for docid in pool.passages.docids]
    assert len(columns) < len(passages)
    dense = np.random.default_rng(3).normal(size=(3, len(passages))).astype(np.float32)
    over_corpus, over_pool = whole.normalised(dense), pool.normalised(dense[:, columns])
    np.testing.assert_allclose(over_pool["bm25"], over_corpus["bm25"][:, columns], rtol=1e-5)
    assert pool.scale is not None
    drawn = dense[:, columns][:, pool.scale.sample]
    assert drawn.shape == (3, 4)
    by_hand = (dense[:, columns] - drawn.mean(axis=1)[:, None]) / drawn.std(axis=1)[:, None]
    np.testing.assert_allclose(over_pool["dense"], by_hand, rtol=1e-4, atol=1e-5)


def test_a_sample_of_the_whole_corpus_changes_nothing(
    tiny_models: dict[str, ModelInfo], own_cache: None
) -> None:
    passages, questions = corpus(), labels()[:3]
    base = Encoder.of(tiny_models["bert"], PARAMS.encoder)
    whole = dev_set(passages, base, questions, PARAMS, whole_corpus=len(passages))
    drawn = dev_set(passages, base, questions, PARAMS, whole_corpus=2, depth=1, sample=len(passages))
    dense = np.random.default_rng(3).normal(size=(3, len(passages))).astype(np.float32)
    for name, scores in whole.normalised(dense).items():
        np.testing.assert_allclose(drawn.normalised(dense)[name], scores, rtol=1e-5, atol=1e-6)
