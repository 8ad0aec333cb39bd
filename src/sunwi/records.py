"""The contracts between stages: one model a row type, checked on every read and write.

Files are JSON lines in UTF-8 with "\\n", sorted by id. All faults of a file are reported at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sunwi.errors import InputProblems, Problem
from sunwi.runtime import atomic_write

Identifier = Annotated[str, Field(min_length=1)]
EvalId = Annotated[int | str, Field(union_mode="smart")]  # the competition's ids are integers
Split = Literal["train", "dev", "test"]
Provenance = dict[str, float | int | str | None]


class Row(BaseModel):
    """Base of all rows: unknown fields are faults, numbers are finite, rows do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def sort_key(self) -> tuple[Any, ...]:
        """Key by which a file of these rows is sorted; it must be unique in the file."""
        raise NotImplementedError  # each row type below names its own


class Document(Row):
    """prepared/corpus.jsonl: one passage; `parent` is the docid that a chunk came from."""

    docid: Identifier
    content: Identifier
    title: str | None = None
    src: str | None = None
    parent: str | None = None

    def sort_key(self) -> tuple[str]:
        return (self.docid,)

    @property
    def text(self) -> str:
        """What is indexed: the title, if any, and the content."""
        return f"{self.title}\n{self.content}" if self.title else self.content


class Message(Row):
    """One turn of a dialogue."""

    role: Literal["user", "assistant", "system"]
    content: str


class Query(Row):
    """prepared/queries.jsonl: one evaluation dialogue; its last turn is the user's."""

    eval_id: EvalId
    messages: Annotated[list[Message], Field(min_length=1)]

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)

    @property
    def qid(self) -> str:
        """The id as it stands in qrels and run files."""
        return str(self.eval_id)


class Question(Row):
    """qa/questions.jsonl: a synthetic question for one passage.

    `overlap` is the share of the question's distinct morphemes that its passage has, 0 to 1.
    """

    qid: Identifier
    docid: Identifier
    question: Identifier
    style: str
    generator: str
    split: Split
    overlap: Annotated[float, Field(ge=0, le=1)]
    checks: dict[str, float | int | str | None] = {}

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class RejectedQuestion(Row):
    """qa/rejected.jsonl: a question that a filter refused, with the reason and the values that decided."""

    qid: Identifier
    docid: Identifier
    question: str
    style: str
    generator: str
    reason: Identifier
    checks: dict[str, float | int | str | None] = {}

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class Context(Row):
    """A run of sentences of a passage, and the passage's rank for the question."""

    docid: Identifier
    context: str
    rank: Annotated[int, Field(ge=1)]


class DevContexts(Row):
    """qa/dev_contexts.jsonl: a dev question with its ideal context and hard-negative contexts."""

    qid: Identifier
    question: Identifier
    docid: Identifier
    context: str
    negatives: list[Context]

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class MinedRow(Row):
    """mined/train.jsonl: FlagEmbedding reads it as it is; ids, teacher scores and provenance beside it."""

    qid: Identifier
    query: Identifier
    pos: Annotated[list[str], Field(min_length=1)]
    neg: list[str]
    pos_ids: list[str]
    neg_ids: list[str]
    pos_scores: list[float]
    neg_scores: list[float]
    provenance: list[Provenance]

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class Candidate(Row):
    """One passage of a candidate list with its components' scores."""

    docid: str
    score: float
    label: int
    components: dict[str, float]


class CandidateList(Row):
    """mined/pairs.jsonl: the retriever's pool for one labelled question, best first."""

    qid: Identifier
    query: str
    split: Split
    style: str
    overlap: float
    positive_rank: int | None = None
    candidates: list[Candidate]

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class Triplet(Row):
    """mined/triplets.jsonl: one positive and one negative of a train question."""

    id: Identifier
    query: str
    positive: str
    negative: str

    def sort_key(self) -> tuple[str]:
        return (self.id,)


class Failure(Row):
    """mined/failures.jsonl: a labelled question whose passage is not first, and what beat it.

    `margin` and `margins` are how far the beating passage is ahead: of the blend, and of each scorer.
    """

    qid: Identifier
    query: str
    split: Split
    documents: list[str]
    positive: str
    positive_rank: int | None = None
    beaten_by: str
    category: str
    margin: float
    margins: dict[str, float]
    positive_text: str
    beating_text: str

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class AugmentedFailure(Row):
    """mined/augmented.jsonl: a question to train on, with its positive and its negatives.

    `source` names the failure that it stems from; a negative without a docid was written by an LLM.
    """

    qid: Identifier
    source: Identifier
    query: Identifier
    positive: str
    negatives: list[dict[str, str | None]]
    generator: str

    def sort_key(self) -> tuple[str]:
        return (self.qid,)


class UnderstoodQuery(Row):
    """queries/understood.jsonl: what a dialogue asks for; `source` names the path that decided."""

    eval_id: EvalId
    standalone_query: str
    needs_retrieval: bool
    variants: list[str] = []
    hypothetical_document: str = ""
    source: str

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)

    @property
    def qid(self) -> str:
        """The id as it stands in qrels and run files."""
        return str(self.eval_id)


