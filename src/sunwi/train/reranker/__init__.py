"""Training of the rerankers: cross-encoder by LoRA, late interaction, blend weights."""
