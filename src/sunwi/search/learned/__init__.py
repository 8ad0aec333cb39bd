"""A linear ranker over what the retrievers know of the first candidates."""
