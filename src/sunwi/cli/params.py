"""`sunwi params`: a key's value, its place and what it runs again; the files written from the sections."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError

PARAMS = Path("params.yaml")
PAGE = Path("docs/parameters.md")


def params(
    key: Annotated[str | None, typer.Argument(help="A key, or a section; without it, all keys.")] = None,
    *,
    write: Annotated[
        bool, typer.Option("--write", help="Write params/defaults.yaml, params/overrides.yaml and the page.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Name what --write would change; exit code 1 if anything.")
    ] = False,
) -> None:
    """Show parameters, or write their defaults and their page from the typed sections."""
    if sum((write, check, key is not None)) > 1:
        raise DataError("expected one of --write, --check or a key", "see `sunwi params --help`")
    if write or check:
        _write(only_check=check)
    else:
        _show(key)


def _write(*, only_check: bool) -> None:
    from sunwi.params.describe import defaults_text
    from sunwi.params.page import parameters_page
    from sunwi.params.reading import DEFAULTS_FILE
    from sunwi.params.tracking import OVERRIDES_FILE, declared_keys, overrides_text
    from sunwi.runtime import atomic_write

    texts = {Path(DEFAULTS_FILE): defaults_text}
    if PAGE.parent.is_dir():
        texts[PAGE] = lambda: parameters_page(declared_keys(PARAMS.parent))
    texts[Path(OVERRIDES_FILE)] = lambda: overrides_text(PARAMS.parent)  # last: it reads the defaults
    changed = 0
    for path, text_of in texts.items():
        text = text_of()
        if path.exists() and path.read_bytes() == text.encode("utf-8"):
            continue
        changed += 1
        if only_check:
            echo(f"{path}: not what the sections of src/sunwi/params say")
        else:
            with atomic_write(path) as out:
                out.write(text)
            echo(f"{path} was written.")
    if changed and only_check:
        echo("Next: sunwi params --write")
        raise typer.Exit(1)
    if not changed:
        echo("Nothing differs.")


def _show(key: str | None) -> None:
    from sunwi.params.describe import keys_of, yaml_value
    from sunwi.params.loading import load_params
    from sunwi.params.reading import DEFAULTS_FILE, PARAMS_FILE, read_effective
    from sunwi.params.tracking import MISSING, declared_keys, stages_of, value_of
    from sunwi.params.whole import Params
    from sunwi.params.yaml_text import read_mapping

    load_params(PARAMS)
    content, own = read_effective(Params, PARAMS), read_mapping(PARAMS)
    known = [one for one in keys_of() if key is None or one.name == key or one.name.startswith(f"{key}.")]
    if not known:
        raise DataError(f"there is no parameter {key!r}", "see docs/parameters.md, or `sunwi params`")
    declared = declared_keys(PARAMS.parent)
    for one in known:
        in_params = value_of(own, one.name) is not MISSING
        value = yaml_value(value_of(content, one.name, one.default))
        echo(f"{one.name}: {value}  ({PARAMS_FILE if in_params else DEFAULTS_FILE})")
        if len(known) == 1:
            stages = ", ".join(["check_params", *stages_of(one.name, declared), "report"])
            place = "" if in_params else f"{DEFAULTS_FILE}:"
            allowed = ", ".join(filter(None, (one.type, one.range)))
            echo(f"  {one.text}\n  {allowed}; default {yaml_value(one.default)}")
            echo(f"  runs again: {stages}")
            echo(f"Next: set it in {PARAMS_FILE}, or try it: dvc exp run -S {place}{one.name}=VALUE")
