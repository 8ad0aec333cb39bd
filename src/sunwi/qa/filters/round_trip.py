"""Round trip: search must find the passage again by its question."""

from __future__ import annotations

from sunwi.qa.candidate import Candidate, Evidence, FilterVerdict
from sunwi.qa.filter import Filter


def round_trip(candidate: Candidate, evidence: Evidence) -> FilterVerdict:  # noqa: ARG001 (the filters' common signature)
    """Record the rank of the source passage; reject `round_trip` if it is beyond the depth.

    No quality test by itself: keyword lists and copied statements pass it best. The rank is kept so
    that near-ties are never used as negatives.
    """
    return FilterVerdict({"rank": evidence.rank}, None if evidence.rank is not None else "round_trip")


FILTER = Filter("search", 70, {"round_trip": "자기 문단을 찾지 못함"}, round_trip)
