"""Which Java runs a node."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from sunwi.errors import EngineError
from sunwi.nodes import jvm


def fake(folder: Path, version: str) -> Path:
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\"' >&2\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def no_other_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(jvm.shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


def test_the_first_java_that_is_new_enough(no_other_java, tmp_path: Path, monkeypatch) -> None:
    old, new = fake(tmp_path / "old", "1.8.0_412"), fake(tmp_path / "new", "21.0.5")
    monkeypatch.setenv("JAVA_HOME", str(old.parents[1]))
    monkeypatch.setattr(jvm.shutil, "which", lambda _: str(new))
    assert (jvm.java_version(old), jvm.java_version(new)) == (8, 21)
    assert jvm.find_java(8) == old
    assert jvm.find_java(17) == new
    with pytest.raises(EngineError, match=r"Java 25 or later is needed, found version 8, 21. Next: "):
        jvm.find_java(25)


def test_no_java_at_all(no_other_java, monkeypatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(EngineError, match=r"found none. Next: pip install 'sunwi\[node\]'"):
        jvm.find_java(17)
