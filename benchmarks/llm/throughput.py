"""Rows a second of the LLM client beside a bare loop over the official SDK.

A server of its own process answers every chat after 50 ms; 32 calls are on their way at once, which
bounds both at 640 rows/s. The cached line is a second run over the same rows.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median

from sunwi.llm.client import LlmClient
from sunwi.llm.request import LlmRequest, Message
from sunwi.params.llm import LlmParams

DELAY = 0.05  # seconds
AT_ONCE = 32
MODEL = "benchmark"
PASSAGE = "한국어 지문입니다. 질문을 만들 문단의 길이는 보통 이 정도입니다. " * 20
QUESTIONS = json.dumps(
    {"questions": [f"질문 {number}은 무엇인가요?" for number in range(3)]}, ensure_ascii=False
)


def serve(port: Connection) -> None:
    """Answer on a free loopback port, which is sent first."""
    message = {"role": "assistant", "content": QUESTIONS}
    completion = {
        "id": "1", "object": "chat.completion", "created": 0, "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 700, "completion_tokens": 60, "total_tokens": 760},
    }  # fmt: skip
    body = json.dumps(completion).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    reply = head.encode() + body

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                asked = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    line for line in asked.lower().split(b"\r\n") if line.startswith(b"content-length")
                )
                await reader.readexactly(int(length.partition(b":")[2]))
                await asyncio.sleep(DELAY)
                writer.write(reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def requests(rows: int) -> list[LlmRequest]:
    return [LlmRequest("questions", str(row), (Message("user", f"{row} {PASSAGE}"),)) for row in range(rows)]


def bare(url: str, chats: list[LlmRequest]) -> float:
    """Rows a second of the SDK alone: nothing recorded, counted or tried again."""
    import openai

    async def run() -> None:
        waiting = iter(chats)
        async with openai.AsyncOpenAI(api_key="none", base_url=url, max_retries=0) as client:

            async def work() -> None:
                for chat in waiting:
                    await client.chat.completions.create(
                        model=MODEL,
                        messages=[{"role": "user", "content": chat.messages[0].content}],
                        max_tokens=1024,
                        temperature=0.7,
                    )

            await asyncio.gather(*(work() for _ in range(AT_ONCE)))

    start = time.perf_counter()
    asyncio.run(run())
    return len(chats) / (time.perf_counter() - start)


def ours(url: str, chats: list[LlmRequest], folder: Path) -> float:
    settings = LlmParams(
        provider="openai", model=MODEL, base_url=url, api_key_env="", concurrency=AT_ONCE,
        price_in=0.15, price_out=0.6, budget=1000,
    )  # fmt: skip
    start = time.perf_counter()
    outcomes = LlmClient(settings, folder).complete(chats, json.loads)
    seconds = time.perf_counter() - start
    assert all(outcome.status == "ok" for outcome in outcomes)
    return len(chats) / seconds


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=2000)
    arguments.add_argument("--rounds", type=int, default=3)
    options = arguments.parse_args()
    receiver, sender = multiprocessing.Pipe(duplex=False)
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(sender,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{receiver.recv()}/v1"
    chats = requests(options.rows)
    bare(url, chats[:64])  # imports and first connections count for nobody
    rates: dict[str, list[float]] = {"bare SDK": [], "sunwi": [], "sunwi, cached": []}
    for _ in range(options.rounds):  # in turns: a busy machine slows all of them
        with tempfile.TemporaryDirectory() as folder:
            rates["bare SDK"].append(bare(url, chats))
            rates["sunwi"].append(ours(url, chats, Path(folder)))
            rates["sunwi, cached"].append(ours(url, chats, Path(folder)))
    server.terminate()
    print(
        f"{options.rows} rows, {AT_ONCE} at once, {DELAY * 1000:.0f} ms an answer, median of {options.rounds}"
    )
    for name, values in rates.items():
        share = median(values) / median(rates["bare SDK"])
        print(f"{name:14} {median(values):8.0f} rows/s   ({share:.2f} of bare)")


if __name__ == "__main__":
    main()
