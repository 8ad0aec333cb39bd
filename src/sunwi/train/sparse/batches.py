"""Training batches of the sparse encoder: token ids of questions, their passages and term pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sunwi.models.sparse.encoder import pad
from sunwi.params.sparse import SparseParams
from sunwi.records.mined import MinedRow
from sunwi.train.sparse.bilingual.dictionary import TermPair

if TYPE_CHECKING:
    import torch

MISSING = float("-inf")


@dataclass(frozen=True, slots=True)
class SparseBatch:
    """One batch: ids [questions, tokens], [questions * group, tokens], [pairs, tokens] twice; teacher scores.

    `teacher` is [questions, group]; a group shorter than the widest is filled with its own passages again,
    and there the teacher's score is -inf.
    """

    queries: torch.Tensor
    passages: torch.Tensor
    teacher: torch.Tensor
    korean: torch.Tensor | None
    english: torch.Tensor | None

    @property
    def group(self) -> int:
        """Passages a question: the positive first, then its negatives."""
        return len(self.passages) // len(self.queries)


def make_batch(
    rows: Sequence[MinedRow], pairs: Sequence[TermPair], tokenizer: Any, params: SparseParams
) -> SparseBatch:
    """Tokenise mined rows, with `params.negatives` negatives each at most, and term pairs."""
    import torch

    group = 1 + min(params.negatives, max(len(row.neg) for row in rows))
    passages: list[str] = []
    teacher = torch.full((len(rows), group), MISSING)
    for number, row in enumerate(rows):
        own = [row.pos[0], *row.neg][:group]
        scores = [row.pos_scores[0], *row.neg_scores][:group]
        passages += [own[place % len(own)] for place in range(group)]
        teacher[number, : len(scores)] = torch.tensor(scores)

    def ids(texts: Sequence[str], max_length: int) -> torch.Tensor:
        return pad(tokenizer(list(texts), truncation=True, max_length=max_length)["input_ids"], tokenizer)

    queries = ids([row.query for row in rows], params.query_max_length)
    return SparseBatch(
        queries,
        ids(passages, params.passage_max_length),
        teacher,
        ids([pair.korean for pair in pairs], params.query_max_length) if pairs else None,
        ids([pair.english for pair in pairs], params.query_max_length) if pairs else None,
    )
