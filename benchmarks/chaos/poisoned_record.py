"""Recorded answers that an older reader took wrongly heal: `python -m benchmarks.chaos.poisoned_record`.

Those with an answer in them are read again without a call; those that hold a fault are asked once more.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from tests.llm_server import FakeServer

from sunwi.llm.answer import Answer, AnswerStatus
from sunwi.llm.client import LlmClient
from sunwi.llm.key import request_key
from sunwi.llm.prompting import read_object
from sunwi.llm.request import LlmRequest, Message
from sunwi.llm.store import AnswerStore
from sunwi.params.llm import LlmParams

GOOD, DRAFT = '{"ranking": [2, 1]}', '{"ranking": [9, 9]}'
RECORDS: dict[str, tuple[str, AnswerStatus, str, int]] = {  # text, status, finish, calls to expect
    "a draft before </think>": (f"<think>{DRAFT}</think>{GOOD}", "ok", "stop", 0),
    "a draft, only </think>": (f"{DRAFT}\n</think>\n{GOOD}", "ok", "stop", 0),
    "harmony channels": (
        f"<|channel|>analysis<|message|>{DRAFT}<|end|><|start|>assistant<|channel|>final<|message|>{GOOD}",
        "ok", "stop", 0,
    ),
    "a trailing comma": ('{"ranking": [2, 1,]}', "ok", "stop", 0),
    "a gateway's error": ("", "empty", "error", 1),
    "no choices": ("", "empty", "no choices", 1),
}  # fmt: skip


def main() -> None:
    os.environ["NO_PROXY"] = "127.0.0.1"
    failures = 0
    for name, (text, status, finish, calls) in RECORDS.items():
        server = FakeServer()
        server.default = lambda _: FakeServer.chat(GOOD)
        settings = LlmParams(provider="openai", base_url=f"{server.address}/v1", api_key_env="", model="m")
        request = LlmRequest("rerank", "d1", (Message("user", "글"),))
        with tempfile.TemporaryDirectory() as folder:
            with AnswerStore(Path(folder)) as store:
                key = request_key(request, settings)
                store.record(key, "rerank", "m", Answer(text, status, finish, 10, 5, "openai/m"))
            values = [
                LlmClient(settings, Path(folder)).complete([request], read_object)[0].value for _ in range(2)
            ]
        healed = values == [{"ranking": [2, 1]}] * 2 and server.calls == calls
        failures += not healed
        print(f"{name:26} {server.calls} calls in two runs, healed: {healed}")
        server.close()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
