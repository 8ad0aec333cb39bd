"""Entries of dvc.lock, beside what DVC's own reader and writer make of the whole file."""

from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import dumps_yaml, parse_yaml_for_update
from hypothesis import given, settings
from hypothesis import strategies as st

from sunwi.repro.lock_file import with_entries, write


def texts(**sizes: int) -> st.SearchStrategy[str]:
    """Without YAML's rarer line ends, which DVC's own writer changes when it writes the file once more."""
    return st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]) | st.just("\n"), **sizes)


NAMES = st.from_regex(r"[a-z][a-z_]{0,8}(@[a-z0-9_.-]{1,8})?", fullmatch=True)
# DVC's own writer rounds the last of 16 digits when it writes the file once more.
FLOATS = st.builds(
    lambda digits, exponent: float(f"{digits}e{exponent}"), st.integers(-999, 999), st.integers(-9, 9)
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | texts(max_size=200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(max_size=20), inner, max_size=3),
    max_leaves=6,
)
ENTRIES = st.fixed_dictionaries(
    {
        "cmd": st.just("python stages/submit.py 계산"),
        "deps": st.lists(
            st.fixed_dictionaries(
                {"path": texts(min_size=1), "hash": st.just("md5"), "size": st.integers(0)}
            ),
            max_size=2,
        ),
        "params": st.fixed_dictionaries({"params.yaml": st.dictionaries(texts(min_size=1), VALUES)}),
    }
)


def by_dvc(text: str, entries: dict[str, Any]) -> str:
    """What `Lockfile.dump_stages` of DVC 3.67 does."""
    data = parse_yaml_for_update(text, "dvc.lock")
    if not data:
        data.update({"schema": "2.0"})
    data["stages"] = data.get("stages", {})
    data["stages"].update(entries)
    return str(dumps_yaml(data))


@settings(max_examples=30)
@given(st.lists(st.dictionaries(NAMES, ENTRIES, min_size=1, max_size=2), min_size=1, max_size=4))
def test_the_bytes_are_those_of_dvc(runs: list[dict[str, Any]]) -> None:
    ours = theirs = ""
    for entries in runs:
        ours, theirs = with_entries(ours, entries) or "", by_dvc(theirs, entries)
    assert ours == theirs


LOCK = """schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
  score@a:
    cmd: python score.py a
"""


def test_an_entry_keeps_its_place_and_the_others_their_text() -> None:
    after = with_entries(
        LOCK.replace("prepare.py", "'prepare.py'"), {"score@a": {"cmd": "new"}, "b": {"cmd": "b"}}
    )
    assert after == LOCK.replace("prepare.py", "'prepare.py'").replace(
        "python score.py a\n", "new\n  b:\n    cmd: b\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        LOCK.replace("schema: '2.0'\n", ""),  # of another version
        LOCK + "datasets:\n- name: x\n",
        LOCK.replace("  prepare", "   prepare").replace("  score", "   score"),
        LOCK + "  prepare:\n    cmd: twice\n",
        "<<<<<<< HEAD\n" + LOCK,
        LOCK.replace("  score@a:", "  ? score@a\n  :"),
    ],
)
def test_what_dvc_did_not_write_is_left_to_it(text: str, tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text(text, encoding="utf-8")
    assert write(tmp_path / "dvc.lock", {"score@a": {"cmd": "new"}}) is None
    assert (tmp_path / "dvc.lock").read_text(encoding="utf-8") == text


def test_a_name_of_two_lines_is_left_to_dvc() -> None:
    assert with_entries(LOCK, {"n" * 200: {"cmd": "new"}}) is None


def test_whether_an_entry_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "dvc.lock"
    assert write(path, {"a": {"cmd": "a"}}) is True
    assert write(path, {"a": {"cmd": "a"}}) is False
    assert write(path, {"a": {"cmd": "b"}}) is True
    assert path.read_text(encoding="utf-8") == "schema: '2.0'\nstages:\n  a:\n    cmd: b\n"
