"""`sunwi push --to folder:PATH | hub:ORG/NAME`: publish a model with its card."""

from __future__ import annotations

import shutil
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError
from sunwi.paths import CARDS, EMBEDDER, RERANKER, SPARSE


class Model(StrEnum):
    """Which model of the pipeline."""

    EMBEDDER = "embedder"
    RERANKER = "reranker"
    SPARSE = "sparse"


FOLDERS = {Model.EMBEDDER: EMBEDDER, Model.RERANKER: RERANKER, Model.SPARSE: SPARSE}


def push(
    to: Annotated[str, typer.Option("--to", help="folder:PATH, or hub:ORG/NAME (token: $HF_TOKEN).")],
    *,
    model: Annotated[Model, typer.Option(help="Which model.")] = Model.EMBEDDER,
    private: Annotated[
        bool, typer.Option("--private", help="A private repository, if the hub makes one.")
    ] = False,
) -> None:
    """Write a model and its card as README.md into a folder, or upload both to the Hugging Face hub."""
    kind, _, target = to.partition(":")
    if kind not in {"folder", "hub"} or not target:
        raise DataError(f"--to is {to!r}", "give folder:PATH or hub:ORG/NAME")
    source, card = model_source(model)
    if kind == "folder":
        copied = write_model(source, card, Path(target))
        echo(f"{copied} files of {source} and README.md are in {target}")
    else:
        echo(upload(source, card, target, private=private))


def model_source(model: Model) -> tuple[Path, str]:
    """The folder of a model's final files, and its card.

    Raises
    ------
    DataError
        If the model or its card is not there.
    """
    folder = FOLDERS[model]
    merged = folder / "merged"  # the reranker beside its adapter
    source = merged if merged.is_dir() else folder
    if not (source / "config.json").exists():
        raise DataError(f"{source} holds no model", f"run dvc repro train_{model.value}")
    card = CARDS / f"{model.value}.md"
    if not card.exists():
        raise DataError(f"there is no card {card}", "run dvc repro report, which writes it")
    return source, card.read_text(encoding="utf-8")


def write_model(source: Path, card: str, folder: Path) -> int:
    """Copy a model and its card into a folder, which must not exist or be empty; return the number of files.

    The folder is complete or not there: files are copied beside it, then it is renamed.

    Raises
    ------
    DataError
        If the folder holds something: nothing is overwritten.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DataError(f"{folder} is not empty", "name a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        staged = Path(scratch) / "model"
        shutil.copytree(source, staged)
        for path in [staged, *staged.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)  # DVC's cache is read-only
        (staged / "README.md").write_text(card, encoding="utf-8", newline="\n")
        if folder.exists():
            folder.rmdir()
        staged.rename(folder)
    return sum(path.is_file() for path in folder.rglob("*")) - 1


def upload(source: Path, card: str, repository: str, *, private: bool) -> str:
    """Upload a model and its card; return the address.

    Raises
    ------
    DataError
        If the token is not set, or the hub refuses.
    """
    import os

    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    token = os.environ.get("HF_TOKEN")
    if not token:
        raise DataError(
            "HF_TOKEN is not set", "export a token with write access: https://hf.co/settings/tokens"
        )
    if repository.count("/") != 1:
        raise DataError(f"{repository!r} is not a repository of the hub", "give hub:ORG/NAME")
    hub = HfApi(token=token)
    with tempfile.TemporaryDirectory() as scratch:
        staged = Path(scratch) / "model"
        write_model(source, card, staged)
        try:
            hub.create_repo(repository, private=private, exist_ok=True)
            commit = hub.upload_folder(repo_id=repository, folder_path=staged, commit_message="sunwi push")
        except (HfHubHTTPError, OSError) as error:
            what = str(error).replace(token, "***").splitlines()[0]
            raise DataError(
                f"the hub refused {repository}: {what}", "check the token's rights and the network"
            ) from None
    return str(commit.commit_url)
