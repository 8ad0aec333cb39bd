"""Approximate dense retrieval by faiss: HNSW (Malkov & Yashunin 2018) or IVF-PQ (Jegou et al. 2011)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.models.passage_vectors import Windows
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Scores

if TYPE_CHECKING:
    from sunwi.params.dense import DenseParams

BLOCK = 65_536  # vectors that are float32 at a time while an index is filled
TRAINED_PER_LIST = 64  # vectors a list that IVF's k-means sees; faiss wants 39 at least


def build_index(vectors: Vectors, params: DenseParams) -> Any:
    """A faiss index over float16 vectors [passages, dimensions], memory-mapped or not.

    HNSW holds them as they are, in float16: half the memory of float32, and as exact. Built in one thread:
    the order in which HNSW's nodes are linked decides the graph.

    Raises
    ------
    DataError
        If there are no vectors, too few to train IVF-PQ, or `dense.pq_m` does not divide the dimensions.
    """
    import faiss

    count, dimensions = vectors.shape
    if not count:
        raise DataError("there is no passage vector", "run the encode stage (dvc repro)")
    index: Any
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        if params.index == "hnsw":
            half: Any = faiss.ScalarQuantizer.QT_fp16
            index = faiss.IndexHNSWSQ(dimensions, half, params.hnsw_m, faiss.METRIC_INNER_PRODUCT)
            index.hnsw.efConstruction = params.ef_construction
            index.train(np.ascontiguousarray(vectors[:1], dtype=np.float32))  # float16 has nothing to learn
        elif params.index == "ivfpq":
            if dimensions % params.pq_m:
                what = f"dense.pq_m {params.pq_m} does not divide the {dimensions} dimensions"
                raise DataError(what, "choose a divisor, such as 1/8 of the dimensions")
            if count < max(256, params.nlist):
                what = f"IVF-PQ trains 256 codes and {params.nlist} lists, the corpus has {count} passages"
                raise DataError(what, "set dense.index: flat, which is exact and fast at this size")
            coarse = faiss.IndexFlatIP(dimensions)
            args = (coarse, dimensions, params.nlist, params.pq_m, 8, faiss.METRIC_INNER_PRODUCT)
            index = faiss.IndexIVFPQ(*args)
            step = max(1, count // max(256 * TRAINED_PER_LIST, params.nlist * TRAINED_PER_LIST))
            index.train(np.ascontiguousarray(vectors[::step], dtype=np.float32))
        else:
            index = faiss.IndexFlatIP(dimensions)
        for start in range(0, count, BLOCK):
            index.add(np.ascontiguousarray(vectors[start : start + BLOCK], dtype=np.float32))
    finally:
        faiss.omp_set_num_threads(threads)
    return index


def serving_index(index: Any, params: DenseParams) -> Any:
    """The index with the effort that a search is given; on all GPUs, where it can be and there are any."""
    if params.index == "hnsw":
        index.hnsw.efSearch = max(params.ef_search, params.depth)
        return index
    if params.index == "ivfpq":
        index.nprobe = params.nprobe
    return _on_gpu(index)


def _on_gpu(index: Any) -> Any:
    """The index on all GPUs where faiss-gpu is installed and there is one, else as it is."""
    import faiss

    gpus = faiss.get_num_gpus() if hasattr(faiss, "get_num_gpus") else 0
    return faiss.index_cpu_to_all_gpus(index) if gpus else index


class ApproximateDenseRetriever:
    """The best `depth` passages of each query have their score; the others share what is left of the mean.

    The mean over the corpus is exact (it is q . mean(passages)), so a z-score keeps its middle; its spread is
    that of the passages found. Of a long passage its best window is the score, its start is in the mean.
    Fit fusion weights with the index that will serve.
    """

    name = "dense"

    def __init__(
        self, vectors: Vectors, params: DenseParams, built: Any = None, windows: Windows | None = None
    ) -> None:
        """Over vectors [passages, dimensions] and the windows of long passages.

        `built` is the index of both, the windows last, where there is one (`kept_faiss`).
        """
        owners = np.arange(len(vectors))
        rows = vectors
        if windows is not None:
            rows = np.concatenate([vectors, windows.vectors])
            owners = np.concatenate([owners, windows.owners])
        index = build_index(rows, params) if built is None else built
        self._owners = owners  # [vectors]: the passage of each
        self._index = serving_index(index, params)
        self._size = len(vectors)
        most = int(np.bincount(owners).max())  # vectors of one passage
        self._depth = min(params.depth * most, len(owners))
        sums = [
            vectors[start : start + BLOCK].sum(axis=0, dtype=np.float64)
            for start in range(0, self._size, BLOCK)
        ]
        self._mean = (np.sum(sums, axis=0) / self._size).astype(np.float32)  # [dimensions]

    def search(
        self, queries: npt.NDArray[np.float32], depth: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Rows of the index and scores, shapes [queries, depth], best first; -1 where fewer were found."""
        scores, positions = self._index.search(np.ascontiguousarray(queries), depth)
        order = np.lexsort((positions, -scores), axis=1)  # faiss leaves the order of ties open
        return np.take_along_axis(positions, order, axis=1), np.take_along_axis(scores, order, axis=1)

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        vectors = queries.vectors.astype(np.float32)
        positions, best = self.search(vectors, self._depth)
        scores = np.empty((len(queries), self._size), dtype=np.float32)
        totals = vectors @ self._mean * self._size
        for row in range(len(queries)):
            real = positions[row] >= 0
            owners = self._owners[positions[row][real]]
            first = np.sort(np.unique(owners, return_index=True)[1])  # a passage's best row, best first
            found, known = owners[first], best[row][real][first]
            rest = (totals[row] - known.sum(dtype=np.float64)) / max(1, self._size - len(known))
            scores[row] = min(rest, known.min(initial=np.inf)) if len(known) else rest
            scores[row, found] = known
        return scores
