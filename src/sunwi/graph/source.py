"""What one Python file names: its imports, and the folders that it reads by the package's conventions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["resource_folder", "resource_file", "Registry"]
ARGUMENTS: dict[str, tuple[Kind, int]] = {  # function to how many of its first arguments must be literals
    "resource_folder": ("resource_folder", 1),
    "resource_file": ("resource_file", 2),
    "Registry": ("Registry", 1),
    "registry_folder": ("Registry", 1),
}


@dataclass(frozen=True, slots=True)
class Import:
    """`import module` or, with names, `from module import names`."""

    line: int
    module: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A call that names a folder, a file or a registry by literals."""

    line: int
    kind: Kind
    arguments: tuple[str, ...]


@dataclass(slots=True)
class Source:
    """What a file names, and its faults as (line, sentence)."""

    imports: list[Import] = field(default_factory=list)
    named: list[Named] = field(default_factory=list)
    faults: list[tuple[int | None, str]] = field(default_factory=list)


def read_source(path: Path) -> Source:
    """Read a file's syntax tree; imports under `if TYPE_CHECKING:` never run and are left out.

    Imports within functions count: they run when the function does.
    """
    try:
        text = path.read_bytes()
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:  # a null byte is a ValueError
        line = getattr(error, "lineno", None)
        return Source(
            faults=[(line, f"expected Python, found a syntax error: {getattr(error, 'msg', error)}")]
        )
    source = Source()
    calls = any(name.encode() in text for name in ARGUMENTS)  # most files have none: 3 times as fast
    for node in _running(tree, calls=calls):
        if isinstance(node, ast.Import):
            source.imports += [Import(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                written = "." * node.level + (node.module or "")
                source.faults.append((node.lineno, f"expected an absolute import, found `from {written}`"))
            else:
                names = tuple(alias.name for alias in node.names)
                source.imports.append(Import(node.lineno, str(node.module), names))
        elif isinstance(node, ast.Call):
            _note_call(node, source)
    return source


def _running(tree: ast.AST, *, calls: bool) -> Iterator[ast.AST]:
    """Statements, and with `calls` expressions, but those under `if TYPE_CHECKING:`; its `else:` does run."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and _name(node.test) == "TYPE_CHECKING":
            waiting += reversed(node.orelse)
        else:
            inner = [
                child for child in ast.iter_child_nodes(node) if calls or not isinstance(child, ast.expr)
            ]
            waiting += reversed(inner)


def _note_call(call: ast.Call, source: Source) -> None:
    name = _name(call.func)
    if name not in ARGUMENTS:
        return
    kind, count = ARGUMENTS[name]
    given = call.args[:count]
    literals = [
        argument.value
        for argument in given
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str) and argument.value
    ]
    if len(literals) == count:
        source.named.append(Named(call.lineno, kind, tuple(literals)))
        return
    wanted = "a string literal" if count == 1 else f"{count} string literals"
    call_text = ast.unparse(call)
    source.faults.append((call.lineno, f"expected {wanted} as the first of {name}, found `{call_text}`"))


def _name(node: ast.expr) -> str:
    """The last part of a dotted name, without what is in brackets: `a.Registry[str]` is "Registry"."""
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
