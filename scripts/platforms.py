"""Resolves the project for every platform and Python, with the pins of constraints.txt; installs nothing.

Usage: make platforms (uv and a registry are needed; about a minute). It fails where a dependency has no wheel
and is not one of the named exceptions, or where a package is installed that constraints.txt does not pin.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pip_settings import pip_settings, says_no_index, uv_environment

PLATFORMS = {
    "Linux x86-64": "x86_64-unknown-linux-gnu",
    "Linux ARM64": "aarch64-unknown-linux-gnu",
    "macOS 14 ARM64": "aarch64-apple-darwin",
    "Windows x86-64": "x86_64-pc-windows-msvc",
}
# mkdocs-material wants 3.11.5: Debian 12, which has 3.11.2, needs another Python.
PYTHONS = ("3.11.5", "3.12", "3.13", "3.14")
# Packages without a wheel for some platform: the first two are pure Python, the last needs a C compiler.
SOURCES = ("antlr4-python3-runtime", "kiwipiepy-model", "pytrec-eval-terrier")
# torch's own requirements, which differ with the build that it is taken from (TORCH_INDEX).
OF_TORCH = re.compile(r"(nvidia|cuda)-.+|triton")
CONSTRAINTS = Path("constraints.txt")


@dataclass(frozen=True, slots=True)
class Resolution:
    """What one platform and Python gets; `fault` is empty where it resolves."""

    packages: dict[str, str]
    fault: str


def main() -> int:
    os.chdir(Path(__file__).resolve().parents[1])
    settings = pip_settings(Path(sys.executable))
    options = ["--no-index"] if says_no_index(settings) else []
    environ = uv_environment(settings, os.environ) | {"MACOSX_DEPLOYMENT_TARGET": "14.0"}  # faiss-cpu's wheel
    pins = pinned(CONSTRAINTS.read_text("utf-8"))
    faults: list[str] = []
    print(f"| platform | {' | '.join(f'Python {version}' for version in PYTHONS)} |")
    print(f"|---|{'---|' * len(PYTHONS)}")
    for name, triple in PLATFORMS.items():
        cells = []
        for version in PYTHONS:
            found = resolve(triple, version, options, environ)
            wrong = unpinned(found.packages, pins)
            if found.fault:
                faults.append(f"{name}, Python {version} does not resolve:\n{found.fault}")
            if wrong:
                faults.append(f"{name}, Python {version}: {CONSTRAINTS} does not pin {', '.join(wrong)}")
            cells.append("no" if found.fault else f"{len(found.packages)} packages")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)
    for fault in faults:
        print(f"\n{fault}", file=sys.stderr)
    if faults:
        print("\nNext: add the pins to constraints.txt, or change the requirement", file=sys.stderr)
    return 1 if faults else 0


def resolve(triple: str, version: str, options: list[str], environ: dict[str, str]) -> Resolution:
    """Ask uv; packages by normalised name."""
    sources = [part for name in SOURCES for part in ("--no-binary", name)]
    command = [
        sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-annotate", "--no-header",
        "--python-platform", triple, "--python-version", version, "--only-binary", ":all:", *sources,
        *options, "-c", str(CONSTRAINTS), "--extra", "dev", "pyproject.toml",
    ]  # fmt: skip
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    return Resolution(pinned(done.stdout), done.stderr.strip() if done.returncode else "")


def pinned(text: str) -> dict[str, str]:
    """Names and versions of lines `name==version`, with or without a marker or a comment."""
    rows = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;#]+)", text, re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in rows}


def unpinned(packages: dict[str, str], pins: dict[str, str]) -> list[str]:
    """`name==version` of each package that has no pin; torch's own requirements need none."""
    return [
        f"{name}=={version}"
        for name, version in sorted(packages.items())
        if name not in pins and not OF_TORCH.fullmatch(name)
    ]


if __name__ == "__main__":
    sys.exit(main())
