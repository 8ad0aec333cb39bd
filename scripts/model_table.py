"""Write the table of published models between the markers of recipes/README.md; `--check` only compares."""

import sys
from pathlib import Path

from sunwi.models.published import markdown_table
from sunwi.records.files import write_lines

PAGE = Path(__file__).resolve().parents[1] / "recipes" / "README.md"
START, END = "<!-- models: written by scripts/model_table.py -->", "<!-- /models -->"


def with_table(text: str) -> str:
    """The page with what stands between the markers replaced."""
    before, rest = text.split(START)
    _, after = rest.split(END)
    return f"{before}{START}\n{markdown_table()}\n{END}{after}"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    if (updated := with_table(text)) != text:
        if "--check" in sys.argv:
            sys.exit(
                f"{PAGE.name} differs from src/sunwi/models/published.py: run python scripts/model_table.py"
            )
        write_lines(PAGE, [updated.rstrip("\n")])
