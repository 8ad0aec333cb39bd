"""Every exception of the package, each carrying its full sentence.

A message names the file, line or id, says what was expected and what was found,
and ends with the next step.
"""

from __future__ import annotations

import copyreg
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# C0 and C1 controls but tab and line feed, DEL, invisible marks, those that turn the reading direction, and
# halves of a surrogate pair: a terminal obeys the first, hides or turns text by the next, shows no half.
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def printable(text: str) -> str:
    r"""`text` as a terminal may show it: what it would obey stands as an escape that is JSON's too.

    Every message of `SunwiError` and everything that the command line prints passes through here.

    Examples
    --------
    >>> printable("a\x1b[2Jb\u202ec\n")
    'a\\u001b[2Jb\\u202ec\n'
    """
    return _UNPRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


class SunwiError(Exception):
    """Base of all errors that a user can act on; the command line prints them without a traceback."""

    def __str__(self) -> str:
        return printable(super().__str__())

    def __reduce__(self) -> tuple[Any, ...]:
        # By default an exception is made anew from its sentence, which is not what the subclasses take:
        # an error that comes from another process keeps its class, its sentence and its parts.
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]  # its stub lacks it


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in an input: where it is, and what was expected and found there."""

    path: Path | str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line is not None else f"{self.path}"
        return f"{place}: {self.message}"


class InputProblems(SunwiError):  # noqa: N818  it carries many
    """All faults that were found in the input, reported at once; nothing was written."""

    SHOWN = 200

    def __init__(self, problems: Sequence[Problem], next_step: str) -> None:
        self.problems = list(problems)
        self.next_step = next_step
        shown = [f"  {problem}" for problem in self.problems[: self.SHOWN]]
        if len(self.problems) > self.SHOWN:
            shown.append(f"  ... and {len(self.problems) - self.SHOWN} more of the same input")
        count = len(self.problems)
        head = f"{count} problem{'s' if count != 1 else ''} in the input; nothing was written:"
        super().__init__("\n".join([head, *shown, f"Next: {next_step}"]))


class ParamsError(SunwiError):
    """A wrong key, type or range in params.yaml; raised before any work."""

    CORRECT = "correct the keys named above and run again."

    def __init__(self, path: Path | str, faults: Sequence[str], next_step: str = CORRECT) -> None:
        self.faults, self.next_step = list(faults), next_step
        lines = "\n".join(f"  {fault}" for fault in self.faults)
        super().__init__(f"{path} is not valid:\n{lines}\nNext: {next_step}")


class SystemFault(SunwiError):  # noqa: N818  the error is its cause
    """The operating system or a library could not read or write; `sunwi.system_errors` makes these."""

    def __init__(self, place: Path | str | None, found: str, next_step: str) -> None:
        self.found, self.next_step = found, next_step
        super().__init__(f"{f'{place}: ' if place else ''}{found}. Next: {next_step}")


class ModelError(SunwiError):
    """A model cannot be resolved or lacks what is asked of it."""

    def __init__(self, spec: str, found: str, next_step: str) -> None:
        super().__init__(f"model '{spec}': {found}. Next: {next_step}")


class DataError(SunwiError):
    """Data that is readable row by row but cannot serve the step that was asked for."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(f"{what}. Next: {next_step}")


class LlmError(SunwiError):
    """A run over a language model stopped; what was answered until then is recorded."""

    def __init__(self, what: str, next_step: str) -> None:
        super().__init__(f"{what}. Next: {next_step}")


class ReplayMissing(LlmError):  # noqa: N818  a miss
    """Rows without a recorded answer, where no call can be made."""

    SHOWN = 10

    def __init__(self, rows: Sequence[str], why: str, next_step: str) -> None:
        self.rows = list(rows)
        shown = ", ".join(self.rows[: self.SHOWN]) + (", ..." if len(self.rows) > self.SHOWN else "")
        count = f"{len(self.rows)} row{'s have' if len(self.rows) != 1 else ' has'}"
        super().__init__(f"{count} no recorded answer and {why}: {shown}", next_step)


class BudgetExceeded(LlmError):  # noqa: N818  what happened to it
    """The next call could pass the budget, so it was not made."""


class EngineError(SunwiError):
    """A search server cannot be reached, is too old, lacks a plugin, or refused what was sent."""

    def __init__(self, engine: str, what: str, next_step: str) -> None:
        self.what, self.next_step = what, next_step
        super().__init__(f"{engine}: {what}. Next: {next_step}")


class ComputeError(SunwiError):
    """An engine for batches cannot run: it is not installed, not reached, too small, or lost its workers."""

    def __init__(self, engine: str, what: str, next_step: str) -> None:
        super().__init__(f"{engine}: {what}. Next: {next_step}")
