"""`sunwi evaluate FOLDER...`: models and variants over many evaluation sets in one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError

if TYPE_CHECKING:
    from sunwi.corpus.sets.reading import EvaluationSet
    from sunwi.params.whole import Params
    from sunwi.submit.sets.systems import System
    from sunwi.trec import Run


class SearchMode(StrEnum):
    """How a model searches."""

    BM25 = "bm25"
    DENSE = "dense"
    HYBRID = "hybrid"
    LEXICAL = "lexical"  # the model's own term weights, for models of the BGE-M3 form


DEFAULT_MODES = [SearchMode.BM25, SearchMode.DENSE, SearchMode.HYBRID]


def evaluate(
    folders: Annotated[list[Path], typer.Argument(help="Sets: BEIR or MTEB folders, sunwi's, SQuAD files.")],
    *,
    model: Annotated[list[str], typer.Option(help="Encoder; repeatable.", show_default="encoder.model")] = [],  # noqa: B006  typer copies it
    mode: Annotated[
        list[SearchMode], typer.Option(help="How each model searches; repeatable.")
    ] = DEFAULT_MODES,
    variant: Annotated[list[str], typer.Option(help="Also this variant of params.yaml; repeatable.")] = [],  # noqa: B006  typer copies it
    reranker: Annotated[
        str | None, typer.Option(help="Also every mode re-ranked by this cross-encoder.")
    ] = None,
    rerank_depth: Annotated[int, typer.Option(min=1, help="Documents that it re-ranks.")] = 20,
    baseline: Annotated[
        str | None, typer.Option(help="System that the others are tested against.", show_default="the first")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Split to measure.", show_default="test, else dev, else train")
    ] = None,
    language: Annotated[str, typer.Option(help="Subset of a multilingual set.")] = "ko",
    max_queries: Annotated[
        int, typer.Option(min=0, help="Queries of a set at most, chosen by a hash of their ids; 0: all.")
    ] = 0,
    depth: Annotated[int, typer.Option(min=1, help="Documents of a ranking.")] = 100,
    drop_dangling: Annotated[
        bool, typer.Option("--drop-dangling", help="Leave out, counted, judgements of what is not there.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("data/evaluation"),
) -> None:
    """Measure models and variants over many evaluation sets: nDCG@10, MAP, Recall, tests, one table."""
    from sunwi.params.loading import load_params
    from sunwi.params.whole import Params
    from sunwi.submit.sets.ranking import prepare_set

    params = load_params() if Path("params.yaml").exists() else Params()
    systems = _systems(params, model, mode, variant, reranker, depth, rerank_depth)
    names = [system.name for system in systems]
    first = baseline or names[0]
    if first not in names:
        raise DataError(
            f"--baseline is {first!r}, which is no system here", f"use one of: {', '.join(names)}"
        )
    sets = _read_sets(folders, split, language, max_queries, drop_dangling=drop_dangling)
    table = _measure([prepare_set(found, params) for found in sets], systems, first, params, out)
    _write(out, table, sets, first)


def _systems(
    params: Params,
    models: Sequence[str],
    modes: Sequence[SearchMode],
    variants: Sequence[str],
    reranker: str | None,
    depth: int,
    rerank_depth: int,
) -> list[System]:
    from sunwi.submit.sets.systems import given_systems, project_systems
    from sunwi.workspace.base import Workspace

    base = params.encoder.model
    given = given_systems(models or [base], [mode.value for mode in modes], reranker, depth, rerank_depth)
    return given + project_systems(Workspace(), variants, params.searching, base)


def _read_sets(
    folders: Sequence[Path], split: str | None, language: str, max_queries: int, *, drop_dangling: bool
) -> list[EvaluationSet]:
    from sunwi.corpus.sets.reading import read_set
    from sunwi.corpus.sets.sampling import sampled

    sets = []
    for path, name in zip(folders, _names(folders), strict=True):
        found = read_set(path, name, split=split, language=language, drop_dangling=drop_dangling)
        found = sampled(found, max_queries)
        documents, queries = len(found.documents), len(found.queries)
        echo(f"{name}: {documents:,} documents, {queries:,} queries of the split {found.split}", err=True)
        for reason, count in found.counted.items():
            echo(f"{name}: {reason}: {count:,}", err=True)
        sets.append(found)
    return sets


def _names(folders: Sequence[Path]) -> list[str]:
    """A name for each set: the folder's, with its parent's where two are the same.

    Raises
    ------
    DataError
        If a set is named twice.
    """
    resolved = [folder.resolve() for folder in folders]
    if twice := sorted(str(path) for path, count in Counter(resolved).items() if count > 1):
        raise DataError(f"named twice: {', '.join(twice)}", "name each set once")
    times = Counter(path.stem for path in resolved)
    names = [path.stem if times[path.stem] == 1 else f"{path.parent.name}-{path.stem}" for path in resolved]
    if len(set(names)) < len(names):
        raise DataError("two sets have the same folder names", "rename one of the folders")
    return names


def _measure(
    sets: Sequence[Any], systems: Sequence[System], baseline: str, params: Params, out: Path
) -> dict[str, Any]:
    from sunwi.score.sets.comparison import compare_systems
    from sunwi.score.sets.measures import PerQuery, measure_set
    from sunwi.submit.sets.ranking import rank_sets
    from sunwi.workspace.base import Workspace

    measured: dict[str, dict[str, PerQuery]] = {system.name: {} for system in systems}
    for system, prepared, run in rank_sets(
        sets, systems, params, Workspace(), lambda line: echo(line, err=True)
    ):
        found = prepared.of
        _write_run(out, system.name, found.name, run)
        qids = [query.qid for query in found.queries]
        measured[system.name][found.name] = measure_set(found.qrels, run, qids)
    names = [prepared.of.name for prepared in sets]
    return compare_systems(measured, names, baseline, params.score, params.seed)


def _write_run(out: Path, system: str, name: str, run: Run) -> None:
    from sunwi.score.sets.mteb import file_name
    from sunwi.trec import write_run

    write_run(out / "runs" / file_name(system) / f"{file_name(name)}.run", run, "sunwi")


def _write(out: Path, table: dict[str, Any], sets: Sequence[EvaluationSet], baseline: str) -> None:
    from sunwi.records.files import write_json, write_lines
    from sunwi.score.sets.comparison import markdown
    from sunwi.score.sets.mteb import write_results

    names = [found.name for found in sets]
    facts = {
        found.name: {
            "split": found.split,
            "documents": len(found.documents),
            "queries": len(found.queries),
            "counted": found.counted,
        }
        for found in sets
    }
    write_json(out / "scores.json", {"baseline": baseline, "sets": facts, "systems": table})
    text = markdown(table, names, baseline)
    write_lines(out / "table.md", [text])
    splits = {found.name: found.split for found in sets}
    for system, row in table.items():
        write_results(out / "mteb", system, row, splits)
    echo(text)
    echo(f"\nwritten: {out}/scores.json, table.md, runs/ (TREC), mteb/results/ (mteb's form)", err=True)
