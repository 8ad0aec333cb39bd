from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from tests.graph.little_project import STAGE, make_project

from sunwi.errors import DataError, InputProblems
from sunwi.graph.declare import entries_of, files_of
from sunwi.graph.dvc_file import read_dvc_file
from sunwi.graph.plan import plan_of
from sunwi.graph.tree import Tree

CODE = {"stages/one.py": "import sunwi.a", "src/sunwi/a.py": "", "src/sunwi/b.py": ""}
LONG = """\
# A pipeline: "top" comment
stages:
  one:
    desc:   odd   spacing # kept
    cmd: >
      python -u stages/one.py
      --flag
    deps: # of one
      # data first, with a comment of its own
      - data/in   # where from
      - src/sunwi/b.py # goes, it is not reached
      # why a
      - src/sunwi/a.py # stays with its words
      - ${data.source}
      - data/checked:
          hash: md5

      - "data/last"
      # behind the list

    params: [ a,b ]
    outs:
    - data/out: {cache: false}   # end

  many:
    foreach: ${names}
    do:
      cmd: python3.11 -X dev stages/many.py ${key}
      deps:
      - data/rows
      outs: ["data/${key}"]

plots:
  - p: {x: 1}
"""
WRITTEN = LONG.replace(
    """\
      # data first, with a comment of its own
      - data/in   # where from
      - src/sunwi/b.py # goes, it is not reached
      # why a
      - src/sunwi/a.py # stays with its words
""",
    """\
      - stages/one.py
      - src/sunwi/__init__.py
      # why a
      - src/sunwi/a.py # stays with its words
      # data first, with a comment of its own
      - data/in   # where from
""",
).replace(
    "      - data/rows\n",
    "      - stages/many.py\n      - src/sunwi/__init__.py\n      - src/sunwi/b.py\n      - data/rows\n",
)
MANY = CODE | {"stages/many.py": "def f():\n    from sunwi import b"}


def written(root: Path) -> str:
    plan_of(root).write()
    return (root / "dvc.yaml").read_bytes().decode("utf-8")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_all_but_the_code_entries_stays_to_the_byte(tmp_path: Path, newline: str) -> None:
    root = make_project(tmp_path, MANY, LONG.replace("\n", newline))
    assert written(root) == WRITTEN.replace("\n", newline)
    assert plan_of(root).write() == []
    assert plan_of(root).differences() == []
    assert written(root) == WRITTEN.replace("\n", newline)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "    deps:\n"),
        ("    deps:\n", "    deps:\n"),
        ("    deps: []  # none\n", "    deps:  # none\n"),
    ],
)
def test_a_stage_without_dependencies_gets_them(tmp_path: Path, before: str, after: str) -> None:
    head, tail = "stages:\n  one:\n    cmd: |\n      python stages/one.py\n", "    outs: [x]\n"
    code = "      - stages/one.py\n      - src/sunwi/__init__.py\n      - src/sunwi/a.py\n"
    assert written(make_project(tmp_path, CODE, head + before + tail)) == head + after + code + tail


def test_a_last_line_without_an_end_stays_without(tmp_path: Path) -> None:
    root = make_project(tmp_path, CODE, STAGE.removesuffix("\n"))
    text = written(root)
    assert text.endswith("      - src/sunwi/a.py\n      - data/in")
    assert written(root) == text


def test_a_name_that_yaml_would_read_otherwise_is_quoted(tmp_path: Path) -> None:
    files = {
        "stages/one.py": 'resource_folder("sunwi.d")',
        "src/sunwi/d/가 나: #1.txt": "",
        **{f"src/sunwi/d/{name}.py": "" for name in "xyz"},
    }
    text = written(make_project(tmp_path, files))
    deps = yaml.safe_load(text)["stages"]["one"]["deps"]
    assert deps == [
        "stages/one.py", "src/sunwi/__init__.py", "src/sunwi/d/__init__.py", "src/sunwi/d/가 나: #1.txt",
        "data/in",
    ]  # fmt: skip
    assert plan_of(tmp_path).differences() == []


def test_several_commands_of_one_stage(tmp_path: Path) -> None:
    text = f"{CMD}\n      - python stages/one.py\n      - cd . && /usr/bin/python3 stages/two.py x\n"
    root = make_project(tmp_path, CODE | {"stages/two.py": "import sunwi.b"}, text)
    assert plan_of(root).entries["one"] == [
        "stages/one.py", "stages/two.py", "src/sunwi/__init__.py", "src/sunwi/a.py", "src/sunwi/b.py",
    ]  # fmt: skip


def test_a_folder_stands_for_its_files_where_half_or_all_are_meant(tmp_path: Path) -> None:
    names = ("a/b/c.py", "a/b/data/x.txt", "a/d.py", "e.py")
    root = make_project(tmp_path, {"stages/one.py": "", **{f"src/sunwi/{name}": "" for name in names}})
    (root / "src/sunwi/a/b/__pycache__").mkdir()
    (root / "src/sunwi/a/b/__pycache__/c.compiled").touch()
    tree = Tree(root)
    everything = tree.files_under("src/sunwi") | {"stages/one.py"}
    assert not [file for file in everything if "__pycache__" in file]
    top = ["src/sunwi/__init__.py", "src/sunwi/a", "src/sunwi/e.py"]
    for exact in (False, True):
        assert entries_of(tree, ["stages/one.py"], everything, exact=exact) == ["stages/one.py", *top]
    assert files_of(tree, ["stages/one.py", *top]) == everything
    without_d = everything - {"src/sunwi/a/d.py"}  # 4 of 5 below a
    assert entries_of(tree, ["stages/one.py"], without_d) == ["stages/one.py", *top]
    exactly = ["src/sunwi/__init__.py", "src/sunwi/a/__init__.py", "src/sunwi/a/b", "src/sunwi/e.py"]
    assert entries_of(tree, [], without_d - {"stages/one.py"}, exact=True) == exactly
    without_data = without_d - {"src/sunwi/a/b/data/x.txt"}
    assert files_of(tree, entries_of(tree, [], without_data, exact=True)) == without_data
    below_half = {"src/sunwi/a/__init__.py", "src/sunwi/a/b/c.py"}  # 2 of 5 below a, 1 of 3 below a/b
    assert entries_of(tree, [], below_half) == sorted(below_half)


