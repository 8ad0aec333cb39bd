"""Multi-query variants by rule: the keywords, the concept, a related question; no LLM."""

from __future__ import annotations

from sunwi.query.standalone import Term, content_nouns
from sunwi.text import kiwi

RELATED = "{concept}에 대한 설명"  # takes no josa, so it fits every noun


def rule_variants(query: str, count: int) -> list[str]:
    """At most `count` other wordings of a query, each different; a query without nouns has none.

    In this order: its content nouns; of these the specific ones (names, compounds, Latin words), else the
    longest; that concept as a request for an explanation.

    Examples
    --------
    >>> rule_variants("빅뱅 우주론은 어떻게 증명됐어?", 3)
    ['빅뱅 우주론 증명', '우주론', '우주론에 대한 설명']
    """
    terms = list(content_nouns(query, kiwi().tokenize(query)))
    if not terms:
        return []
    concept = " ".join(_concept(terms))
    wordings = [" ".join(term.surface for term in terms), concept, RELATED.format(concept=concept)]
    return [text for text in dict.fromkeys(wordings) if text != query][:count]


def _concept(terms: list[Term]) -> list[str]:
    specific = [term.surface for term in terms if term.specific]
    return specific or [max(terms, key=lambda term: len(term.surface)).surface]  # the first of equal ones
