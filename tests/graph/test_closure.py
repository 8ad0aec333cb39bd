from __future__ import annotations

import itertools
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.graph.little_project import make_project

from sunwi.errors import InputProblems
from sunwi.graph.closure import Imports
from sunwi.graph.tree import Tree

ONE = "stages/one.py"
TOP = "src/sunwi/__init__.py"


def reached(root: Path, script: str = ONE) -> set[str]:
    imports = Imports(Tree(root))
    closure = set(imports.closure(script))
    imports.check()
    return closure


def faults(root: Path) -> list[str]:
    with pytest.raises(InputProblems) as caught:
        reached(root)
    return [str(problem) for problem in caught.value.problems]


def test_an_import_within_a_function_counts(tmp_path: Path) -> None:
    files = {
        ONE: "import json\nimport sunwi.a\n",
        "src/sunwi/a.py": (
            "def f():\n    try:\n        from sunwi.b import x\n    except OSError:\n        import sunwi.c\n"
        ),
        "src/sunwi/b.py": "x = 1",
        "src/sunwi/c.py": "",
        "src/sunwi/unused.py": "",
    }
    expected = {ONE, TOP, "src/sunwi/a.py", "src/sunwi/b.py", "src/sunwi/c.py"}
    assert reached(make_project(tmp_path, files)) == expected


@pytest.mark.parametrize("name", ["TYPE_CHECKING", "typing.TYPE_CHECKING"])
def test_what_stands_under_type_checking_is_left_out_and_its_else_is_not(tmp_path: Path, name: str) -> None:
    text = f"if {name}:\n    import sunwi.types\nelse:\n    import sunwi.run\n"
    text += f"if not {name}:\n    import sunwi.also\n"
    names = ("types", "run", "also")
    files = {ONE: text} | {f"src/sunwi/{module}.py": "" for module in names}
    assert reached(make_project(tmp_path, files)) == {ONE, TOP, "src/sunwi/run.py", "src/sunwi/also.py"}


def test_every_package_above_counts_with_what_its_init_imports(tmp_path: Path) -> None:
    files = {
        ONE: "from sunwi.a.b import c\nfrom sunwi.a.b.d import name",
        "src/sunwi/a/__init__.py": "import sunwi.side",
        "src/sunwi/a/b/c.py": "",
        "src/sunwi/a/b/d.py": "name = 1",
        "src/sunwi/a/b/e.py": "",
        "src/sunwi/side.py": "",
    }
    inner = {"a/__init__.py", "a/b/__init__.py", "a/b/c.py", "a/b/d.py", "side.py"}
    assert reached(make_project(tmp_path, files)) == {ONE, TOP} | {f"src/sunwi/{name}" for name in inner}


def test_a_name_of_a_package_that_is_no_module_counts_the_package_alone(tmp_path: Path) -> None:
    files = {
        ONE: "from sunwi.a import b",
        "src/sunwi/a/__init__.py": "b = 1",
        "src/sunwi/a/other.py": "",
    }
    assert reached(make_project(tmp_path, files)) == {ONE, TOP, "src/sunwi/a/__init__.py"}


def test_modules_beside_the_script_count_and_those_of_other_distributions_do_not(tmp_path: Path) -> None:
    files = {
        ONE: "import numpy, shared",
        "stages/shared.py": "from other import x",
        "stages/other.py": "import sunwi.a",
        "stages/numpy_like.py": "",
        "src/sunwi/a.py": "import other, unused",  # not beside the package
        "stages/unused.py": "",
    }
    expected = {ONE, "stages/shared.py", "stages/other.py", TOP, "src/sunwi/a.py"}
    assert reached(make_project(tmp_path, files)) == expected


def test_data_files_that_literals_name(tmp_path: Path) -> None:
    files = {
        ONE: "import sunwi.qa.ask, sunwi.bundle",
        "src/sunwi/qa/ask.py": (
            'from sunwi import resources\nP = resources.resource_folder("sunwi.qa.prompts")'
        ),
        "src/sunwi/qa/prompts/a.txt": "",
        "src/sunwi/qa/prompts/styles/b.txt": "",
        "src/sunwi/qa/prompts/styles/__pycache__/b.pyc": "",
        "src/sunwi/qa/prompts/.b.txt.1.part": "",
        "src/sunwi/qa/other.txt": "",
        "src/sunwi/bundle.py": 'F = resource_file("sunwi.export", "deploy.py")',
        "src/sunwi/export/__init__.py": "import sunwi.side",
        "src/sunwi/export/deploy.py": "import sunwi.never",
        "src/sunwi/side.py": "",
        "src/sunwi/never.py": "",
        "src/sunwi/resources.py": "",
    }
    names = (
        "qa/__init__.py", "qa/ask.py", "qa/prompts/a.txt", "qa/prompts/styles/b.txt", "resources.py",
        "bundle.py", "export/__init__.py", "export/deploy.py", "side.py",
    )  # fmt: skip
    assert reached(make_project(tmp_path, files)) == {ONE, TOP} | {f"src/sunwi/{name}" for name in names}


