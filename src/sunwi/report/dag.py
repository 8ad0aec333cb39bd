"""The pipeline of dvc.yaml as a drawing: layers by longest path, edges without their shortcuts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

# Ours and not grandalf, which DVC brings: its picture has the same size, but bends the pipeline's main line
# over three columns; its boxes and edges need adapters as long as `_columns`; its licence is GPL or EPL.
WIDTH, HEIGHT, GAP_X, GAP_Y = 188, 34, 20, 26  # pixels


@dataclass(frozen=True, slots=True)
class Drawing:
    """Boxes (name, label, title, x, y of the upper left corner) and SVG paths of the edges."""

    width: int
    height: int
    boxes: list[dict[str, Any]]
    paths: list[str]
    box_width: int = WIDTH
    box_height: int = HEIGHT


def parents_of(stages: Mapping[str, Any]) -> dict[str, set[str]]:
    """Stage to the stages whose outputs it reads, without those reached through another one.

    A dependency on a folder is one on every output in it, and the other way round, as in DVC.
    """
    direct = _direct(stages)
    above = _above(direct)
    return {
        name: {stage for stage in parents if not any(stage in above[other] for other in parents)}
        for name, parents in direct.items()
    }


def stages_above(stages: Mapping[str, Any], name: str) -> set[str]:
    """The stages that one of them depends on, directly or not."""
    return _above(_direct(stages))[name]


def _direct(stages: Mapping[str, Any]) -> dict[str, set[str]]:
    bodies = {name: stage.get("do", stage) for name, stage in stages.items()}
    made = {
        name: [_path(out) for kind in ("outs", "metrics") for out in body.get(kind, ())]
        for name, body in bodies.items()
    }
    reads = {name: [_path(dep) for dep in body.get("deps", ())] for name, body in bodies.items()}
    return {
        name: {
            other
            for other in bodies
            if other != name and any(_overlap(dep, out) for dep in reads[name] for out in made[other])
        }
        for name in bodies
    }


def _above(direct: Mapping[str, set[str]]) -> dict[str, set[str]]:
    above: dict[str, set[str]] = {}
    for name in TopologicalSorter(direct).static_order():
        above[name] = set().union(*({parent, *above[parent]} for parent in direct[name]))
    return above


def _path(entry: Any) -> str:
    return str(next(iter(entry)) if isinstance(entry, Mapping) else entry)


def _overlap(dep: str, out: str) -> bool:
    return dep == out or out.startswith(f"{dep}/") or dep.startswith(f"{out}/")


def draw(stages: Mapping[str, Any], items: Mapping[str, int]) -> Drawing:
    """Lay the stages out from top to bottom.

    Parameters
    ----------
    stages
        `stages` of dvc.yaml; one with `foreach` is drawn once.
    items
        Such a stage to its number of items.
    """
    parents = parents_of(stages)
    layers = _layers(parents)
    column = _columns(layers, parents)
    deepest = max(layers.values(), default=0)
    widest = max(column.values(), default=0)
    corner = {
        node: (round(column[node] * (WIDTH + GAP_X)) + 1, layers[node] * (HEIGHT + GAP_Y) + 1)
        for node in layers
    }
    boxes = [
        {
            "name": name,
            "label": f"{name} ×{items[name]}" if name in items else name,
            "title": stages[name].get("do", stages[name]).get("desc", ""),
            "x": corner[name][0],
            "y": corner[name][1],
        }
        for name in sorted(stages, key=lambda stage: (layers[stage], column[stage]))
    ]
    paths = [
        _edge(corner[parent], corner[name]) for name in sorted(parents) for parent in sorted(parents[name])
    ]
    return Drawing(
        round(widest * (WIDTH + GAP_X)) + WIDTH + 2, deepest * (HEIGHT + GAP_Y) + HEIGHT + 2, boxes, paths
    )


def _layers(parents: Mapping[str, set[str]]) -> dict[str, int]:
    layers: dict[str, int] = {}
    for name in TopologicalSorter(parents).static_order():
        layers[name] = 1 + max((layers[parent] for parent in parents[name]), default=-1)
    return layers


def _columns(layers: Mapping[str, int], parents: Mapping[str, set[str]]) -> dict[str, int]:
    """The first free column, the spine first: an edge over several layers keeps its column to itself."""
    taken: set[tuple[int, int]] = set()
    column: dict[str, int] = {}
    children = {name: {stage for stage in parents if name in parents[stage]} for name in parents}
    height = _heights(children)
    for name in sorted(layers, key=lambda stage: (-height[stage] - layers[stage], layers[stage], stage)):
        last = max((layers[child] for child in children[name]), default=layers[name] + 1)
        rows = range(layers[name], max(last, layers[name] + 1))
        free = next(index for index in range(len(layers)) if not any((row, index) in taken for row in rows))
        column[name] = free
        taken.update((row, free) for row in rows)
    return column


def _heights(children: Mapping[str, Iterable[str]]) -> dict[str, int]:
    heights: dict[str, int] = {}
    for name in TopologicalSorter(children).static_order():
        heights[name] = 1 + max((heights[child] for child in children[name]), default=0)
    return heights


def _edge(start: tuple[int, int], end: tuple[int, int]) -> str:
    """Down from the box, then a curve within the last gap: it runs beside boxes, not through them."""
    x, y = start[0] + WIDTH // 2, start[1] + HEIGHT
    to_x, to_y = end[0] + WIDTH // 2, end[1]
    turn, middle = to_y - GAP_Y, to_y - GAP_Y // 2
    return f"M{x} {y}V{turn}C{x} {middle} {to_x} {middle} {to_x} {to_y}"
