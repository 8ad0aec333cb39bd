"""A redirect to another port never gets the key: `python -m benchmarks.chaos.redirect`."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.llm_server import FakeServer, Reply

from sunwi.errors import LlmError
from sunwi.llm.client import LlmClient
from sunwi.llm.request import LlmRequest, Message
from sunwi.params.llm import LlmParams

KEY, VARIABLE = "sk-chaos-5d1e9c70", "SUNWI_CHAOS_KEY"
STATUSES = (301, 302, 303, 307, 308)


def main() -> None:
    os.environ |= {VARIABLE: KEY, "NO_PROXY": "127.0.0.1"}
    seen: list[str] = []

    class Listener(BaseHTTPRequestHandler):
        def answer(self) -> None:
            seen.append(f"{self.path} {self.headers}")
            self.send_response(200)
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815  http.server looks for these names

        def log_message(self, *_: object) -> None:
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    target = f"http://127.0.0.1:{listener.server_port}/v1/chat/completions"
    failures = 0
    for provider in ("openai", "gemini"):
        for status in STATUSES:
            server = FakeServer()
            server.default = lambda _, status=status: Reply(b"", status, {"Location": target})  # type: ignore[misc]  default argument
            message = ask(provider, server.address)
            server.close()
            wrong = bool(seen) or KEY in message or "redirect" not in message
            failures += wrong
            print(f"{provider:8} {status}  {server.calls} call, {len(seen)} elsewhere, stopped: {not wrong}")
    listener.shutdown()
    sys.exit(1 if failures else 0)


def ask(provider: str, address: str) -> str:
    """The error of one request; "" if there is none."""
    settings = LlmParams(
        provider=provider, base_url=address, api_key_env=VARIABLE, model="m", max_tries=1, timeout=5.0
    )  # type: ignore[arg-type]  provider is a Literal there
    with tempfile.TemporaryDirectory() as folder:
        try:
            LlmClient(settings, Path(folder)).complete([LlmRequest("x", "d1", (Message("user", "글"),))], str)
        except LlmError as error:
            return str(error)
    return ""


if __name__ == "__main__":
    main()
