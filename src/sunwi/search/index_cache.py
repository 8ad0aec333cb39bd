"""Built indexes kept beside the row caches: a stage reads what an earlier one built.

An index is named by a hash of all that it is made of, so a kept one is never stale; `rm -r` of the folder is
always safe.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.models.encoder import Vectors
from sunwi.params.bm25 import Bm25Params
from sunwi.runtime import atomic_folder
from sunwi.search.index.bm25 import Bm25, save_bm25
from sunwi.search.index.terms import term_stream, terms_version
from sunwi.search.retrievers.approximate import BLOCK, build_index

if TYPE_CHECKING:
    from sunwi.params.dense import DenseParams

FAISS_FILE = "index.faiss"


def kept_bm25(folder: Path, texts: Sequence[str], params: Bm25Params) -> Bm25:
    """BM25 of the texts, memory-mapped; analysed and built only where it is not in the folder."""
    settings = [terms_version(params.tokenizer), f"{params.k1!r} {params.b!r}", version("bm25s")]
    home = folder / f"bm25-{_digest(text.encode('utf-8') for text in [*settings, *texts])}"
    if not home.exists():
        with atomic_folder(home) as part:
            save_bm25(term_stream(texts, params.tokenizer), params, part)
    return Bm25.load(home, params)


def kept_faiss(folder: Path, vectors: Vectors, params: DenseParams) -> Any:
    """The index of `approximate.build_index`, read from its file; built only where the folder has none."""
    import faiss

    made_by = ("hnsw_m", "ef_construction") if params.index == "hnsw" else ("nlist", "pq_m")
    settings = [f"{name}={getattr(params, name)}" for name in made_by]
    settings += [f"faiss={faiss.__version__}", str(vectors.shape), str(vectors.dtype)]
    rows = (vectors[start : start + BLOCK].tobytes() for start in range(0, len(vectors), BLOCK))
    home = folder / f"{params.index}-{_digest(chain((text.encode('utf-8') for text in settings), rows))}"
    if not home.exists():
        with atomic_folder(home) as part:
            faiss.write_index(build_index(vectors, params), str(part / FAISS_FILE))
    return faiss.read_index(str(home / FAISS_FILE))


def _digest(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))  # borders count
        digest.update(part)
    return digest.hexdigest()[:32]
