"""`sunwi judge llm`: the language model grades what nobody graded, if it agrees with people."""

from __future__ import annotations

from typing import Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError


def by_llm(
    *,
    budget: Annotated[float | None, typer.Option(help="Cost at most; llm.budget if it is not given.")] = None,
    dry: Annotated[bool, typer.Option("--dry", help="Show what it would cost, and ask nothing.")] = False,
) -> None:
    """Let the model of section judge grade the pool's passages that no person graded.

    First it grades what people graded; below judge.floor no hole is filled. Its lines are marked.
    """
    from sunwi.judging.machine import trust_of
    from sunwi.judging.places import JUDGEMENTS
    from sunwi.judging.records import append_lines
    from sunwi.llm_judge.calibration import calibrate, people_pairs
    from sunwi.llm_judge.rubric import Pair, grade_requests
    from sunwi.workspace.base import Workspace
    from sunwi.workspace.corpus import passage_texts
    from sunwi.workspace.holes import holes_of, lines_for_holes, lines_of_calibration, machine_name
    from sunwi.workspace.judge import JudgeSections, judge_client
    from sunwi.workspace.judgements import judgements, read_pool, texts_of_documents
    from sunwi.workspace.llm import recorded_usage

    workspace = Workspace()
    params, held = workspace.params(JudgeSections), judgements(workspace)
    if params.judge.provider == "none":
        step = "set judge.provider: llm in params.yaml, and section llm (docs/judge.md)"
        raise DataError("there is no second judge: judge.provider is none", step)
    client = judge_client(workspace, budget=budget)
    pairs, left_out = people_pairs(held, texts_of_documents(workspace))
    holes = holes_of(read_pool(workspace), held, machine_name(client.model), passage_texts(workspace))
    echo(f"{len(pairs)} pairs that people graded, {len(holes)} of the pool that nobody did")
    for reason, count in sorted(left_out.items()):
        echo(f"left out, {reason.replace('_', ' ')}: {count}")
    if dry:
        asked = [Pair("", one.query, one.passage) for one in pairs]
        asked += [Pair("", hole.query.query, hole.text) for hole in holes]
        echo(client.estimate(grade_requests(asked, params.judge.passage_chars)))
        return
    with recorded_usage(workspace, "judge_llm", client):
        found = calibrate(client, pairs, params.judge, params.seed)
        trust = trust_of(params.judge, found.agreement)
        echo(found.agreement.sentence("Cohen's kappa (quadratic)"))
        lines = lines_of_calibration(client.model, found, pairs, held)
        if lines:
            append_lines(workspace.path(JUDGEMENTS), lines)
        if not trust.used:
            what = f"the judge is not used: {trust.why}; {len(holes)} holes stay open"
            raise DataError(what, "judge more pairs (sunwi judge), or read its reasons in data/judgements")
        filled, statuses = lines_for_holes(client, holes, params.judge.passage_chars)
        if filled:
            append_lines(workspace.path(JUDGEMENTS), filled)
    for status, count in sorted(statuses.items()):
        echo(f"answers {status}: {count}")
    echo(f"{JUDGEMENTS}/{machine_name(client.model)}.jsonl: {len(filled)} grades by the machine were added")
    echo("Next: sunwi import judgements SOURCE --machine, or sunwi judge scores --machine")
