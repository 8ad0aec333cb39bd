"""Korean-English terms: the dictionary, queries with swapped terms, cross-lingual test questions."""
