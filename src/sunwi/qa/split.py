"""Train, dev and test by document: by the hash of a group's id, so that added documents move none."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from sunwi.records.corpus import Document
from sunwi.runtime import hash_share

Split = Literal["train", "dev", "test"]


def group_of(document: Document) -> str:
    """What is split as one: the document that a chunk came from, else the document itself."""
    return document.document_id


def split_documents(
    documents: Sequence[Document], dev_share: float, judged: Collection[str]
) -> dict[str, Split]:
    """Split of every document, by docid.

    Parameters
    ----------
    dev_share
        Expected share of the groups without judgements that goes to dev, 0 to 1.
    judged
        Docids with a judgement of any grade. They, their parents and all chunks of their parents
        are "test": their questions never enter training.
    """
    known = set(judged)
    judged_groups = known | {group_of(document) for document in documents if document.docid in known}
    return {
        document.docid: "test"
        if document.docid in known or group_of(document) in judged_groups
        else _by_hash(group_of(document), dev_share)
        for document in documents
    }


def _by_hash(group: str, dev_share: float) -> Split:
    return "dev" if hash_share(group) < dev_share else "train"