class SubmissionRow(Row):
    """submissions/NAME.jsonl: the competition's line."""

    eval_id: EvalId
    standalone_query: str
    topk: list[str]
    answer: str = ""
    references: list[str] = []

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)


class LineageRow(Row):
    """submissions/NAME.lineage.jsonl: how each candidate of a query got its place."""

    eval_id: EvalId
    standalone_query: str
    needs_retrieval: bool
    reason: str
    candidates: list[dict[str, float | int | str | None]]
    fallbacks: list[str] = []

    def sort_key(self) -> tuple[bool, int | str]:
        return (isinstance(self.eval_id, str), self.eval_id)


R = TypeVar("R", bound=Row)
RUN_STAGE = "run the stage that writes it again (dvc repro)"


def canonical_json(value: Any) -> str:
    """One line of JSON with Hangul as it is; NaN and infinity are refused."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_rows(path: Path | str, model: type[R]) -> list[R]:
    """Read and check a JSONL file of one row type.

    Raises
    ------
    InputProblems
        With file and line of every line that is no JSON, has a missing, unknown or wrong field,
        repeats an id or is out of order; or with the file itself if it does not exist.
    """
    path = Path(path)
    check_exists(path)
    rows: list[R] = []
    problems: list[Problem] = []
    previous: tuple[Any, ...] | None = None
    with path.open("rb") as lines:  # bytes: a line that is no UTF-8 is a fault of that line
        for number, line in enumerate(lines, start=1):
            try:
                row = model.model_validate_json(line)
            except ValidationError as error:
                problems += [Problem(path, number, describe_fault(fault)) for fault in error.errors()]
                continue
            key = row.sort_key()
            if previous is not None and key <= previous:
                what = "repeats the id" if key == previous else "is out of order at the id"
                problems.append(Problem(path, number, f"{what} {key[-1]!r}; ids must rise from line to line"))
            previous = key
            rows.append(row)
    if problems:
        raise InputProblems(problems, f"mend {path.name}, or {RUN_STAGE}")
    return rows


def describe_fault(fault: Any) -> str:
    """One pydantic fault as a sentence: which field, what was expected, what was found."""
    field = ".".join(str(part) for part in fault["loc"]) or "line"
    if fault["type"] == "missing":
        return f"field '{field}' is missing"
    if fault["type"] == "extra_forbidden":
        return f"field '{field}' is not known here"
    found = fault.get("input")
    found = repr(found.decode("utf-8", "replace") if isinstance(found, bytes) else found)
    return f"field '{field}': {fault['msg']}; found {found if len(found) <= 80 else found[:77] + '...'}"


def write_rows(path: Path | str, rows: Iterable[Row]) -> int:
    """Write rows sorted by id, atomically; return how many.

    Raises
    ------
    InputProblems
        If two rows have the same id; nothing is written then.
    """
    path = Path(path)
    ordered = sorted(rows, key=lambda row: row.sort_key())
    problems = [
        Problem(path, number, f"two rows have the id {row.sort_key()[-1]!r}")
        for number, (last, row) in enumerate(pairwise(ordered), start=2)
        if last.sort_key() == row.sort_key()
    ]
    if problems:
        raise InputProblems(problems, "give every row an id of its own")
    write_lines(path, (canonical_json(row.model_dump(exclude_none=True)) for row in ordered))
    return len(ordered)


def write_rising(path: Path | str, rows: Iterable[Row]) -> int:
    """Write rows that come sorted by id as they come, one held at a time, atomically; return how many.

    Raises
    ------
    InputProblems
        If a row's id is not above the one before; nothing is written then.
    """
    path = Path(path)
    number = 0
    previous: tuple[Any, ...] | None = None
    with atomic_write(path) as out:
        for number, row in enumerate(rows, start=1):
            key = row.sort_key()
            if previous is not None and key <= previous:
                what = f"the id {key[-1]!r} comes after {previous[-1]!r}; ids must rise from row to row"
                raise InputProblems([Problem(path, number, what)], "sort the rows, or use write_rows")
            previous = key
            out.write(canonical_json(row.model_dump(exclude_none=True)) + "\n")
    return number


def write_lines(path: Path | str, lines: Iterable[str]) -> None:
    """Write lines of text to a temporary name and rename it."""
    with atomic_write(Path(path)) as out:
        for line in lines:
            out.write(line + "\n")


def write_json(path: Path | str, value: Any) -> None:
    """Write one JSON document, indented and with sorted keys, atomically."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    write_lines(path, [text])


def read_json(path: Path | str) -> Any:
    """Read one JSON document."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def check_exists(path: Path) -> None:
    """Raise `InputProblems` with the next step if the file is not there."""
    if not path.exists():
        raise InputProblems([Problem(path, None, "the file does not exist")], RUN_STAGE)
