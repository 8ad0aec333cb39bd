"""Candidates of one document as a cache keeps them: a corpus that changes a little is not analysed anew."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path

from sunwi import josa, text
from sunwi.qa.candidate import Candidate
from sunwi.qa.filters.form import MIN_CHARS
from sunwi.records.corpus import Document
from sunwi.runtime import text_hash


def candidate_key(document: Document, groups: Collection[str], seed: int) -> str:
    """All that a document's candidates depend on: its text and id, the settings, the rules, the analyser."""
    settings = (_rules(), str(seed), ",".join(sorted(groups)))
    return text_hash(*settings, document.docid, document.title or "", document.content)


@cache
def _rules() -> str:
    """Hash of the templates' own source and the analyser's version: whoever edits a rule raises no number."""
    sources = [*sorted(Path(__file__).parent.glob("*.py")), Path(josa.__file__), Path(text.__file__)]
    return text_hash(
        text.kiwi_version(), str(MIN_CHARS), *(source.read_text(encoding="utf-8") for source in sources)
    )


def to_row(candidates: Sequence[Candidate]) -> bytes:
    """The candidates of one document; qid and docid follow from their place and the key."""
    rows = [
        [candidate.question, candidate.style, candidate.generator, dict(candidate.checks)]
        for candidate in candidates
    ]
    return json.dumps(rows, ensure_ascii=False).encode("utf-8")


def from_row(row: bytes, docid: str) -> list[Candidate]:
    """What `to_row` kept."""
    return [
        Candidate(f"{docid}-{number:02d}", docid, question, style, generator, paraphrase=False, checks=checks)
        for number, (question, style, generator, checks) in enumerate(json.loads(row), start=1)
    ]
