"""A judging pool of a built project: from the rankings that its stages wrote, or live for new queries."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sunwi.errors import DataError
from sunwi.judging.places import POOL
from sunwi.judging.pools import PooledQuery, PoolSettings, make_pool
from sunwi.judging.records import SplitName
from sunwi.paths import RANKINGS
from sunwi.records.files import write_rows
from sunwi.records.ranking import Ranking
from sunwi.serve.live import rank_live
from sunwi.serve.readiness import readiness
from sunwi.submit.writing import read_ranking
from sunwi.workspace.base import Workspace
from sunwi.workspace.judgements import read_pool
from sunwi.workspace.questions import dev_understood, understood


def add_to_pool(workspace: Workspace, queries: Sequence[PooledQuery]) -> int:
    """Put queries behind those of the pool, one that it has already left out; return how many came in."""
    pool = read_pool(workspace)
    known = {(query.split, query.qid) for query in pool}
    fresh = [query for query in queries if (query.split, query.qid) not in known]
    placed = [query.model_copy(update={"place": len(pool) + at}) for at, query in enumerate(fresh)]
    write_rows(workspace.path(POOL), [*pool, *placed])
    return len(fresh)


def pool_of_split(
    workspace: Workspace,
    split: SplitName,
    variants: Sequence[str],
    settings: PoolSettings,
    qids: Sequence[str] = (),
) -> list[PooledQuery]:
    """A pool of the dev or test queries by the rankings under data/rankings.

    Parameters
    ----------
    qids
        Only these queries; none: those that the settings choose of all.

    Raises
    ------
    DataError
        If the split has no queries, or has not these, or a variant has no ranking there.
    """
    dialogues = understood(workspace) if split == "test" else dev_understood(workspace)
    if not dialogues:
        step = "judge new queries: sunwi judge pool --queries FILE with one query a line"
        raise DataError(f"the project has no {split} queries", step)
    suffix, folder = ("" if split == "test" else ".dev"), workspace.path(RANKINGS)
    names = list(variants) or sorted(
        path.name.removesuffix(".jsonl").removesuffix(".dev")
        for path in folder.glob(f"*{suffix}.jsonl") if suffix or not path.name.endswith(".dev.jsonl")
    )  # fmt: skip
    if missing := [name for name in names if not (folder / f"{name}{suffix}.jsonl").exists()]:
        raise DataError(f"{RANKINGS} has no ranking of: {', '.join(missing)}", "build them: make repro")
    rankings = {name: read_ranking(folder, f"{name}{suffix}") for name in names}
    texts = {row.qid: row.standalone_query for row in dialogues}
    if unknown := [qid for qid in qids if qid not in texts]:
        step = "open the desk from a report of this project"
        raise DataError(f"the project has no {split} queries {', '.join(unknown[:20])}", step)
    texts = {qid: texts[qid] for qid in qids} if qids else texts
    by_query = {qid: {name: rankings[name][qid] for name in names} for qid in texts}
    chitchat = {row.qid for row in dialogues if not row.needs_retrieval}
    return _pool(by_query, texts, split, settings, chitchat)


def pool_of_texts(
    workspace: Workspace,
    texts: Sequence[str],
    variants: Sequence[str],
    settings: PoolSettings,
) -> list[PooledQuery]:
    """A pool of new queries, ranked live; an id is made of the query's text. All are given, none is drawn.

    Of the settings, `budget` and `random_share` are not read.

    Raises
    ------
    DataError
        If there is no query, or no variant can answer.
    """
    cleaned = list(dict.fromkeys(" ".join(text.split()) for text in texts if text.strip()))
    if not cleaned:
        raise DataError("there is no query", "give a file with one query a line, in UTF-8")
    states = readiness(workspace, llm=False)
    names = list(variants) or [name for name, state in states.items() if state.ready]
    if unready := [name for name in names if name not in states or not states[name].ready]:
        raise DataError(f"these variants cannot answer: {', '.join(unready)}", "build them: make repro")
    if not names:
        raise DataError("no variant can answer", "build the project: make repro")
    ids = {new_id(text): text for text in cleaned}
    by_query: dict[str, dict[str, Ranking]] = {qid: {} for qid in ids}
    for name in names:
        for qid, ranking in zip(ids, rank_live(workspace, name, list(ids.values())), strict=True):
            by_query[qid][name] = ranking
    return _pool(by_query, ids, "new", replace(settings, budget=None, random_share=0.0))


def new_id(text: str) -> str:
    """The id of a query that was typed or imported here.

    Examples
    --------
    >>> new_id("광합성이란?")
    'judged-7f9f32b4ee'
    """
    return "judged-" + hashlib.sha256(text.encode()).hexdigest()[:10]


def _pool(
    by_query: Mapping[str, Mapping[str, Ranking]],
    texts: Mapping[str, str],
    split: SplitName,
    settings: PoolSettings,
    chitchat: Collection[str] = (),
) -> list[PooledQuery]:
    ranked = {
        qid: {name: ranking.document_ids[: settings.depth] for name, ranking in of_query.items()}
        for qid, of_query in by_query.items()
    }
    passages: dict[str, dict[str, str]] = {qid: {} for qid in by_query}
    for qid, of_query in by_query.items():
        for name in sorted(of_query):
            for place in of_query[name].places[: settings.depth]:
                passages[qid].setdefault(place.document_id, place.docid)
    return make_pool(ranked, passages, texts, split, settings, chitchat)
