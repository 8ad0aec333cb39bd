"""The evaluation and dev queries' texts, and how near a question comes to one of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from sunwi.text import char_ngrams, squeeze


class EvaluationTexts:
    """Evaluation texts by their character bigrams, so that each question meets only those that share one."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._exact = {squeeze(text) for text in texts} - {""}
        self._grams = [char_ngrams(text, 2) for text in sorted(self._exact)]
        self._having: defaultdict[str, list[int]] = defaultdict(list)
        for number, grams in enumerate(self._grams):
            for gram in grams:
                self._having[gram].append(number)

    def similarity(self, question: str) -> float:
        """Largest bigram Jaccard with a text; 1 if one is equal after normalisation."""
        if squeeze(question) in self._exact:
            return 1.0
        grams = char_ngrams(question, 2)
        shared = Counter(number for gram in grams for number in self._having.get(gram, ()))
        return max(
            (count / (len(grams) + len(self._grams[number]) - count) for number, count in shared.items()),
            default=0.0,
        )
