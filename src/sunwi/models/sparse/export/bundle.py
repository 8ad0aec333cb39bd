"""What OpenSearch's ML Commons is given: two archives, the requests, and deploy.py to send them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from sunwi.models.sparse.encoder import SparseEncoder
from sunwi.models.sparse.export.server_tokens import naming_tokenizer
from sunwi.records.files import write_json, write_lines
from sunwi.resources import resource_file
from sunwi.runtime import file_hash

FOLDER = "opensearch"  # of the bundle, in the sparse encoder's exports
DJL_MAX_LENGTH = 512  # tokens
FORMAT = "TORCH_SCRIPT"
DEPLOY = resource_file("sunwi.models.sparse.export", "deploy.py")
ENCODER_ID, QUERY_ID = "${ENCODER_MODEL_ID}", "${QUERY_MODEL_ID}"  # deploy.py puts the server's ids there
Function = Literal["SPARSE_ENCODING", "SPARSE_TOKENIZE", "TEXT_EMBEDDING"]


def write_bundle(
    encoder: SparseEncoder,
    names: Sequence[str],
    traced: Path,
    folder: Path,
    name: str,
    passage_max_length: int,
    query_max_length: int,
) -> None:
    """Write the bundle to `folder`; `traced` is the file of `trace_server_model`.

    With inference-free queries the query side is tokenizer.zip, a table of token weights; else the
    encoder serves both sides.
    """
    folder.mkdir(parents=True, exist_ok=True)
    passage_tokens = truncated_tokenizer(encoder.tokenizer, passage_max_length)
    pack(folder / "encoder.zip", {"encoder.pt": traced.read_bytes(), "tokenizer.json": passage_tokens})
    write_json(
        folder / "register_encoder.json", register_body(folder / "encoder.zip", name, "SPARSE_ENCODING")
    )
    if encoder.query == "idf":
        # the local query side counts no special tokens, the server's tokeniser does
        special = encoder.tokenizer.num_special_tokens_to_add(pair=False)
        parts = {
            "tokenizer.json": truncated_tokenizer(encoder.tokenizer, query_max_length + special),
            "idf.json": json.dumps(server_idf(encoder, names), ensure_ascii=False).encode("utf-8"),
        }
        pack(folder / "tokenizer.zip", parts)
        body = register_body(folder / "tokenizer.zip", f"{name}-query", "SPARSE_TOKENIZE")
        write_json(folder / "register_tokenizer.json", body)
    for file, request in requests(encoder.query).items():
        write_json(folder / file, request)
    write_lines(folder / "deploy.py", DEPLOY.read_text(encoding="utf-8").splitlines())


def server_idf(encoder: SparseEncoder, names: Sequence[str]) -> dict[str, float]:
    """Token name to idf, sorted."""
    idf = (round(encoder.idf[token_id], 6) for token_id in encoder.token_ids)
    return dict(sorted(zip(names, idf, strict=True)))


def truncated_tokenizer(tokenizer: Any, max_length: int) -> bytes:
    """tokenizer.json with the truncation that the server must apply, no padding, and names kept apart.

    DJL cuts at 512 tokens, whatever the file says.
    """
    copy = naming_tokenizer(tokenizer)
    copy.enable_truncation(max_length=min(max_length, DJL_MAX_LENGTH))
    copy.no_padding()
    return bytes(copy.to_str().encode("utf-8"))


def pack(path: Path, parts: Mapping[str, bytes]) -> None:
    """A flat zip, stored, the same bytes for the same parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(parts.items()):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), content)


def register_body(archive: Path, name: str, function: Function) -> dict[str, Any]:
    """Body of models/meta; deploy.py adds the number of chunks and the model group."""
    return {
        "name": name,
        "version": "1.0.0",
        "description": "Korean neural sparse retrieval, made by sunwi",
        "model_format": FORMAT,
        "function_name": function,
        "model_content_size_in_bytes": archive.stat().st_size,
        "model_content_hash_value": file_hash(archive),
    }


def requests(query: Literal["idf", "model"]) -> dict[str, Any]:
    """Index, ingest pipeline, search pipeline and an example query, by file name."""
    neural_query = {
        "query_text": "광합성은 어디에서 일어나나?",
        "model_id": QUERY_ID if query == "idf" else ENCODER_ID,
    }
    return {
        "index.json": {
            "settings": {
                "default_pipeline": "sunwi-sparse",  # deploy.py puts the name of the index in both places
                "index.search.default_pipeline": "sunwi-sparse",
            },
            "mappings": {"properties": {"content": {"type": "text"}, "sparse": {"type": "rank_features"}}},
        },
        "ingest_pipeline.json": {
            "description": "Sparse vectors of passages",
            "processors": [{"sparse_encoding": {"model_id": ENCODER_ID, "field_map": {"content": "sparse"}}}],
        },
        "search_pipeline.json": {
            "request_processors": [{"neural_query_enricher": {"default_model_id": neural_query["model_id"]}}]
        },
        "query.json": {"query": {"neural_sparse": {"sparse": neural_query}}},
    }
