"""Section collect_failures."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from sunwi.params.section import Section, Share


class CollectFailuresParams(Section):
    """Failure notes of the reranked dev lists; docs/reranker.md tells what each category means."""

    splits: Annotated[list[Literal["train", "dev"]], Field(min_length=1)] = ["dev"]
    near_topic: Share = 0.2  # Jaccard of two passages' morphemes from which they are of one topic
