from __future__ import annotations

from pathlib import Path

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.graph.little_project import make_project

from sunwi.errors import DataError
from sunwi.graph.closure import Imports
from sunwi.graph.rooms import arrows_of, circles_of, page_of, picture, reduced
from sunwi.graph.tree import Tree

FILES = {
    "stages/one.py": "",
    "src/sunwi/text.py": "",
    "src/sunwi/cli/main.py": "import sunwi.search.page, sunwi.records, sunwi.text",
    "src/sunwi/search/page.py": "def f():\n    from sunwi.search.fusion import rrf",
    "src/sunwi/search/fusion/rrf.py": "from sunwi.records.rows import x",
    "src/sunwi/search/fusion/inner/deep.py": "import sunwi.search.page",
    "src/sunwi/records/rows.py": "if TYPE_CHECKING:\n    import sunwi.cli.main",
    "src/sunwi/qa/llm/ask.py": "import sunwi.records",
}


def test_arrows_are_the_imports_between_packages(tmp_path: Path) -> None:
    arrows = arrows_of(Imports(Tree(make_project(tmp_path, FILES))))
    assert arrows == {
        "cli": {"records", "search"},
        "qa": {"records"},
        "records": set(),
        "search": {"search/fusion"},
        "search/fusion": {"records", "search"},
    }
    assert reduced(arrows) == arrows | {"cli": {"search"}}
    assert circles_of(arrows) == [["search", "search/fusion"]]
    drawn = picture(arrows)
    assert "  room_cli --> room_search\n" in drawn
    assert '    room_search_fusion["fusion"]\n' in drawn
    assert "in a circle: search, search/fusion." in drawn


def test_every_arrow_of_a_circle_stays() -> None:
    circle = {"a": frozenset("bc"), "b": frozenset("ac"), "c": frozenset("ab")}
    assert reduced(circle) == circle
    assert circles_of(circle) == [["a", "b", "c"]]
    assert reduced({"z": frozenset("abc"), **circle}) == {"z": frozenset("a"), **circle}


def test_the_picture_is_written_between_its_markers_alone(tmp_path: Path) -> None:
    root = make_project(tmp_path, FILES)
    page = page_of(Imports(Tree(root)))
    assert page.differences() == [
        "docs/architecture.md: the picture of the packages is not that of the imports"
    ]
    assert page.write()
    text = (root / "docs/architecture.md").read_text(encoding="utf-8")
    assert text.startswith("# Top\n\n<!-- rooms")
    assert text.endswith("<!-- /rooms -->\n\nEnd\n")
    assert "```mermaid\nflowchart TD\n" in text
    again = page_of(Imports(Tree(root)))
    assert again.differences() == []
    assert not again.write()


def test_a_page_without_markers_is_left_alone(tmp_path: Path) -> None:
    root = make_project(tmp_path, FILES)
    (root / "docs/architecture.md").write_text("no markers\n", encoding="utf-8")
    with pytest.raises(DataError, match="add both lines where the picture belongs"):
        page_of(Imports(Tree(root)))


@given(st.dictionaries(st.sampled_from("abcdef"), st.frozensets(st.sampled_from("abcdef")), max_size=6))
def test_the_reduction_reaches_the_same_and_is_networkxs_without_circles(
    arrows: dict[str, frozenset[str]],
) -> None:
    arrows = {room: others - {room} for room, others in arrows.items()}
    graph = networkx.DiGraph(arrows)
    small = networkx.DiGraph({room: set(others) for room, others in reduced(arrows).items()})
    for room in graph:
        left = networkx.descendants(small, room) if room in small else set()
        assert left == networkx.descendants(graph, room)
    if networkx.is_directed_acyclic_graph(graph):
        assert set(small.edges) == set(networkx.transitive_reduction(graph).edges)
