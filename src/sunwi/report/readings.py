"""Would another reading of a dialogue have found the passage: what `misunderstood` rests on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from sunwi.records.corpus import Query

if TYPE_CHECKING:
    from sunwi.models.encoder import Vectors


def better_read_queries(
    dialogues: Sequence[Query],
    standalone: Mapping[str, str],
    relevant: Mapping[str, Collection[str]],
    encode: Callable[[list[str]], Vectors],
    passages: Vectors,
    docids: Sequence[str],
    cutoff: int,
) -> set[str]:
    """Labelled dialogues of several turns that a plain reading answers by dense search.

    The readings are the last turn alone and all of the user's turns: no understanding at all. Where one of
    them ranks a relevant document among the first `cutoff` and the standalone query does not, it is the
    understanding that failed.

    Parameters
    ----------
    standalone
        Query id to the standalone query that was searched for.
    encode
        Texts to unit vectors, shape [texts, dimensions], as queries.
    passages
        Unit vectors, shape [passages, dimensions], in the order of `docids` (a chunk has its parent's).
    """
    import numpy as np

    multi_turn = [query for query in dialogues if len(query.messages) > 1 and relevant.get(query.qid)]
    if not multi_turn:
        return set()
    turns = [[turn.content for turn in query.messages if turn.role == "user"] for query in multi_turn]
    readings = [
        [standalone[query.qid] for query in multi_turn],
        [said[-1] for said in turns],
        [" ".join(said) for said in turns],
    ]
    scores = encode([text for reading in readings for text in reading]).astype(np.float32)
    scores = scores @ np.asarray(passages, dtype=np.float32).T

    def finds(row: int) -> bool:
        order = np.argsort(-scores[row], kind="stable")
        first = list(dict.fromkeys(docids[position] for position in order))[:cutoff]
        return bool(set(first) & set(relevant[multi_turn[row % len(multi_turn)].qid]))

    plain = range(len(multi_turn), len(scores))
    return {
        multi_turn[row % len(multi_turn)].qid
        for row in plain
        if finds(row) and not finds(row % len(multi_turn))
    }
