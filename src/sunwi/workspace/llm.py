"""The language model of section `llm`, and what a stage asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sunwi.params.llm import LlmParams
from sunwi.params.reading import Sections
from sunwi.paths import TIMING
from sunwi.records.files import write_json
from sunwi.workspace.base import Workspace

if TYPE_CHECKING:
    from sunwi.llm.client import LlmClient


class _Settings(Sections):
    llm: LlmParams = LlmParams()


def llm_client(workspace: Workspace) -> LlmClient:
    """A client of the model that section `llm` names."""
    from sunwi.llm.client import LlmClient  # with asyncio: most stages ask no LLM

    return LlmClient(workspace.params(_Settings).llm)


@contextmanager
def recorded_usage(workspace: Workspace, name: str, client: LlmClient | None) -> Iterator[None]:
    """Keep what a run asked of a language model beside the timings, even where the run had to stop."""
    try:
        yield
    finally:
        if client is not None:
            write_json(workspace.path(TIMING) / f"{name}_llm.json", client.ledger.metrics())
