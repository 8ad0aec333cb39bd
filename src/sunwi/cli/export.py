"""`sunwi export KIND`: a model in the forms that others serve, each compared with the model itself."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sunwi.cli.terminal import echo
from sunwi.errors import DataError
from sunwi.paths import EMBEDDER, EXPORTS, RERANKER, SPARSE_EXPORT

if TYPE_CHECKING:
    from sunwi.models.export.parity import Exported
    from sunwi.params.whole import Params


class Kind(StrEnum):
    """What is exported."""

    EMBEDDER = "embedder"
    RERANKER = "reranker"
    LATE_INTERACTION = "late-interaction"
    SPARSE = "sparse"


class Form(StrEnum):
    """In which form."""

    ONNX = "onnx"
    SENTENCE_TRANSFORMERS = "sentence-transformers"
    PYLATE = "pylate"


FORMS = {
    Kind.EMBEDDER: (Form.ONNX, Form.SENTENCE_TRANSFORMERS),
    Kind.RERANKER: (Form.ONNX, Form.SENTENCE_TRANSFORMERS),
    Kind.LATE_INTERACTION: (Form.SENTENCE_TRANSFORMERS, Form.PYLATE),
    Kind.SPARSE: (),
}


def export(
    kind: Annotated[Kind, typer.Argument(help="What to export.")],
    *,
    model: Annotated[
        str | None, typer.Option(help="Model folder or id.", show_default="the tuned one of the pipeline")
    ] = None,
    form: Annotated[list[Form], typer.Option(help="Only this form; repeatable.")] = [],  # noqa: B006  typer copies it
    texts: Annotated[
        Path | None,
        typer.Option(help="Source folder whose passages are compared.", show_default="the project's"),
    ] = None,
    int8: Annotated[bool, typer.Option(help="Also int8 ONNX.")] = True,
    latency: Annotated[bool, typer.Option(help="Also measure the time of each ONNX form.")] = True,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write.", show_default="models/export/KIND")
    ] = None,
) -> None:
    """Export a model to ONNX, sentence-transformers or PyLate, compared with the model itself."""
    from sunwi.params.loading import load_params
    from sunwi.params.whole import Params
    from sunwi.records.files import write_json

    if kind is Kind.SPARSE:
        echo(_sparse_folder())
        return
    forms = tuple(dict.fromkeys(form)) or FORMS[kind]
    if unknown := [one.value for one in forms if one not in FORMS[kind]]:
        known = ", ".join(one.value for one in FORMS[kind])
        raise DataError(f"{kind.value} has no form {', '.join(unknown)}", f"use --form {known}")
    params = load_params() if Path("params.yaml").exists() else Params()
    folder = out or EXPORTS / kind.value
    facts: dict[str, Any] = {}
    for one in forms:
        place = folder / one.value
        place.mkdir(parents=True, exist_ok=True)
        facts[one.value] = _write(kind, one, model, place, texts, params, int8=int8, latency=latency)
        echo(f"{kind.value}: {place}")
    write_json(folder / "export.json", facts)


def _sparse_folder() -> str:
    """Where the stage export_sparse wrote the sparse encoder's forms."""
    from sunwi.records.files import read_json

    state = SPARSE_EXPORT / "state.json"
    if not state.exists() or not read_json(state)["exported"]:
        raise DataError(
            "no sparse encoder was exported", "sunwi recipe neural-sparse, then dvc repro export_sparse"
        )
    return f"sparse: {SPARSE_EXPORT} (onnx, sentence_transformers of an MLM base, opensearch)"


def _write(
    kind: Kind,
    form: Form,
    model: str | None,
    folder: Path,
    texts: Path | None,
    params: Params,
    *,
    int8: bool,
    latency: bool,
) -> dict[str, Any]:
    from sunwi.models.export import pylate, sentence_transformer
    from sunwi.models.export.parity import onnx_encoder, onnx_reranker
    from sunwi.models.export.pipeline import pairs_of
    from sunwi.models.resolver import resolve

    limits = (params.encoder.max_length, params.encoder.query_max_length)
    pair_length = params.train_reranker.max_length
    if kind is Kind.RERANKER:
        source = resolve(model).folder if model else _tuned(RERANKER / "merged", "train_reranker")
        if form is Form.SENTENCE_TRANSFORMERS:
            sentence_transformer.write_cross_encoder(source, folder, pair_length)
            return {"written": True}
        pairs = pairs_of(_passages(texts, params))
        return _told(onnx_reranker(source, folder, pairs, pair_length, int8=int8), pairs, latency=latency)
    info = resolve(model or str(_tuned(EMBEDDER, "train_embedder")))
    if form is Form.PYLATE:
        pylate.write_pylate(info, folder, limits[1], limits[0])
    elif form is Form.ONNX:
        found = _passages(texts, params)
        return _told(onnx_encoder(info, folder, found, limits, int8=int8), found, latency=latency)
    elif kind is Kind.LATE_INTERACTION:
        sentence_transformer.write_multi_vector(info, folder, limits[1], limits[0])
    else:
        sentence_transformer.write_dense(info, folder)
    return {"written": True}


def _tuned(folder: Path, stage: str) -> Path:
    if not (folder / "config.json").exists():
        raise DataError(f"{folder} holds no model", f"name one by --model, or run dvc repro {stage}")
    return folder


def _passages(folder: Path | None, params: Params) -> list[str]:
    """Some passages of the project, or of a source folder."""
    from sunwi.cli.search import read_corpus
    from sunwi.corpus.sets.reading import read_set
    from sunwi.models.export.pipeline import spread

    if folder is not None:
        documents = read_set(folder, folder.name).documents
    else:
        documents = read_corpus(None, params).documents
    return spread([row.text for row in documents])


def _told(exported: Exported, texts: Any, *, latency: bool) -> dict[str, Any]:
    """Print what was compared, and times if they are asked for, which no file holds."""
    from sunwi.models.export.parity import latencies

    facts = exported.facts
    echo(f"float32: largest difference {facts['largest_difference']:.1e} on {facts['compared']} texts")
    if small := facts.get("int8"):
        agreement = ", ".join(f"{name} {value}" for name, value in small.items() if isinstance(value, float))
        echo(f"int8: {'written' if small['written'] else small['reason']}; {agreement}")
    for name, times in latencies(exported, texts).items() if latency else ():
        echo(f"{name}: " + ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in times.items()))
    return facts
