"""A loopback server that answers as OpenAI's or Gemini's API does, with faults on demand."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Reply:
    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0  # seconds before the first byte
    cut: bool = False  # the connection is reset in the middle of the body

    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Replies:
    """The two APIs' answers."""

    @staticmethod
    def chat(
        text: str | None, finish: str = "stop", tokens: tuple[int, int] | None = (10, 5), **more: Any
    ) -> Reply:
        message = {"role": "assistant", "content": text, **more}
        body = {
            "id": "chat-1", "object": "chat.completion", "created": 0, "model": "solar-pro2-250909",
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        }  # fmt: skip
        if tokens:
            both = sum(tokens)
            body["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": both}
        return Reply(body)

    @staticmethod
    def gemini(text: str | None, finish: str | None = "STOP", **more: Any) -> Reply:
        candidate: dict[str, Any] = {"finishReason": finish} if finish else {}
        if text is not None:
            candidate["content"] = {"role": "model", "parts": [{"text": text}]}
        usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 2}
        return Reply(
            {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash-001"} | more
        )

    @staticmethod
    def error(status: int, message: str = "no", code: str | None = None, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply({"error": {"message": message, "code": code, "status": "X"}}, status, named)


class FakeServer(Replies):
    """Answers `script` in order, then whatever `default` makes of the request."""

    def __init__(self) -> None:
        self.script: list[Reply] = []
        self.default: Callable[[dict[str, Any]], Reply] = lambda body: self.chat(f"re: {self.asked(body)}")
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                reply = server._next(body, self.path, dict(self.headers))
                try:
                    self._send(reply)
                except OSError:
                    self.close_connection = True  # the client did not wait
                finally:
                    with server._lock:
                        server._at_once -= 1

            def _send(self, reply: Reply) -> None:
                time.sleep(reply.delay)
                data = reply.bytes()
                headers = {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(data)),
                    **reply.headers,
                }
                self.send_response(reply.status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                if not reply.cut:
                    self.wfile.write(data)
                    return
                self.wfile.write(data[: len(data) // 2])
                self.wfile.flush()
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def _next(self, body: dict[str, Any], path: str, headers: dict[str, str]) -> Reply:
        with self._lock:
            self.bodies.append(body)
            self.paths.append(path)
            self.headers.append({name.lower(): value for name, value in headers.items()})
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            return self.script.pop(0) if self.script else self.default(body)

    @property
    def calls(self) -> int:
        return len(self.bodies)

    @staticmethod
    def asked(body: dict[str, Any]) -> str:
        """The last turn's text, in either API's form."""
        if "messages" in body:
            return str(body["messages"][-1]["content"])
        return str(body["contents"][-1]["parts"][0]["text"])

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
