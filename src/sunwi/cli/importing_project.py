"""The project into which a corpus is imported: its params.yaml is set to the new source folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from sunwi.errors import DataError, ParamsError, SunwiError, printable

if TYPE_CHECKING:
    from sunwi.cli.params_file import YamlFile
    from sunwi.corpus.importing import ImportReport

PARAMS = Path("params.yaml")
DEFAULT_OUT = Path("data/raw")


@contextmanager
def errors_to_stderr() -> Iterator[None]:
    """An error is a sentence on stderr and exit code 1."""
    try:
        yield
    except SunwiError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    except OSError as error:
        what = f"{error}; nothing was changed. Next: check the permissions there"
        typer.echo(printable(what), err=True)
        raise typer.Exit(1) from None


def read_project(path: Path) -> YamlFile:
    """params.yaml with its comments; checked before the import, so that nothing is written for nothing."""
    from sunwi.cli.params_file import read_yaml

    params = read_yaml(path)
    faults = [
        f"expected `{section}:` with the key `{key}` below it"
        for section, key in (("data", "source"), ("encoder", "precision"), ("qa", "provider"))
        if not isinstance(params.content.get(section, {}), dict)
    ]
    if faults:
        raise ParamsError(path, faults)
    return params


def set_params(
    params: YamlFile, report: ImportReport, *, keep_provider: bool, same_corpus: bool = False
) -> list[str]:
    """Set data.source, and qa.provider to the questions that came; equal values write nothing.

    A new source sets encoder.precision from float32, the demo's, to auto: its vectors are new anyway. With
    `same_corpus` they are not, and the questions came before: data.source alone is set.

    Returns
    -------
    list of str
        What was set or left, a sentence each.
    """
    source, given = report.out.as_posix(), report.counts["given questions"]
    before = (params.content.get("data", {}).get("source"), params.content.get("qa", {}).get("provider"))
    provider = "given" if given and not keep_provider and not same_corpus else before[1]
    notes = [f"data.source is {source}"]
    if provider != before[1]:
        notes.append(
            f"qa.provider is given, for {given:,} questions came with the corpus; it was {before[1]}"
        )
    elif given and provider != "given" and not same_corpus:
        notes.append(
            f"qa.provider stays {provider}: the {given:,} given questions are ignored until it is given"
        )
    elif not given and provider == "given":
        notes.append("qa.provider is given, but no questions came with the corpus: set it to template or llm")
    faster = (
        not same_corpus
        and source != before[0]
        and params.content.get("encoder", {}).get("precision") == "float32"
    )
    if faster:
        notes.append(
            "encoder.precision is auto, up to twice as fast; it was float32 for the demo's exact bytes"
        )
    if (source, provider) != before:
        params.content.setdefault("data", {})["source"] = source
        if faster:
            params.content["encoder"]["precision"] = "auto"
        if provider != before[1]:
            params.content.setdefault("qa", {})["provider"] = provider
        try:
            params.write()
        except OSError as error:
            what = f"{params.path} cannot be written: {error.strerror}; nothing was changed"
            raise DataError(what, "free disk space or allow writing there") from None
    return notes
