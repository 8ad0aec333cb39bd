"""Re-ranking of candidate lists, and the blend of its scores."""
