"""Queries with terms swapped for those of the other language: "검색 모델" -> "search 모델", "검색 model"."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sunwi.train.sparse.bilingual.dictionary import TermPair

# What may follow a Korean noun in its word: josa and the copula; anything else makes it another word.
_JOSA = (
    "은|는|이|가|을|를|의|에|에서|에게|와|과|로|으로|도|만|까지|부터|보다|처럼|라는|이라는|란|이란|인|이나|나|에는|에도|"
    "에서는|으로는|로는|와의|과의|하고|이고|이며|이다|입니다|인가|인가요|이야|야|들|들이|들은|들을|들의"
)
MAX_SWAPPED = 3  # terms of one query that are swapped in all combinations
MIN_SYLLABLES = 2  # of a Korean term: 별, 위, 간 and their like are other words too often


class TermSwapper:
    """Finds dictionary terms in queries, the longest first, and swaps them."""

    def __init__(self, pairs: Sequence[TermPair]) -> None:
        self.english = {
            pair.korean.lower(): pair.english for pair in pairs if len(pair.korean) >= MIN_SYLLABLES
        }
        # of several Korean terms for an English one the first in order
        self.korean = {pair.english.lower(): pair.korean for pair in sorted(pairs, reverse=True)}
        self._find_korean = _pattern(list(self.english), rf"(?<![가-힣]){{}}(?=(?:{_JOSA})?(?![가-힣]))")
        self._find_english = _pattern(list(self.korean), r"(?<![a-z]){}(?![a-z])")

    def terms(self, query: str) -> list[tuple[int, int, str]]:
        """(start, end, other language's term) of the dictionary's terms in a query, left to right."""
        matches = [
            (*match.span(), table[match.group().lower()])
            for pattern, table in ((self._find_korean, self.english), (self._find_english, self.korean))
            for match in pattern.finditer(query)
        ]
        return sorted(matches)

    def variants(self, query: str) -> list[str]:
        """The query with each non-empty set of its first `MAX_SWAPPED` terms swapped, fewest swaps first.

        Examples
        --------
        >>> from sunwi.train.sparse.bilingual.dictionary import TermPair
        >>> pairs = [TermPair("검색", "search", "it"), TermPair("모델", "model", "it")]
        >>> TermSwapper(pairs).variants("검색 모델")
        ['search 모델', '검색 model', 'search model']
        """
        terms = self.terms(query)[:MAX_SWAPPED]
        made = [
            _swap(query, chosen) for size in range(1, len(terms) + 1) for chosen in combinations(terms, size)
        ]
        return [text for text in dict.fromkeys(made) if text != query]

    def all_swapped(self, query: str) -> str | None:
        """The query with every term swapped; None if it has none."""
        terms = self.terms(query)
        return _swap(query, terms) if terms else None


def draw_variants(
    queries: Sequence[str], swapper: TermSwapper, share: float, seed: int
) -> list[tuple[int, str]]:
    """(row, variant) of queries that hold terms: one drawn variant each, of at most `share` of all queries.

    Seeded, and the same for the same queries in the same order.
    """
    generator = random.Random(seed)
    with_variants = [
        (row, variants) for row, query in enumerate(queries) if (variants := swapper.variants(query))
    ]
    limit = min(len(with_variants), round(share * len(queries)))
    chosen = sorted(generator.sample(range(len(with_variants)), limit))
    return [(with_variants[position][0], generator.choice(with_variants[position][1])) for position in chosen]


def _swap(query: str, terms: Sequence[tuple[int, int, str]]) -> str:
    parts, last = [], 0
    for start, end, other in terms:
        parts += [query[last:start], other]
        last = end
    return "".join([*parts, query[last:]])


def _pattern(terms: list[str], form: str) -> re.Pattern[str]:
    if not terms:
        return re.compile(r"(?!)")  # an empty alternative would match everywhere
    alternatives = "|".join(re.escape(term) for term in sorted(terms, key=lambda term: (-len(term), term)))
    return re.compile(form.replace("{}", f"(?:{alternatives})"), re.IGNORECASE)