def test_a_stage_that_says_so_declares_no_folder_of_which_it_reaches_a_part(tmp_path: Path) -> None:
    code = {"stages/one.py": "import sunwi.a.x", "src/sunwi/a/x.py": "", "src/sunwi/a/y.py": ""}
    root = make_project(tmp_path, code)
    assert plan_of(root).entries["one"] == ["stages/one.py", "src/sunwi/__init__.py", "src/sunwi/a"]
    assert "      - src/sunwi/a\n" in written(root)
    assert plan_of(root).differences() == []
    exact = (root / "dvc.yaml").read_text("utf-8").replace("    cmd:", "    meta: {code: exact}\n    cmd:")
    (root / "dvc.yaml").write_text(exact, encoding="utf-8")
    assert plan_of(root).differences() == [
        "dvc.yaml:2: stage one: unreached src/sunwi/a/y.py, which no import leads to"
    ]
    assert "      - src/sunwi/a/__init__.py\n      - src/sunwi/a/x.py\n" in written(root)


def test_what_differs_is_named_by_stage_and_file(tmp_path: Path) -> None:
    code = "      - stages/one.py\n      - src/sunwi/b.py\n      - src/sunwi/gone.py\n"
    root = make_project(tmp_path, CODE, STAGE.replace("      - stages/one.py\n", code))
    assert plan_of(root).differences() == [
        "dvc.yaml:2: stage one: undeclared src/sunwi/__init__.py, which is reached from stages/one.py",
        "dvc.yaml:2: stage one: undeclared src/sunwi/a.py, which is reached from stages/one.py",
        "dvc.yaml:2: stage one: unreached src/sunwi/b.py, which no import leads to",
        "dvc.yaml:2: stage one: unreached src/sunwi/gone.py, which no import leads to",
    ]


def test_another_order_is_a_difference(tmp_path: Path) -> None:
    root = make_project(tmp_path, CODE)
    text = written(root)
    lines = text.splitlines(keepends=True)
    (root / "dvc.yaml").write_text("".join([*lines[:4], lines[-1], *lines[4:-1]]), encoding="utf-8")
    assert plan_of(root).differences() == [
        "dvc.yaml:2: stage one: the same files, in other entries or another order"
    ]
    assert written(root) == text


CMD = "stages:\n  one:\n    cmd: "
SCRIPT = f"{CMD}python stages/one.py\n"
SHARED = STAGE.replace("deps:", "deps: &d") + "  two:\n    cmd: python stages/one.py\n    deps: *d\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"{CMD}python stages/two.py\n", ":2: stage one: stages/two.py does not exist"),
        (f"{CMD}python stages/../x.py\n", ":2: stage one: expected a script of stages/, found x.py"),
        (f"{CMD}python -m sunwi.cli\n", ":2: stage one: expected a script of stages/, found -m sunwi.cli"),
        (f"{CMD}sh x.sh\n", ":2: stage one: expected `cmd: python stages/NAME.py`, found sh x.sh"),
        (f"{CMD}\n", ":2: stage one: expected `cmd: python stages/NAME.py`, found no `cmd`"),
        ("stages:\n  one:\n    outs: [x]\n", ":2: stage one: expected `cmd: python stages/NAME.py`"),
        (
            f"{SCRIPT}    wdir: sub\n",
            ":2: stage one: expected paths from the project's folder, found a `wdir`",
        ),
        ("stages:\n  one: {cmd: x}\n", ":2: stage one: expected a mapping with one key a line"),
        (f"{SCRIPT}    deps: [a]\n", ":4: stage one: expected `deps` one a line, found [...]"),
        (f"{SCRIPT}    deps: a\n", ":4: stage one: expected a list of `deps`"),
        (SHARED, ":9: stage two: expected a list of its own, found that of stage one"),
        (
            f"{SCRIPT}    meta: {{code: exactly}}\n",
            ":4: stage one: expected `meta: {code: exact}`, or no `code` in it",
        ),
        ("plots: []\n", ": expected a mapping `stages`, found none"),
        ("stages: {\n", ":2: expected YAML: "),
    ],
)
def test_a_stage_that_cannot_be_read_is_named_by_its_line(tmp_path: Path, text: str, fault: str) -> None:
    root = make_project(tmp_path, CODE, text)
    with pytest.raises(InputProblems) as caught:
        plan_of(root)
    (problem,) = caught.value.problems
    assert str(problem).startswith(f"dvc.yaml{fault}")
    assert "Next: correct dvc.yaml" in str(caught.value)
    assert (root / "dvc.yaml").read_text(encoding="utf-8") == text


def test_all_faulty_stages_are_named_at_once(tmp_path: Path) -> None:
    text = "stages:\n  one:\n    cmd: sh a\n  two:\n    cmd: python b.py\n"
    with pytest.raises(InputProblems) as caught:
        read_dvc_file(make_project(tmp_path, CODE, text))
    assert len(caught.value.problems) == 2


def test_outside_a_project(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no dvc\.yaml in .*project's folder"):
        plan_of(tmp_path)
