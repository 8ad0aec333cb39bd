"""The pipeline again: nothing changed, one passage changed, thirty changed."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks.pipeline import changed_rows
from benchmarks.shared.material import Material


def report(material: Material, _turns: int, quick: bool) -> dict[str, object]:
    """The table of `changed_rows`, each run once."""
    rows = [{"docid": docid, "content": text} for docid, text in material.documents.items()]
    count = min(len(rows), 320) if quick else len(rows)
    precision = "int8" if quick else "auto"
    with tempfile.TemporaryDirectory() as folder:
        runs = changed_rows.measure(rows[:count], precision, Path(folder))
    return {
        "title": "A pipeline that runs again",
        "setting": f"{count:,} passages, from the source to mined negatives, encoder.precision {precision}",
        "table": changed_rows.table(runs),
        "runs": runs,
        "remarks": [],
    }