@pytest.mark.parametrize("call", ["Registry", "Registry[int]", "registries.Registry", "registry_folder"])
def test_a_registry_counts_its_modules_and_what_they_reach(tmp_path: Path, call: str) -> None:
    files = {
        ONE: "import sunwi.fusion",
        "src/sunwi/fusion/__init__.py": f'METHODS = {call}("sunwi.fusion.methods", "fuse")',
        "src/sunwi/fusion/methods/rrf.py": "def f():\n    import sunwi.ranks",
        "src/sunwi/fusion/methods/inner/deep.py": "",
        "src/sunwi/ranks.py": "",
    }
    names = {"fusion/__init__.py", "fusion/methods/__init__.py", "fusion/methods/rrf.py", "ranks.py"}
    assert reached(make_project(tmp_path, files)) == {ONE, TOP} | {f"src/sunwi/{name}" for name in names}


def test_every_fault_is_named_with_file_and_line(tmp_path: Path) -> None:
    files = {
        ONE: "import sunwi.a\nimport sunwi.broken\nfrom sunwi.nothing import x\n",
        "src/sunwi/a.py": (
            'from . import b\nNAME = "sunwi.qa"\nresource_folder(NAME)\nresource_file("sunwi", NAME)\n'
            'Registry()\nresource_folder("sunwi.none")\nresource_file("sunwi", "none.txt")\n'
            'Registry("numpy.linalg")\nfrom ..c import d\nresource_folder(package="sunwi")\n'
        ),
        "src/sunwi/broken.py": "\ndef f(:\n",
    }
    found = faults(make_project(tmp_path, files))
    assert sorted(fault.rsplit(", found", 1)[0] for fault in found if "broken" not in fault) == [
        "src/sunwi/a.py:10: expected a string literal as the first of resource_folder",
        "src/sunwi/a.py:1: expected an absolute import",
        "src/sunwi/a.py:3: expected a string literal as the first of resource_folder",
        "src/sunwi/a.py:4: expected 2 string literals as the first of resource_file",
        "src/sunwi/a.py:5: expected a string literal as the first of Registry",
        "src/sunwi/a.py:6: expected a folder under src/sunwi",
        "src/sunwi/a.py:7: expected the file src/sunwi/none.txt",
        "src/sunwi/a.py:8: expected a folder under src/sunwi",
        "src/sunwi/a.py:9: expected an absolute import",
        "stages/one.py:3: expected a module of src/",
    ]
    assert [fault for fault in found if fault.startswith("src/sunwi/broken.py:2: expected Python")]
    assert any("found `resource_folder(NAME)`" in fault for fault in found)
    assert any("found `from ..c`" in fault for fault in found)


MODULES = [f"m{number}" for number in range(6)]
ARROWS = st.sets(st.sampled_from(list(itertools.permutations(MODULES, 2))), max_size=12)


def closure_of(arrows: set[tuple[str, str]]) -> set[str]:
    files = {ONE: "import sunwi.m0"} | {
        f"src/sunwi/{name}.py": "\n".join(
            f"import sunwi.{end}" for start, end in sorted(arrows) if start == name
        )
        for name in MODULES
    }
    with tempfile.TemporaryDirectory() as folder:
        return reached(make_project(Path(folder), files))


@settings(max_examples=40)
@given(ARROWS, st.sampled_from(list(itertools.permutations(MODULES, 2))))
def test_it_is_what_can_be_walked_to_and_an_import_more_takes_nothing_away(
    arrows: set[tuple[str, str]], another: tuple[str, str]
) -> None:
    walked = {"m0"}
    for _ in MODULES:
        walked |= {end for start, end in arrows if start in walked}
    closure = closure_of(arrows)
    assert closure == {ONE, TOP} | {f"src/sunwi/{name}.py" for name in walked}
    assert closure <= closure_of(arrows | {another})
