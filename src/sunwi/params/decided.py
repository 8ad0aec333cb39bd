"""The keys of params.yaml, in the order in which a person decides; the others have defaults."""

from __future__ import annotations

DECIDED = (
    "data.source", "data.documents",
    "encoder.model", "encoder.max_length", "encoder.windows", "encoder.query_max_length",
    "encoder.batch_size", "encoder.precision",
    "qa.provider", "qa.questions_per_document", "qa.round_trip",
    "train_embedder.max_steps", "train_embedder.enabled", "train_embedder.method",
    "train_embedder.batch_size", "train_embedder.learning_rate", "train_embedder.freeze_layers",
    "train_reranker.max_steps", "train_reranker.enabled", "train_reranker.method", "train_reranker.model",
    "train_reranker.batch_size", "train_reranker.learning_rate",
    "train_reranker_targeted.max_steps", "train_reranker_targeted.enabled",
    "baselines", "promoted", "submissions", "combinations", "exports", "score.baseline", "report.headline",
    "llm.provider", "llm.model", "llm.base_url", "llm.api_key_env",
    "llm.budget", "llm.price_in", "llm.price_out",
    "query.method", "query.variants",
    "augment_failures.provider",
    "corpus.max_chars",
    "mining.negatives",
    "bm25.tokenizer",
    "sparse.enabled", "sparse.max_steps",
    "dense.index",
    "search.engine",
    "compute.engine", "compute.workers",
    "guard.tolerances",
    "seed",
)  # fmt: skip
