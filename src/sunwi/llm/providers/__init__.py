"""Providers of language models: one a file, defining PROVIDER, the class that calls its API."""
