"""`sunwi judge`: people's judgements of pooled passages; without a command it opens the desk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sunwi.cli.judge_llm import by_llm
from sunwi.cli.serve import PORT, make_engine, require, run_server
from sunwi.cli.terminal import echo
from sunwi.errors import DataError

if TYPE_CHECKING:
    from sunwi.judging.merging import Held, Merged
    from sunwi.judging.records import SplitName

judge_app = typer.Typer(help="Judge pooled passages, and use the judgements.")
judge_app.command("llm")(by_llm)
_RULE = typer.Option(help="How several judges become one: majority, strictest, adjudicated.")
_ADJUDICATOR = typer.Option(help="Whose word decides, for --rule adjudicated.")
_MACHINE = typer.Option("--machine", help="Fill holes by the language model's grades; they are counted.")
RuleName = Literal["majority", "strictest", "adjudicated"]
KAPPA = "Cohen's kappa (quadratic)"


@judge_app.callback(invoke_without_command=True)
def judge(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to bind; see `sunwi serve`.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0: a free one.")] = PORT,
) -> None:
    """Judge pooled passages at a desk in the browser, and use the judgements."""
    if context.invoked_subcommand is None:
        require("fastapi", "serve")
        run_server(make_engine(), host, port, page="/desk")


@judge_app.command("pool")
def pool(
    *,
    split: Annotated[str, typer.Option(help="Queries of which split: dev or test.")] = "dev",
    queries: Annotated[
        Path | None, typer.Option(help="New queries instead: a text file with one query a line.")
    ] = None,
    variants: Annotated[str, typer.Option(help="Variants to pool, by commas; all that are built.")] = "",
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="First documents of each variant.")] = 10,
    budget: Annotated[int, typer.Option(min=1, help="Queries at most.")] = 60,
    random_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of them drawn at random, for unbiased measures.")
    ] = 0.3,
    second: Annotated[
        float, typer.Option(min=0, max=1, help="Share of the queries that a second judge judges too.")
    ] = 0.2,
    seed: Annotated[int, typer.Option(help="Of what is drawn.")] = 42,
) -> None:
    """Add queries to the pool, those first on which the variants disagree most."""
    from sunwi.judging.places import POOL
    from sunwi.judging.pools import PoolSettings
    from sunwi.serve.pooling import add_to_pool, pool_of_split, pool_of_texts
    from sunwi.workspace.base import Workspace

    workspace, names = Workspace(), [name.strip() for name in variants.split(",") if name.strip()]
    settings = PoolSettings(k, budget, random_share, second, seed)
    if queries is not None:
        if not queries.exists():
            raise DataError(f"there is no file {queries}", "name a text file with one query a line")
        texts = queries.read_text(encoding="utf-8-sig").splitlines()
        rows = pool_of_texts(workspace, texts, names, settings)
    else:
        rows = pool_of_split(workspace, _split(split), names, settings)
    added = add_to_pool(workspace, rows)
    pairs = sum(len(row.documents) for row in rows)
    echo(f"{POOL}: {added} queries were added of {len(rows)}, with {pairs} passages.\nNext: sunwi judge")


def _split(name: str) -> SplitName:
    if name == "test":
        return "test"
    if name == "dev":
        return "dev"
    raise DataError(f"--split is {name!r}; expected dev or test", "run again with --split dev")


@judge_app.command("agreement")
def agree(*, seed: Annotated[int, typer.Option(help="Of the bootstrap.")] = 42) -> None:
    """Cohen's kappa of every two judges, Krippendorff's alpha of all people, with 95% intervals."""
    from sunwi.judging.agreement import agreement
    from sunwi.judging.machine import machine_agreement
    from sunwi.judging.records import machines, people

    held = _held()
    found = agreement(people(held), seed)
    for one in found["cohen"]:
        echo(one.sentence(KAPPA))
    echo(found["krippendorff"].sentence("Krippendorff's alpha (ordinal)"))
    for name in sorted(machines(held)):
        echo(machine_agreement(held, name, seed).sentence(KAPPA))


@judge_app.command("export")
def export(
    out: Annotated[Path, typer.Argument(help="Folder for SPLIT_qrels.tsv and SPLIT_queries.jsonl.")],
    *,
    rule: Annotated[RuleName, _RULE] = "majority",
    adjudicator: Annotated[str | None, _ADJUDICATOR] = None,
    machine: Annotated[bool, _MACHINE] = False,
) -> None:
    """Write the judgements as TREC qrels, one file a split."""
    from sunwi.trec import Qrels, write_qrels

    merged = _merged(rule, adjudicator, machine=machine)
    for split, qrels in sorted(merged.qrels.items()):
        path = out / f"{split}_qrels.tsv"
        write_qrels(path, qrels)
        chitchat = sum(not grades for grades in qrels.values())
        echo(f"{path}: {len(qrels)} queries, {sum(map(len, qrels.values()))} grades, {chitchat} chit-chat")
        if marked := sorted(pair for pair in merged.machine if pair[0] == split):
            path = out / f"{split}_machine.tsv"  # the same columns: what of the file above no person graded
            of_machine: Qrels = {}
            for _, qid, docid in marked:
                of_machine.setdefault(qid, {})[docid] = qrels[qid][docid]
            write_qrels(path, of_machine)
            echo(f"{path}: the {len(marked)} of these grades that are a language model's")
    _echo_counted(merged)


@judge_app.command("scores")
def scores(
    *,
    split: Annotated[str, typer.Option(help="dev or test.")] = "dev",
    rule: Annotated[RuleName, _RULE] = "majority",
    adjudicator: Annotated[str | None, _ADJUDICATOR] = None,
    machine: Annotated[bool, _MACHINE] = False,
) -> None:
    """MAP, bpref, infAP and judged@10 on the judged queries; those drawn at random apart."""
    from sunwi.judging.incomplete import incomplete_scores
    from sunwi.paths import RANKINGS
    from sunwi.submit.writing import read_ranking
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.judgements import read_pool

    of_split = _split(split)
    merged = _merged(rule, adjudicator, machine=machine)
    qrels = merged.qrels.get(of_split, {})
    _echo_counted(merged)
    suffix = "" if of_split == "test" else ".dev"
    names = sorted(
        path.name.removesuffix(".jsonl").removesuffix(".dev")
        for path in RANKINGS.glob(f"*{suffix}.jsonl") if suffix or not path.name.endswith(".dev.jsonl")
    )  # fmt: skip
    runs = {
        name: {
            qid: {docid: float(-place) for place, docid in enumerate(ranking.document_ids)}
            for qid, ranking in read_ranking(RANKINGS, f"{name}{suffix}").items()
        }
        for name in names
    }
    drawn = {query.qid for query in read_pool(Workspace()) if query.random and query.split == of_split}
    for title, queries in (
        ("drawn at random (unbiased)", drawn), ("chosen by disagreement (hard ones)", set(qrels) - drawn),
    ):  # fmt: skip
        rows = incomplete_scores(qrels, runs, queries)
        if not rows:
            echo(f"{title}: no judged query with a relevant document")
            continue
        echo(f"{title}: {next(iter(rows.values()))['queries']} queries")
        echo(f"{'variant':24} {'MAP':>7} {'bpref':>7} {'infAP':>7} {'judged@10':>9} {'unjudged':>8}  verdict")
        for name, row in sorted(rows.items(), key=lambda item: (-item[1]["map"], item[0])):
            echo(
                f"{name:24} {row['map']:7.4f} {row['bpref']:7.4f} {row['infap']:7.4f} "
                f"{row['judged10']:9.3f} {row['unjudged10']:8.1%}  {row['verdict']}"
            )


def _held() -> Held:
    """Every judge's lines, if a person judged."""
    from sunwi.judging.places import JUDGEMENTS
    from sunwi.judging.records import people, read_lines, standing

    held = standing(read_lines(JUDGEMENTS))
    if not people(held):
        raise DataError(
            f"{JUDGEMENTS} has no judgement by a person", "make a pool with `sunwi judge pool`, then judge"
        )
    return held


def _merged(rule: RuleName, adjudicator: str | None, *, machine: bool) -> Merged:
    from sunwi.judging.machine import filled_by_machines
    from sunwi.judging.merging import merge
    from sunwi.judging.records import people
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.judge import JudgeSections

    held = _held()
    merged = merge(people(held), rule, adjudicator)
    if not machine:
        return merged
    params = Workspace().params(JudgeSections)
    judge = params.judge.model_copy(update={"provider": "llm"})  # its lines are there, whoever is asked now
    return filled_by_machines(merged, held, judge, params.seed)


def _echo_counted(merged: Merged) -> None:
    for reason, count in sorted(merged.counted.items()):
        echo(f"{reason}: {count}")
