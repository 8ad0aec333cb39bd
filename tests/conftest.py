"""Shared by all tests: caches of their own, no network, the builtin encoder, a small corpus."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.testing
from hypothesis import settings

from sunwi.models.encoder import Encoder
from sunwi.models.resolver import resolve
from sunwi.models.spec import ModelInfo
from sunwi.records.corpus import Document

from .run_nodes import opened

# Test processes share the cores: with threads of their own they wait for each other, an eighth of the time.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
# numba reads it when it is imported: compiling ranx takes 100 s in a fresh environment.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")
settings.register_profile("untimed", deadline=None)  # the machine may be busy
settings.load_profile("untimed")


def pytest_configure(config: pytest.Config) -> None:
    """Search nodes that tests start end with the run."""
    if not hasattr(config, "workerinput"):  # the process that starts those of pytest-xdist, or the only one
        config.add_cleanup(opened())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files go first: two processes share the files, and none is to end on one of them alone."""
    items.sort(
        key=lambda item: (item.path.name != "test_tiny_pipeline.py", "train" not in item.path.parent.parts)
    )


def pytest_collection_finish() -> None:
    """Leave what all modules hold out of the search for garbage, which would walk it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Row caches in a folder of the session: tests neither read nor write the project's."""
    folder = tmp_path_factory.mktemp("row_caches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUNWI_CACHE_DIR", str(folder))
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield folder


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Row caches of one test alone, empty at its start."""
    folder = tmp_path / "own_caches"
    monkeypatch.setenv("SUNWI_CACHE_DIR", str(folder))
    return folder


@pytest.fixture(scope="session", autouse=True)
def _one_command_line() -> Iterator[None]:
    """`CliRunner` builds all commands anew at each call, as a program does once: hundreds of calls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", cache(typer.testing._get_command))
        yield


@pytest.fixture(scope="session")
def builtin_model() -> ModelInfo:
    """The builtin encoder, resolved; the converted folder stays in the user's cache."""
    return resolve("builtin/multilingual-e5-small")


@pytest.fixture(scope="session")
def encoder(builtin_model: ModelInfo) -> Encoder:
    """The builtin encoder with its weights loaded once a session."""
    return Encoder(builtin_model)


@pytest.fixture(scope="session")
def tiny_corpus() -> list[Document]:
    """Eight short passages; d4#0 and d4#1 are chunks of one document, d6 repeats d1 in other words."""
    return [
        Document(docid="d1", title="광합성", content="식물은 빛을 받아 물과 이산화탄소로 포도당을 만든다."),
        Document(docid="d2", title="지진", content="지각판이 움직이며 쌓인 힘이 풀리면 땅이 흔들린다."),
        Document(docid="d3", title="혈액", content="적혈구의 헤모글로빈이 산소를 온몸으로 나른다."),
        Document(docid="d4#0", title="한글", content="세종대왕은 1443년에 훈민정음을 만들었다.", parent="d4"),
        Document(docid="d4#1", title="한글", content="자음은 열일곱 자, 모음은 열한 자였다.", parent="d4"),
        Document(docid="d5", title="화산", content="마그마가 지표로 솟아 용암과 화산재를 내뿜는다."),
        Document(docid="d6", title="엽록체", content="엽록체는 빛으로 물과 이산화탄소에서 포도당을 만든다."),
        Document(docid="d7", title="조석", content="달과 태양의 인력으로 바닷물이 하루 두 번 드나든다."),
    ]
