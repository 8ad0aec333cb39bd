"""What a person must know of made questions before later stages fail without them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sunwi.params.qa import QaParams
from sunwi.qa.filters.language import MIN_HANGUL, hangul_share
from sunwi.records.corpus import Document
from sunwi.records.questions import Question

PROVIDERS = (
    "set qa.provider: llm, which asks in Korean about text in any language, or qa.provider: given "
    "with Korean questions of your own (sunwi import, or questions.jsonl beside the corpus)"
)


def notices(
    documents: Sequence[Document], kept: Sequence[Question], rejected: int, params: QaParams
) -> Iterator[str]:
    """Sentences with a next step: documents that templates cannot ask about, no question, no dev question."""
    foreign = sum(hangul_share(document.text) < MIN_HANGUL for document in documents)
    if params.provider == "template" and 2 * foreign >= len(documents):
        yield (
            f"{foreign} of {len(documents)} documents are not Korean, and qa.provider: template asks about "
            f"Korean text alone: {len(kept)} questions were made. Next: {PROVIDERS}"
        )
    elif not kept and rejected:
        yield (
            f"none of {rejected} questions passed the filters. Next: read the reasons in "
            "data/qa/rejected.jsonl, or set another qa.provider"
        )
    elif not kept:
        yield f"no question was made from {len(documents)} documents. Next: add documents, or {PROVIDERS}"
    elif not any(question.split == "dev" for question in kept):
        yield (
            f"none of {len(kept)} questions falls into the dev split, which fit_fusion and training need "
            f"(qa.dev_share {params.dev_share:g}, {len(documents)} documents). Next: raise qa.dev_share, "
            "add documents, or give dev_queries.jsonl and dev_qrels.tsv"
        )
