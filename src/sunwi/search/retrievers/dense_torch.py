"""Dense retrieval by torch: the product of all queries and passages on a GPU, exact like numpy's."""

from __future__ import annotations

import numpy as np

from sunwi.errors import DataError
from sunwi.models.encoder import Vectors
from sunwi.models.passage_vectors import Windows
from sunwi.runtime import pick_device
from sunwi.search.passages import QueryBatch
from sunwi.search.retrievers.base import Retriever, Scores


class TorchDenseRetriever:
    """Inner product of L2-normalised vectors over all passages, on the device named.

    The passages lie on the device as float16, as they are stored, and a block of them is float32 at a time:
    the same numbers as `DenseRetriever`'s up to the order of a sum. Fusion normalises over the whole corpus,
    so all scores come back, and the best are taken after it.
    """

    name = "dense"
    BLOCK = 1_048_576  # passages: 1.6 GB of float32 at 384 dimensions

    def __init__(self, passages: Vectors, device: str, windows: Windows | None = None) -> None:
        if not len(passages):
            raise DataError("there is no passage vector", "run the encode stage (dvc repro)")
        import torch

        self._windows = windows
        self._device = torch.device(device)
        # A copy: the stored vectors are memory-mapped and read-only, which torch warns of.
        self._passages = torch.from_numpy(np.array(passages, dtype=np.float16)).to(self._device)

    def scores(self, queries: QueryBatch) -> Scores:
        """Shape [queries, passages]."""
        import torch

        vectors = torch.from_numpy(queries.vectors.astype(np.float32)).to(self._device)
        scores = np.empty((len(vectors), len(self._passages)), dtype=np.float32)
        exact = torch.backends.cuda.matmul.allow_tf32
        torch.backends.cuda.matmul.allow_tf32 = False  # its ten bits are too few to rank cosines by
        try:
            for start in range(0, len(self._passages), self.BLOCK):
                rows = slice(start, start + self.BLOCK)
                scores[:, rows] = (vectors @ self._passages[rows].float().T).cpu().numpy()
        finally:
            torch.backends.cuda.matmul.allow_tf32 = exact
        if self._windows is not None:
            self._windows.best(scores, queries.vectors.astype(np.float32))
        return scores


def use_gpu(retrievers: dict[str, Retriever], vectors: Vectors, windows: Windows | None = None) -> None:
    """Let a GPU, where there is one, do the exact dense search over these vectors."""
    device = pick_device()
    if device.type == "cuda":
        retrievers["dense"] = TorchDenseRetriever(vectors, device.type, windows)
