"""Fine-tuning of the bi-encoder: training, dev evaluation, mixture with the base, gate."""
