"""People's judgements of the project, their pool, and the labels in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sunwi.judging.merging import Held
from sunwi.judging.places import JUDGEMENTS, POOL
from sunwi.judging.pools import PooledQuery
from sunwi.judging.records import SplitName, read_lines, standing
from sunwi.paths import PREPARED
from sunwi.records.files import read_rows
from sunwi.trec import Qrels, read_qrels
from sunwi.workspace.base import Workspace
from sunwi.workspace.corpus import passages


def judgements(workspace: Workspace) -> Held:
    """Judge to pair to the line that holds; people's and language models'."""
    return standing(read_lines(workspace.path(JUDGEMENTS)))


def read_pool(workspace: Workspace) -> list[PooledQuery]:
    """The pool; empty where none was made."""
    path = workspace.path(POOL)
    return read_rows(path, PooledQuery) if path.exists() else []


def labels_in_use(workspace: Workspace) -> dict[SplitName, Qrels]:
    """The prepared qrels by split."""
    files: Mapping[SplitName, str] = {"test": "qrels.tsv", "dev": "dev_qrels.tsv"}
    return {split: read_qrels(workspace.path(PREPARED) / file) for split, file in files.items()}


def texts_of_documents(workspace: Workspace) -> dict[str, Sequence[str]]:
    """Document to the texts of its passages."""
    corpus = passages(workspace)
    texts: dict[str, list[str]] = {}
    for document, text in zip(corpus.groups, corpus.texts, strict=True):
        texts.setdefault(document, []).append(text)
    return dict(texts)
