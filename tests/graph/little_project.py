"""Hand-made projects: a dvc.yaml, a page with markers, and the modules that a test names."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sunwi.graph.rooms import END, START

STAGE = "stages:\n  one:\n    cmd: python stages/one.py\n    deps:\n      - stages/one.py\n      - data/in\n"


def make_project(folder: Path, files: Mapping[str, str], dvc_yaml: str = STAGE) -> Path:
    """Write the files; each package of src/sunwi gets an empty __init__.py unless it has data alone."""
    (folder / "docs").mkdir(parents=True, exist_ok=True)
    (folder / "docs/architecture.md").write_text(f"# Top\n\n{START}\n{END}\n\nEnd\n", encoding="utf-8")
    (folder / "dvc.yaml").write_bytes(dvc_yaml.encode("utf-8"))
    for name, text in {"src/sunwi/__init__.py": "", **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        for package in path.relative_to(folder).parents:
            if path.suffix == ".py" and package.is_relative_to("src/sunwi"):
                (folder / package / "__init__.py").touch()
    return folder
