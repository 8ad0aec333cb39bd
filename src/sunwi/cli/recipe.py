"""`sunwi recipe NAME`: lay a set of parameters over params.yaml, keeping its comments and order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sunwi.errors import DataError, ParamsError

if TYPE_CHECKING:
    from sunwi.cli.overlay import Change

PARAMS = Path("params.yaml")
RECIPES = Path("recipes")


def recipe(
    name: Annotated[str | None, typer.Argument(help="A file of recipes/, without .yaml.")] = None,
    *,
    show_list: Annotated[bool, typer.Option("--list", help="Show the recipes that there are.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the changes; write nothing.")] = False,
) -> None:
    """Write a set of parameters into params.yaml."""
    known = find_recipes(RECIPES)
    if show_list or name is None:
        width = max(map(len, known))
        for known_name, path in known.items():
            typer.echo(f"{known_name:{width}}  {summary(path)}")
        return
    if name not in known:
        where = RECIPES.resolve()
        raise DataError(
            f"there is no recipe {name!r} in {where}; it has {', '.join(known)}",
            "choose one of these; `sunwi recipe --list` says what each is for",
        )
    changes = apply_recipe(known[name], PARAMS, write=not dry_run)
    if not changes:
        typer.echo(f"{PARAMS} has the values of {name} already; nothing was written.\nNext: make repro")
        return
    for change in changes:
        old = "(not there)" if change.added else as_yaml(change.old)
        typer.echo(f"{change.key}: {old} -> {as_yaml(change.new)}")
    count = f"{len(changes)} key{'s' if len(changes) != 1 else ''}"
    if dry_run:
        typer.echo(f"{count} of {PARAMS} would change; nothing was written.\nNext: sunwi recipe {name}")
    else:
        typer.echo(f"{count} of {PARAMS} changed.\nNext: make repro")


def find_recipes(folder: Path) -> dict[str, Path]:
    """Recipes of a folder, by name.

    Raises
    ------
    DataError
        If there is none, naming the folder that was looked in.
    """
    found = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if not found:
        raise DataError(f"there is no recipe in {folder.resolve()}", "run this in the project's folder")
    return found


def summary(path: Path) -> str:
    """The first line of a recipe's leading comment."""
    with path.open(encoding="utf-8") as lines:
        first = next(lines, "")
    return first.lstrip("#").strip() if first.startswith("#") else ""


def apply_recipe(recipe_file: Path, params_file: Path, *, write: bool) -> list[Change]:
    """Lay a recipe over params.yaml and return what changed; the result is checked before it is written.

    Raises
    ------
    ParamsError
        If either file is no YAML mapping, or the result is not valid: then nothing is written.
    """
    import yaml

    from sunwi.cli.overlay import overlay
    from sunwi.cli.params_file import read_yaml
    from sunwi.params.reading import validate
    from sunwi.params.whole import Params
    from sunwi.runtime import atomic_write

    params = read_yaml(params_file)
    changes = overlay(params.content, read_yaml(recipe_file).content)
    text = params.text()
    result = f"{params_file} with {recipe_file}"
    try:
        content = yaml.safe_load(text)  # as the stages read it: PyYAML's YAML 1.1 is not ruamel's 1.2
    except yaml.YAMLError as error:
        raise ParamsError(result, [f"it is no YAML: {error}"]) from None
    validate(Params, content, result)
    if changes and write:
        with atomic_write(params_file) as out:
            out.write(text)
    return changes


def as_yaml(value: Any) -> str:
    """A value as it would stand in params.yaml, in one line."""
    import yaml

    line: str = yaml.safe_dump(_plain_number(value), default_flow_style=True, allow_unicode=True, width=4096)
    return line.removesuffix("\n").removesuffix("\n...")


def _plain_number(value: Any) -> Any:
    # ruamel's numbers remember how they were written; PyYAML knows none of these types.
    if isinstance(value, list):
        return [_plain_number(inner) for inner in value]
    if isinstance(value, dict):
        return {str(key): _plain_number(inner) for key, inner in value.items()}
    if isinstance(value, bool) or value is None:
        return value
    return next((kind(value) for kind in (int, float, str) if isinstance(value, kind)), str(value))
