"""`sunwi push` to a folder; of the hub only what needs no network."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sunwi.cli import app


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    model = tmp_path / "models" / "embedder"
    (model / "1_Pooling").mkdir(parents=True)
    (model / "config.json").write_text("{}", encoding="utf-8")
    (model / "model.safetensors").write_bytes(b"weights")
    (model / "model.safetensors").chmod(0o444)  # as DVC leaves linked files
    (model / "1_Pooling" / "config.json").write_text("{}", encoding="utf-8")
    (tmp_path / "models" / "reranker" / "merged").mkdir(parents=True)
    (tmp_path / "models" / "reranker" / "merged" / "config.json").write_text("{}", encoding="utf-8")
    cards = tmp_path / "models" / "cards"
    cards.mkdir()
    for name in ("embedder", "reranker"):
        (cards / f"{name}.md").write_text(f"---\nlanguage: ko\n---\n# {name}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    return tmp_path


def push(*arguments: str):
    return CliRunner().invoke(app, ["push", *arguments])


def test_folder_has_the_model_and_its_card(project: Path) -> None:
    done = push("--to", "folder:out/mine")
    assert done.exit_code == 0, done.output
    assert "3 files" in done.output
    out = project / "out" / "mine"
    assert (out / "README.md").read_text("utf-8").endswith("# embedder\n")
    assert (out / "model.safetensors").read_bytes() == b"weights"
    assert (out / "model.safetensors").stat().st_mode & 0o200  # its new owner may write
    assert [path.name for path in (project / "out").iterdir()] == ["mine"]  # no scratch is left


def test_reranker_is_its_merged_model(project: Path) -> None:
    assert push("--to", "folder:out", "--model", "reranker").exit_code == 0
    assert sorted(path.name for path in (project / "out").iterdir()) == ["README.md", "config.json"]


def test_nothing_is_overwritten(project: Path) -> None:
    (project / "out").mkdir()
    (project / "out" / "mine.txt").write_text("keep", encoding="utf-8")
    assert "is not empty" in str(push("--to", "folder:out").exception)
    assert [path.name for path in (project / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("target", ["out", "folder:", "s3:bucket", ""])
def test_unknown_targets_are_refused(project: Path, target: str) -> None:
    assert "give folder:PATH or hub:ORG/NAME" in str(push("--to", target).exception)


def test_the_hub_asks_for_a_token_first(project: Path) -> None:
    assert "HF_TOKEN is not set" in str(push("--to", "hub:org/name").exception)


def test_the_token_is_never_told(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import HfApi

    def refuse(*_: object, **__: object) -> None:
        raise OSError("401 for hf_planted")

    monkeypatch.setenv("HF_TOKEN", "hf_planted")
    monkeypatch.setattr(HfApi, "create_repo", refuse)
    done = push("--to", "hub:org/name")
    assert "401 for ***" in str(done.exception)
    assert "hf_planted" not in str(done.exception) + done.output


@pytest.mark.parametrize(
    ("missing", "step"), [("cards/embedder.md", "repro report"), ("embedder/config.json", "train_embedder")]
)
def test_what_is_not_there_is_named(project: Path, missing: str, step: str) -> None:
    (project / "models" / missing).unlink()
    assert step in str(push("--to", "folder:out").exception)
