"""The neural sparse encoder: model, vectors, cache, exported forms."""
