"""Evaluation leakage: no question that is a near-copy of an evaluation or dev query reaches training."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from sunwi.qa.candidate import Candidate, Evidence, Verdict
from sunwi.text import char_ngrams, squeeze


def evaluation(candidate: Candidate, evidence: Evidence) -> Verdict:  # noqa: ARG001 (the filters' common signature)
    """Reject an `evaluation_copy`: equal after normalisation, or bigram Jaccard above `near_copy`."""
    similarity = evidence.evaluation_similarity
    checks: dict[str, float | int | str | None] = {"evaluation_similarity": round(similarity, 3)}
    return Verdict(checks, "evaluation_copy" if similarity > evidence.near_copy or similarity == 1 else None)


def evaluation_meaning(candidate: Candidate, evidence: Evidence) -> Verdict:  # noqa: ARG001 (likewise)
    """Reject an `evaluation_paraphrase`: its vector is nearer to an evaluation query's than the limit."""
    cosine = evidence.evaluation_cosine
    refused = cosine is not None and cosine > evidence.evaluation_limit
    return Verdict({"evaluation_cosine": cosine}, "evaluation_paraphrase" if refused else None)


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
