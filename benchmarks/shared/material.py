"""Passages and questions that a benchmark runs on: two files, or the demo."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

DEMO = Path(__file__).resolve().parents[2] / "data" / "demo"


@dataclass(frozen=True)
class Material:
    """Passages by docid, and questions with the docid of their passage."""

    documents: dict[str, str]
    asked: list[tuple[str, str]]

    @property
    def passages(self) -> list[str]:
        return list(self.documents.values())

    def questions(self, count: int) -> list[str]:
        """So many questions, over again where there are fewer."""
        return [self.asked[at % len(self.asked)][0] for at in range(count)]


def read_material(documents: Path | None, questions: Path | None) -> Material:
    """JSON lines `docid, content` and `docid, question`; without them the demo, a sentence a question."""
    if (documents is None) != (questions is None):
        raise SystemExit("name both files or none: --documents FILE --questions FILE")
    rows = read_rows(documents or DEMO / "corpus.jsonl")
    found = {row["docid"]: row["content"] for row in rows}
    if questions is not None:
        asked = [(row["question"], row["docid"]) for row in read_rows(questions)]
        return Material(found, [row for row in asked if row[1] in found])
    return Material(found, [(text.split(". ")[0][:60], docid) for docid, text in found.items()])


def read_rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
