"""The reranker's second stage: failures, their augmentation, training behind a gate."""
