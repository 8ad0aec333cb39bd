"""dvc.yaml: which script a stage runs, what it declares, and the same text with other code dependencies.

The text is edited and not dumped anew: all but the code entries of the `deps` lists stays to the byte.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from sunwi.errors import DataError, InputProblems, Problem
from sunwi.graph.tree import STAGES, is_code
from sunwi.params.yaml_text import FastLoader

NAME = "dvc.yaml"
NEXT = f"correct {NAME}, then `sunwi graph --write`"
_PYTHON = re.compile(r"(.*/)?python[0-9.]*$")
_PLAIN = re.compile(r"[\w./@+-]+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A dependency and its lines: from `start`, where comments above it begin, to before `end`."""

    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Deps:
    """The place of a list of dependencies: lines `start` to before `end` are replaced, under `head`."""

    entries: tuple[Entry, ...]
    prefix: str
    start: int
    end: int
    head: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage: its name, the line where it begins (from 1), its scripts and its dependencies.

    `exact` where its `meta` says `code: exact`: folders of which it reaches a part are no entries.
    """

    name: str
    line: int
    scripts: tuple[str, ...]
    deps: Deps
    exact: bool = False

    @property
    def code(self) -> list[str]:
        """The code entries, as they are written."""
        return [entry.path for entry in self.deps.entries if is_code(posixpath.normpath(entry.path))]

    def paths(self, code: Sequence[str]) -> list[str]:
        """What the list becomes with these code entries: they stand first, data follows in its order."""
        own = [entry.path for entry in self.deps.entries]
        return [*code, *(path for path in own if not is_code(posixpath.normpath(path)))]

    def differs(self, code: Sequence[str]) -> bool:
        """Whether the list is another one with these code entries."""
        return [entry.path for entry in self.deps.entries] != self.paths(code)


@dataclass(frozen=True, slots=True)
class DvcFile:
    """The text and its stages, in their order."""

    text: str
    stages: tuple[Stage, ...]

    def with_code(self, code: Mapping[str, Sequence[str]]) -> str:
        """The text with these code entries, stage by stage.

        A comment above an entry or on its line belongs to it: it stays while the entry does.
        """
        lines = _lines(self.text)
        for stage in sorted(self.stages, key=lambda stage: stage.deps.start, reverse=True):
            deps = stage.deps
            chunks = {entry.path: lines[entry.start : entry.end] for entry in deps.entries}
            block = [deps.head] if deps.head else []
            for path in stage.paths(code[stage.name]):
                block += chunks.get(path, [f"{deps.prefix}{_scalar(path)}{_newline(self.text)}"])
            lines[deps.start : deps.end] = block
        text = "".join(lines)
        if not self.text.endswith("\n"):
            text = text.removesuffix("\n")
        return text


def read_dvc_file(root: Path) -> DvcFile:
    """The project's dvc.yaml.

    Raises
    ------
    DataError
        If there is none.
    InputProblems
        With the line of every stage whose script is missing, outside stages/ or not to be seen, or whose
        `deps` are written in a form that cannot be edited line by line.
    """
    path = root / NAME
    if not path.is_file():
        raise DataError(f"there is no {NAME} in {root.resolve()}", "run this in the project's folder")
    text = path.read_bytes().decode("utf-8")
    try:
        document = yaml.compose(text, Loader=FastLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InputProblems([Problem(NAME, line, f"expected YAML: {error.problem}")], NEXT) from None
    stages = _value(document, "stages")
    if not isinstance(stages, yaml.MappingNode):
        raise InputProblems([Problem(NAME, None, "expected a mapping `stages`, found none")], NEXT)
    reader = _Reader(root, _lines(text))
    read = [reader.stage(key, body) for key, body in stages.value]
    if reader.problems:
        raise InputProblems(reader.problems, NEXT)
    return DvcFile(text, tuple(stage for stage in read if stage is not None))


class _Reader:
    """Reads one stage after the other; faults are kept."""

    def __init__(self, root: Path, lines: Sequence[str]) -> None:
        self._root = root
        self._lines = lines
        self._lists: dict[int, str] = {}  # a list's node to the stage that has it: YAML lets stages share one
        self.problems: list[Problem] = []

    def stage(self, key: yaml.Node, body: yaml.Node) -> Stage | None:
        """One stage, or None where it has a fault."""
        before = len(self.problems)
        name, line = str(key.value), key.start_mark.line + 1
        body = _value(body, "do") or body
        if not isinstance(body, yaml.MappingNode) or body.flow_style:
            self._fault(line, name, "expected a mapping with one key a line")
            return None
        if _value(body, "wdir") is not None:
            self._fault(line, name, "expected paths from the project's folder, found a `wdir`")
        scripts = self._scripts(name, line, _value(body, "cmd"))
        deps = self._deps(name, line, body)
        exact = self._exact(name, body)
        if deps is None or len(self.problems) > before:
            return None
        return Stage(name, line, tuple(scripts), deps, exact)

    def _fault(self, line: int, name: str, message: str) -> None:
        self.problems.append(Problem(NAME, line, f"stage {name}: {message}"))

    def _exact(self, name: str, body: yaml.MappingNode) -> bool:
        code = _value(_value(body, "meta"), "code")
        if code is not None and code.value != "exact":
            self._fault(code.start_mark.line + 1, name, "expected `meta: {code: exact}`, or no `code` in it")
        return code is not None

    def _scripts(self, name: str, line: int, cmd: yaml.Node | None) -> list[str]:
        nodes = cmd.value if isinstance(cmd, yaml.SequenceNode) else [cmd] if cmd is not None else []
        commands = [str(node.value) for node in nodes]
        scripts = [posixpath.normpath(script) for command in commands for script in _scripts_in(command)]
        if not scripts:
            written = "; ".join(commands) or "no `cmd`"
            self._fault(line, name, f"expected `cmd: python {STAGES}/NAME.py`, found {written}")
        for script in scripts:
            if not script.startswith(f"{STAGES}/"):
                self._fault(line, name, f"expected a script of {STAGES}/, found {script}")
            elif not (self._root / script).is_file():
                self._fault(line, name, f"{script} does not exist")
        return scripts

    def _deps(self, name: str, line: int, body: yaml.MappingNode) -> Deps | None:
        key, node = next(((key, node) for key, node in body.value if key.value == "deps"), (None, None))
        indent = " " * body.value[0][0].start_mark.column
        prefix = f"{indent}  - "
        if key is None or node is None:
            cmd = _value(body, "cmd")
            place = self._end(cmd) if cmd is not None else line
            return Deps((), prefix, place, place, f"{indent}deps:{_newline(self._lines[0])}")
        place = int(key.start_mark.line) + 1  # from 1, or the index of the next line
        if isinstance(node, yaml.ScalarNode) and not node.value:
            return Deps((), prefix, place, place)
        if not isinstance(node, yaml.SequenceNode):
            self._fault(place, name, "expected a list of `deps`")
        elif (other := self._lists.setdefault(id(node), name)) != name:
            self._fault(place, name, f"expected a list of its own, found that of stage {other}")
        elif node.flow_style and node.value:
            self._fault(place, name, "expected `deps` one a line, found [...]")
        elif node.flow_style:
            text = self._lines[place - 1]
            head = text[: node.start_mark.column].rstrip() + text[node.end_mark.column :]
            return Deps((), prefix, place - 1, place, head)
        else:
            return self._listed(node, place)
        return None

    def _listed(self, node: yaml.SequenceNode, start: int) -> Deps:
        entries, begin = [], start
        for item in node.value:
            path = item.value[0][0].value if isinstance(item, yaml.MappingNode) else item.value
            end = self._end(item)
            entries.append(Entry(str(path), begin, end))
            begin = end
        first = node.value[0].start_mark
        return Deps(tuple(entries), self._lines[first.line][: first.column], start, begin)

    def _end(self, node: yaml.Node) -> int:
        """The line after a node; a block's own mark is where the next token begins."""
        block = getattr(node, "style", None) in {"|", ">"} or getattr(node, "flow_style", True) is False
        if not block:
            return int(node.end_mark.line) + 1
        end = int(node.end_mark.line)
        while self._lines[end - 1].strip().startswith("#") or not self._lines[end - 1].strip():
            end -= 1
        return end


def _scripts_in(command: str) -> list[str]:
    """What `python` runs in a shell command; of `python -m module` both words, which are no script."""
    try:
        words = shlex.split(command)
    except ValueError:  # a quote without its end, which the shell will refuse
        words = command.split()
    scripts = []
    for index, word in enumerate(words):
        if not _PYTHON.fullmatch(word):
            continue
        rest = iter(words[index + 1 :])
        for argument in rest:
            if argument in {"-X", "-W"}:
                next(rest, None)
            elif argument in {"-m", "-c"}:
                scripts.append(f"{argument} {next(rest, '')}".strip())
                break
            elif not argument.startswith("-"):
                scripts.append(argument)
                break
    return scripts


def _value(mapping: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = mapping.value if isinstance(mapping, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _lines(text: str) -> list[str]:
    return (text if text.endswith("\n") else f"{text}\n").splitlines(keepends=True)


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _scalar(path: str) -> str:
    return path if _PLAIN.fullmatch(path) else json.dumps(path, ensure_ascii=False)
