"""Model resolver and inference wrappers."""
