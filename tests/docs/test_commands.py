"""Commands in the docs exist: `sunwi` with its subcommands and options, and the targets of the Makefile."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from sunwi.cli import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), ROOT / "recipes/README.md", *(ROOT / "docs").rglob("*.md")])
CODE = re.compile(r"^```.*?^```|`[^`\n]+(?:\n[^`\n]+)?`", re.MULTILINE | re.DOTALL)
SUNWI = re.compile(r"(?<![\w/.-])sunwi ([a-z][^`\n#;|&]*)")
COMMANDS = get_command(app)
MAKE = re.compile(r"(?:^|[`$;] ?)make ([a-z][\w-]*)", re.MULTILINE)


def code(page: Path) -> str:
    return "\n".join(CODE.findall(page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_of_sunwi_and_make_exist(page: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    unknown = [f"make {target}" for target in MAKE.findall(code(page)) if target not in targets]
    for line in SUNWI.findall(code(page)):
        command, options = COMMANDS, {"--help"}
        for word in line.split():
            if word.startswith("--"):
                if word.split("=")[0] not in options:
                    unknown.append(f"sunwi {line.strip()}")
            elif hasattr(command, "get_command"):  # a group: the word names a command of it
                context = command.make_context("sunwi", [], resilient_parsing=True)
                command = command.get_command(context, word)
                if command is None:
                    unknown.append(f"sunwi {line.strip()}")
                    break
                options.update(*((*option.opts, *option.secondary_opts) for option in command.params))
    assert unknown == [], "correct the command, or take its name from `sunwi --help` or the Makefile"
