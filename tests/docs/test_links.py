"""Links of the docs lead somewhere, and the guides stay short."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDES = sorted((ROOT / "docs").glob("*.md"))
PAGES = sorted([*ROOT.glob("*.md"), ROOT / "recipes/README.md", *(ROOT / "docs").rglob("*.md")])
GENERATED = {"benchmarks.md", "parameters.md"}  # as long as what programs write into them
LONGEST = 150

LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]*))?\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
WRITTEN = re.compile(r"^<!-- [\w ]+: written by .*?^<!-- [^\n]*-->$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"(?<![\w./])docs/[\w/.]+?\.md")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub and the site make them."""
    headings = re.findall(r"^#+ (.*)", FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_relative_links_lead_to_files_and_headings_that_are_there(page: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        path = (page.parent / target).resolve() if target else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(f"{target}#{anchor}" if anchor else target)
    assert broken == []


def test_pages_that_code_and_settings_name_are_there() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    missing = {}
    for file in filter(None, tracked.stdout.split("\0")):
        path = ROOT / file
        if (
            path.suffix not in {".py", ".md", ".yaml", ".yml", ".toml", ".sh", ".txt", ""}
            or not path.is_file()
        ):
            continue
        for page in NAMED.findall(path.read_text(encoding="utf-8", errors="replace")):
            if not (ROOT / page).exists() and Path(page).name not in GENERATED:
                missing[file] = page
    assert missing == {}


@pytest.mark.parametrize("page", GUIDES, ids=name)
def test_a_guide_is_short(page: Path) -> None:
    """What a program writes between its markers does not count: it grows with the code."""
    lines = WRITTEN.sub("", page.read_text(encoding="utf-8")).splitlines()
    assert page.name in GENERATED or len(lines) <= LONGEST, (
        "move what was measured to docs/results, or split it"
    )


def test_every_result_says_when_it_was_noted_and_stands_in_the_index() -> None:
    results = ROOT / "docs" / "results"
    index = (results / "README.md").read_text(encoding="utf-8")
    notes = [page for page in results.glob("*.md") if page.name != "README.md"]
    undated = [
        name(page)
        for page in notes
        if not re.search(r"20\d\d-\d\d-\d\d.*\b[0-9a-f]{7}\b", page.read_text("utf-8"))
    ]
    assert undated == []
    assert [name(page) for page in notes if f"]({page.name})" not in index] == []


def test_a_korean_guide_has_the_sections_code_and_links_of_the_english_one() -> None:
    korean = sorted((ROOT / "docs").rglob("*.ko.md"))
    assert korean
    for page in korean:
        texts = [
            path.read_text(encoding="utf-8") for path in (page.with_name(page.name.replace(".ko", "")), page)
        ]
        english, translated = (
            (
                [line.count("#") for line in re.findall(r"^#+ ", FENCE.sub("", text), re.MULTILINE)],
                FENCE.findall(text),
                sorted({" ".join(code.split()) for code in re.findall(r"`[^`]+`", FENCE.sub("", text))}),
                sorted(target for target, _ in LINK.findall(text)),
            )
            for text in texts
        )
        assert translated == english, f"{name(page)} is no longer what its English page says"
