"""The picture of the rooms: which package imports which, as a Mermaid diagram between two markers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from sunwi.errors import DataError
from sunwi.graph.closure import Imports
from sunwi.graph.tree import PACKAGE, SRC, Tree
from sunwi.runtime import atomic_write

PAGE = "docs/architecture.md"
START, END = "<!-- rooms: written by sunwi graph --write -->", "<!-- /rooms -->"
OPENED = ("models", "search", "submit", "train")  # shown with the packages inside them
ROOT = f"{SRC}/{PACKAGE}"

Arrows = Mapping[str, frozenset[str]]  # a room to those that it imports from


@dataclass(frozen=True, slots=True)
class Page:
    """A page, its text, and the text that it should have."""

    path: Path
    text: str
    wanted: str

    def differences(self) -> list[str]:
        """A sentence if the two differ."""
        differs = f"{PAGE}: the picture of the packages is not that of the imports"
        return [differs] if self.text != self.wanted else []

    def write(self) -> bool:
        """Write what it should have; whether it differed."""
        if self.text != self.wanted:
            with atomic_write(self.path, "wb") as out:
                out.write(self.wanted.encode("utf-8"))
        return self.text != self.wanted


def arrows_of(imports: Imports) -> Arrows:
    """Imports between rooms, from every module of the package.

    Raises
    ------
    InputProblems
        As `Imports.check`.
    """
    tree = imports.tree
    others_of: dict[str, set[str]] = {}
    for module in sorted(tree.files_under(ROOT)):
        if not module.endswith(".py") or (room := room_of(tree, module)) is None:
            continue
        others = {room_of(tree, file) for file in imports.reached(module).modules}
        others_of.setdefault(room, set()).update(other for other in others if other not in {None, room})
    imports.check()
    return {room: frozenset(others_of[room]) for room in sorted(others_of)}


def room_of(tree: Tree, file: str) -> str | None:
    """The room of a module, such as "qa" or "search/fusion"; None in the package's own folder."""
    parts = file.removeprefix(f"{ROOT}/").split("/")[:-1]
    if not parts or not file.startswith(f"{ROOT}/"):
        return None
    inner = f"{parts[0]}/{parts[1]}" if len(parts) > 1 and parts[0] in OPENED else parts[0]
    return inner if tree.is_file(f"{ROOT}/{inner}/__init__.py") else parts[0]


def reduced(arrows: Arrows) -> Arrows:
    """Arrows without those that a longer path of arrows implies (the transitive reduction).

    Rooms on a circle reach each other; an arrow between two of them always stays.

    Examples
    --------
    >>> reduced({"a": frozenset("bc"), "b": frozenset("c")})
    {'a': frozenset({'b'}), 'b': frozenset({'c'})}
    """
    left = {room: set(others) for room, others in arrows.items()}
    for room in sorted(arrows, reverse=True):
        for other in sorted(arrows[room], reverse=True):
            left[room].remove(other)
            if other not in _below(left, room) or room in _below(arrows, other):
                left[room].add(other)
    return {room: frozenset(others) for room, others in left.items()}


def _below(arrows: Mapping[str, Collection[str]], room: str) -> set[str]:
    waiting, seen = [*arrows.get(room, ())], set[str]()
    while waiting:
        other = waiting.pop()
        if other not in seen:
            seen.add(other)
            waiting += arrows.get(other, ())
    return seen


def circles_of(arrows: Arrows) -> list[list[str]]:
    """Rooms that reach each other, circle by circle."""
    alike = {frozenset({room, *_mutual(arrows, room)}) for room in arrows}
    return sorted(sorted(circle) for circle in alike if len(circle) > 1)


def _mutual(arrows: Arrows, room: str) -> set[str]:
    return {other for other in _below(arrows, room) if room in _below(arrows, other)}


def picture(arrows: Arrows) -> str:
    """The diagram in Markdown, with its caption."""
    rooms = sorted({room for room in arrows if arrows[room]}.union(*arrows.values()))
    lines = ["```mermaid", "flowchart TD"]
    for outer in OPENED:
        inside = [_box(room) for room in rooms if room.split("/")[0] == outer]
        if inside:
            lines += [f"  subgraph in_{outer}[{outer}]", *(f"    {box}" for box in inside), "  end"]
    lines += [f"  {_box(room)}" for room in rooms if room.split("/")[0] not in OPENED]
    for room, others in reduced(arrows).items():
        if others:
            lines.append(f"  {_id(room)} --> {' & '.join(map(_id, sorted(others)))}")
    shown = ", ".join(OPENED[:-1]) + f" and {OPENED[-1]}"
    caption = [
        f"An arrow goes from a package of `{ROOT}` to one that it imports from;",
        f"{shown} are shown with the packages inside them.",
        "Left out: an arrow where a longer way of arrows leads to the same package (transitive reduction),",
        f"and the modules that lie in `{ROOT}` itself.",
    ]
    if circles := circles_of(arrows):
        caption.append(
            f"Import each other in a circle: {'; '.join(', '.join(circle) for circle in circles)}."
        )
    return "\n".join([*lines, "```", "", *caption])


def page_of(imports: Imports) -> Page:
    """The page with the picture as it is and as it should be.

    Raises
    ------
    DataError
        If the page is not there or lacks the markers.
    InputProblems
        As `Imports.check`.
    """
    path = imports.tree.root / PAGE
    text = path.read_bytes().decode("utf-8") if path.is_file() else ""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise DataError(
            f"expected the lines {START} and {END} in {PAGE}, found none",
            "add both lines where the picture belongs",
        )
    return Page(path, text, f"{before}{START}\n\n{picture(arrows_of(imports))}\n\n{END}{after}")


def _id(room: str) -> str:
    return "room_" + room.replace("/", "_")  # bare, "graph" is a word of Mermaid


def _box(room: str) -> str:
    label = f"{room}/*.py" if room in OPENED else room.rpartition("/")[2]
    return f'{_id(room)}["{label}"]'
