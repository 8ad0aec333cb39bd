"""A real language model behind an OpenAI-compatible server: how it answers three kinds of request.

    python -m benchmarks.llm.real_server --base-url http://127.0.0.1:8000/v1 --model NAME [--rows 20]

Question generation, query understanding and listwise re-ranking run through the openai client over the demo
corpus, and every answer that is none is counted by its kind. llama.cpp, vLLM and Ollama have such a server.
The key comes from OPENAI_API_KEY, or --key-env names another variable; a server of your own needs none
(--key-env ""). Answers are recorded in --cache, so that a second run asks only for what is missing.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sunwi.llm.client import LlmClient
from sunwi.llm.outcome import Outcome
from sunwi.llm.request import LlmRequest
from sunwi.params.finishing import LlmRerank
from sunwi.params.llm import LlmParams
from sunwi.params.qa import QaParams
from sunwi.params.query import QueryParams
from sunwi.records.corpus import Document, Message, Query
from sunwi.records.files import read_rows
from sunwi.records.ranking import RankedDocument, Ranking
from sunwi.records.submissions import UnderstoodQuery

ROOT = Path(__file__).resolve().parents[2]
KINDS = ("ok", "repaired", "malformed", "truncated", "empty", "blocked", "failed")


class Counting:
    """A client whose outcomes are counted by task and kind, with the first fault of each kind."""

    def __init__(self, client: LlmClient) -> None:
        self._client = client
        self.kinds: dict[str, Counter[str]] = {}
        self.faults: dict[tuple[str, str], str] = {}

    @property
    def model(self) -> str:
        return self._client.model

    def complete(self, requests: Sequence[LlmRequest], parse: Callable[[str], Any]) -> list[Outcome[Any]]:
        outcomes = self._client.complete(requests, parse)
        for outcome in outcomes:
            kind = "repaired" if outcome.repaired else outcome.status
            self.kinds.setdefault(outcome.request.task, Counter())[kind] += 1
            if kind != "ok":
                self.faults.setdefault((outcome.request.task, kind), outcome.detail)
        return outcomes


def ask_all(client: Counting, documents: Sequence[Document], queries: Sequence[Query], seed: int) -> None:
    """The three kinds of request; nothing of the answers is judged but their form."""
    from sunwi.qa.llm.answer import parse_answer
    from sunwi.qa.llm.candidates import requests
    from sunwi.query.by_llm import understand_by_llm
    from sunwi.query.standalone import standalone_query
    from sunwi.submit.llm.listwise import rerank_listwise

    params = QaParams(provider="llm")
    wanted = params.questions_per_document
    client.complete(requests(documents, params, seed), lambda text: parse_answer(text, wanted=wanted))
    rules = [
        UnderstoodQuery(
            eval_id=query.eval_id, standalone_query=standalone_query(query.messages, 8),
            needs_retrieval=True, variants=[], source="rules",
        )
        for query in queries
    ]  # fmt: skip
    understand_by_llm(queries, rules, QueryParams(method="llm", variants=3), client)
    places = [RankedDocument(row.docid, row.docid, None, {}) for row in documents[:10]]
    texts = {row.docid: row.text for row in documents}
    rerank_listwise(rules, [Ranking(list(places)) for _ in rules], texts, LlmRerank(), client)


def table(client: Counting) -> str:
    """Rows by task and kind, then the first fault of each kind."""
    lines = ["| request | rows | " + " | ".join(KINDS) + " |", "|" + "---|" * (len(KINDS) + 2)]
    for task, kinds in sorted(client.kinds.items()):
        counts = " | ".join(str(kinds[kind]) for kind in KINDS)
        lines.append(f"| {task} | {kinds.total()} | {counts} |")
    faults = [
        f"- {task}, {kind}: {' '.join(text.split())[:200]}" for (task, kind), text in client.faults.items()
    ]
    return "\n".join([*lines, "", *sorted(faults)])


def demo(rows: int) -> tuple[list[Document], list[Query]]:
    """The first passages and dialogues of the demo; of the latter those of several turns first."""
    documents = read_rows(ROOT / "data/demo/corpus.jsonl", Document)[: max(rows, 10)]
    queries = sorted(read_rows(ROOT / "data/demo/queries.jsonl", Query), key=lambda row: -len(row.messages))
    return documents, queries[:rows] or [Query(eval_id=1, messages=[Message(role="user", content="물은?")])]


def run(settings: LlmParams, rows: int, cache: Path) -> Counting:
    """Ask for everything; the answers are recorded in `cache`."""
    client = Counting(LlmClient(settings, cache, "real server"))
    ask_all(client, *demo(rows), seed=42)
    return client


def main() -> None:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=plain)
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--key-env", default=None, help='variable with the key; "": the server needs none')
    parser.add_argument("--rows", type=int, default=20, help="passages and dialogues")
    parser.add_argument("--timeout", type=float, default=300.0, help="seconds of a call")
    parser.add_argument("--concurrency", type=int, default=2)
    parser.add_argument("--json-schema", action="store_true", help="send JSON schemas (vLLM, llama.cpp)")
    parser.add_argument("--cache", type=Path, help="folder of the recorded answers")
    options = parser.parse_args()
    settings = LlmParams(
        provider="openai", model=options.model, base_url=options.base_url, api_key_env=options.key_env,
        timeout=options.timeout, concurrency=options.concurrency, json_schema=options.json_schema,
        temperature=0.0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        print(table(run(settings, options.rows, options.cache or Path(scratch))))


if __name__ == "__main__":
    main()
