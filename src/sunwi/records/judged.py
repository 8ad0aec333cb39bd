"""dev_judged.jsonl: dev queries that people judged at the desk; without judgements there is no such file."""

from __future__ import annotations

from pathlib import Path

from sunwi.records.files import read_rows
from sunwi.records.row import EvalId, Row

JUDGED_FILE = "dev_judged.jsonl"  # of a source folder and of the prepared tables


class JudgedQuery(Row):
    """One dev query and whether its judges called it chit-chat."""

    eval_id: EvalId
    chitchat: bool

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)

    @property
    def qid(self) -> str:
        """The id as it is written in qrels and run files."""
        return str(self.eval_id)


def judged_queries(folder: Path) -> list[JudgedQuery]:
    """The dev queries of a source folder or of prepared tables that people judged; `prepare` checks them."""
    path = folder / JUDGED_FILE
    return read_rows(path, JudgedQuery) if path.exists() else []
