"""`sunwi recipe NAME`: lay a set of parameters over params.yaml, keeping its comments and order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sunwi.errors import DataError

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
    """Write a set of parameters into params.yaml; `sunwi recipe embedded` takes all of them back."""
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
    changes, left_out = apply_recipe(known[name], PARAMS, write=not dry_run)
    for reason in left_out:
        typer.echo(reason)
    if not changes:
        typer.echo(f"{PARAMS} has the values of {name} already; nothing was written.\nNext: make repro")
        return
    for change in changes:
        old = "(not there)" if change.added else as_yaml(change.old)
        new = "(removed)" if change.removed else as_yaml(change.new)
        typer.echo(f"{change.key}: {old} -> {new}")
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
    from sunwi.params.yaml_text import encoding_of

    content = path.read_bytes()
    first = content.decode(encoding_of(content) or "utf-8", errors="replace").partition("\n")[0]
    return first.lstrip("#").strip() if first.startswith("#") else ""


def apply_recipe(recipe_file: Path, params_file: Path, *, write: bool) -> tuple[list[Change], list[str]]:
    """Lay a recipe over params.yaml; the result is checked before it is written.

    Returns
    -------
    changes, left_out
        What changed, and a sentence for each variant that could not be added or changed.

    Raises
    ------
    ParamsError
        If a file is no YAML mapping, or the result is not valid: then nothing is written.
    """
    from sunwi.cli.overlay import overlay, remove
    from sunwi.cli.params_file import any_text, read_commented, read_yaml
    from sunwi.cli.recipe_plan import plan_of
    from sunwi.params.decided import DECIDED
    from sunwi.params.reading import check_layers, read_defaults
    from sunwi.params.whole import Params
    from sunwi.params.yaml_text import load_text

    params = read_yaml(params_file)
    files = {**find_recipes(recipe_file.parent), recipe_file.stem: recipe_file}
    recipes = {name: load_text(any_text(file), file) for name, file in files.items()}
    recipes[recipe_file.stem] = read_commented(recipe_file)
    plan = plan_of(recipe_file.stem, recipes, params.content)
    kept = {key.partition(".")[0] for key in DECIDED}
    changes = [*overlay(params.content, plan.partial), *remove(params.content, plan.removed, kept)]
    result = f"{params_file} with {recipe_file}"
    text = params.text()
    content = load_text(text, result)  # as the stages read it: PyYAML's YAML 1.1 is not ruamel's 1.2
    check_layers(Params, content, read_defaults(params_file), result)
    if changes and write:
        params.write(text)
    return changes, plan.left_out


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
