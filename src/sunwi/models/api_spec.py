"""`api/...`: an embeddings API named as an encoder; nothing here opens a connection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sunwi.errors import ModelError
from sunwi.models.spec import ModelInfo
from sunwi.records.files import read_json, write_json
from sunwi.runtime import text_hash

PREFIX = "api/"
FORM = "api/MODEL, or api/QUERY_MODEL,PASSAGE_MODEL, either with @https://HOST/v1 behind it"
OPENAI_URL = "https://api.openai.com/v1"
FILE = "api.json"  # in a promoted encoder's folder: which API it is
CANNOT = "it is an embeddings API, whose weights are not here: it gives vectors of texts, and nothing else"
NEXT_STEP = (
    "set train_embedder.enabled: false and train_reranker.model to a cross-encoder (or enabled: false), "
    "or set encoder.model to a model with weights"
)


@dataclass(frozen=True, slots=True)
class ApiSpec:
    """An API's address without a slash at its end, and its models for each side."""

    base_url: str
    query_model: str
    passage_model: str


def is_api(spec: str) -> bool:
    """Whether a model spec names an API."""
    return spec.startswith(PREFIX)


def parse_spec(spec: str) -> ApiSpec:
    """The parts of `api/QUERY_MODEL,PASSAGE_MODEL@BASE_URL`; one model serves both sides.

    Raises
    ------
    ModelError
        If it has another form.

    Examples
    --------
    >>> parse_spec("api/embedding-query,embedding-passage@https://api.upstage.ai/v1").passage_model
    'embedding-passage'
    >>> parse_spec("api/text-embedding-3-small").base_url
    'https://api.openai.com/v1'
    """
    models, at, url = spec.removeprefix(PREFIX).partition("@")
    names = [name.strip() for name in models.split(",")]
    base_url = url.rstrip("/") if at else OPENAI_URL
    parts = urlsplit(base_url)
    if not all(names) or len(names) > 2 or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ModelError(spec, f"expected {FORM}", "correct encoder.model")
    if parts.username or parts.password or parts.query:
        raise ModelError(
            spec.partition("@")[0], "its address holds a user, a password or a query", f"give {FORM}"
        )
    return ApiSpec(base_url, names[0], names[-1])


def api_info(spec: str) -> ModelInfo:
    """The API as a resolved bi-encoder; its content hash is that of address and models.

    A provider may change what a model's name serves, which no hash of ours sees.
    """
    api = parse_spec(spec)
    digest = text_hash("embeddings api", api.base_url, api.query_model, api.passage_model)
    return ModelInfo(spec, Path(spec), "api", "", "", ("dense",), digest)


def refuse_api(folder: Path) -> None:
    """Refuse what needs weights, a configuration or a tokeniser of an API.

    Raises
    ------
    ModelError
        With what to set instead.
    """
    if is_api(folder.as_posix()):
        raise ModelError(folder.as_posix(), CANNOT, NEXT_STEP)


def write_api(spec: str, folder: Path) -> None:
    """Write a folder that stands for the API, where a promoted encoder's folder is expected."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / FILE, {"spec": spec})


def read_api(folder: Path) -> str | None:
    """The API that a folder stands for, None where it holds a model."""
    return str(read_json(folder / FILE)["spec"]) if (folder / FILE).exists() else None
