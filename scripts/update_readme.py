"""Write the table of metrics/scores.json between the markers of both READMEs; `--check` only compares."""

import sys
from pathlib import Path

from sunwi.records.files import read_json, write_lines
from sunwi.score.markdown import markdown_table

ROOT = Path(__file__).resolve().parents[1]
START, END = "<!-- scores: written by scripts/update_readme.py -->", "<!-- /scores -->"


def with_table(text: str, table: str) -> str:
    """The text with what stands between the markers replaced."""
    before, rest = text.split(START)
    _, after = rest.split(END)
    return f"{before}{START}\n{table}\n{END}{after}"


if __name__ == "__main__":
    table = markdown_table(read_json(ROOT / "metrics" / "scores.json"))
    stale = []
    for path in (ROOT / "README.md", ROOT / "README.ko.md"):
        text = path.read_text(encoding="utf-8")
        updated = with_table(text, table)
        if updated == text:
            continue
        stale.append(path.name)
        if "--check" not in sys.argv:
            write_lines(path, [updated.rstrip("\n")])
    if stale and "--check" in sys.argv:
        sys.exit(f"{', '.join(stale)} differ from metrics/scores.json: run python scripts/update_readme.py")
