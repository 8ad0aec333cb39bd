"""What a submission stage imports, seen in a process of its own: a cached variant starts in a second."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.small_project import write_project, write_vectors

from sunwi.models.encoder import Encoder
from sunwi.paths import BASELINES, INDEX
from sunwi.records.corpus import Document
from sunwi.records.files import write_json

ROOT = Path(__file__).resolve().parents[2]
VARIANTS = """\
baselines:
  lexical: {retrievers: [bm25], fusion: weighted}
  dense_base: {retrievers: [dense], fusion: weighted}
"""
HEAVY = {"asyncio", "bm25s", "faiss", "kiwipiepy", "numba", "scipy", "sklearn", "torch", "transformers"}
PROGRAM = """
import runpy, sys
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
print("MODULES", *sorted({name.partition(".")[0] for name in sys.modules}))
"""


def submit(project: Path, variant: str) -> set[str]:
    command = [sys.executable, "-c", PROGRAM, str(ROOT / "stages" / "submit.py"), variant]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.partition("MODULES")[2].split())


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, tiny_corpus: list[Document], encoder: Encoder
) -> Iterator[Path]:
    """With row caches of its own, in which the queries' vectors are."""
    base = tmp_path_factory.mktemp("startup")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUNWI_CACHE_DIR", str(base / "caches"))
        folder = write_project(base / "project", tiny_corpus, VARIANTS)
        write_vectors(folder, tiny_corpus, encoder, "base")
        write_json(folder / INDEX / "fusion_base.json", {})
        yield folder


@pytest.fixture(scope="module")
def first(project: Path) -> set[str]:
    """What the first variant imports; it analyses the queries."""
    return submit(project, "lexical")


@pytest.mark.usefixtures("first")
def test_a_dense_variant_with_cached_query_vectors_imports_nothing_heavy(project: Path) -> None:
    modules = submit(project, "dense_base")
    assert "sunwi" in modules
    assert not modules & HEAVY


def test_a_bm25_variant_builds_its_index_once_and_then_imports_nothing_heavy(
    project: Path, first: set[str]
) -> None:
    run = project / BASELINES / "lexical.run"
    written = run.read_bytes()
    assert "bm25s" in first
    assert "torch" not in first
    assert not submit(project, "lexical") & HEAVY
    assert run.read_bytes() == written
