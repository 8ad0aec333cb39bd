"""Synthetic questions: by templates, a language model or given; filtered, and split by document."""
