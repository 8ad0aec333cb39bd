"""Fine-tuning: the embedder by FlagEmbedding, the reranker by LoRA."""
