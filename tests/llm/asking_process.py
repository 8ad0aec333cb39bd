"""A process that asks for rows until it is killed: python asking_process.py URL FOLDER ROWS."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

from sunwi.llm.client import LlmClient
from sunwi.llm.request import LlmRequest, Message
from sunwi.params.llm import LlmParams

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit it ignored
    url, folder, rows = sys.argv[1:]
    settings = LlmParams(provider="openai", base_url=url, api_key_env="", concurrency=8)
    requests = [
        LlmRequest("questions", f"d{row:03}", (Message("user", f"글 {row}"),)) for row in range(int(rows))
    ]
    client = LlmClient(settings, Path(folder))
    outcomes = client.complete(requests, str)
    print(sum(outcome.status == "ok" for outcome in outcomes))
    print(json.dumps(client.ledger.answers()))
