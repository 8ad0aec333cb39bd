"""sunwi (순위, "rank"): from a Korean corpus to tuned retrieval models and a scored submission."""

__version__ = "0.1.0"
