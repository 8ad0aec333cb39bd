"""What an importer is: a reader whose parameters, each with its help, are those of the command."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sunwi.corpus.draft import Draft
from sunwi.registry import Registry


@dataclass(frozen=True, slots=True)
class Importer:
    """One member of `IMPORTERS`; its module's name is the command's.

    Attributes
    ----------
    read
        Reads the input; faults are noted in the draft. Each parameter is annotated with its type and its
        help, `Annotated[Path, "JSON files of one set."]`: what may be given by position is an argument of
        the command, what comes by keyword alone an option.
    help
        What the format is, in one line.
    same_corpus
        The input is a source folder whose corpus stays as it is: of params.yaml data.source alone is set.
    """

    read: Callable[..., Draft]
    help: str
    same_corpus: bool = False


IMPORTERS: Registry[Importer] = Registry("sunwi.corpus.importers", "IMPORTER", Importer)
