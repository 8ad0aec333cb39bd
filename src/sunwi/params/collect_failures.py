"""Section collect_failures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sunwi.params.section import Section, Share


class CollectFailuresParams(Section):
    """Failure notes of the reranked dev lists; docs/reranker.md tells what each category means."""

    splits: Annotated[list[Literal["train", "dev"]], Field(min_length=1)] = ["dev"]
    """Splits whose failures are collected."""
    near_topic: Share = 0.2
    """Two passages are of one topic from this Jaccard similarity of morphemes on."""
