"""Fit of the linear ranker on people's questions, and its gate."""
