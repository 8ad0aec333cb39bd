"""What several processes run at once: they ask for rows until they are killed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.running import Fork

from sunwi.llm.client import LlmClient
from sunwi.llm.request import LlmRequest, Message
from sunwi.params.llm import LlmParams


def start_asking(address: str, folder: Path, rows: int) -> Fork:
    """A process that asks the server at an address; it prints how many rows are fine, then the ledger."""

    def ask() -> None:
        settings = LlmParams(provider="openai", base_url=f"{address}/v1", api_key_env="", concurrency=8)
        asked = (Message("user", f"글 {row}") for row in range(rows))
        requests = [LlmRequest("questions", f"d{row:03}", (message,)) for row, message in enumerate(asked)]
        client = LlmClient(settings, folder)
        outcomes = client.complete(requests, str)
        print(sum(outcome.status == "ok" for outcome in outcomes))
        print(json.dumps(client.ledger.answers()))

    return Fork(ask)
