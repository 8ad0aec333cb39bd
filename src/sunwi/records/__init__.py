"""The contracts between stages: one model a row type, checked on every read and write.

Tables are JSON lines in UTF-8 with "\\n", sorted by id, in one file or in a folder of shards. All faults of
a table are reported at once.
"""

from sunwi.records.corpus import Document, Message, Query
from sunwi.records.failures import AugmentedFailure, Failure
from sunwi.records.files import (
    RUN_STAGE,
    canonical_json,
    check_exists,
    describe_fault,
    iter_rows,
    read_json,
    read_rows,
    write_json,
    write_lines,
    write_rising,
    write_rows,
)
from sunwi.records.mined import Candidate, CandidateList, MinedRow, Triplet
from sunwi.records.questions import Context, DevContexts, Question, RejectedQuestion
from sunwi.records.row import EvalId, Identifier, Provenance, Row, Split
from sunwi.records.shards import files_of
from sunwi.records.submissions import LineageRow, SubmissionRow, UnderstoodQuery

__all__ = [
    "RUN_STAGE",
    "AugmentedFailure",
    "Candidate",
    "CandidateList",
    "Context",
    "DevContexts",
    "Document",
    "EvalId",
    "Failure",
    "Identifier",
    "LineageRow",
    "Message",
    "MinedRow",
    "Provenance",
    "Query",
    "Question",
    "RejectedQuestion",
    "Row",
    "Split",
    "SubmissionRow",
    "Triplet",
    "UnderstoodQuery",
    "canonical_json",
    "check_exists",
    "describe_fault",
    "files_of",
    "iter_rows",
    "read_json",
    "read_rows",
    "write_json",
    "write_lines",
    "write_rising",
    "write_rows",
]
