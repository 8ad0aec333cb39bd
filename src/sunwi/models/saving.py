"""Writing an encoder's folder so that transformers, sentence-transformers and FlagEmbedding load it alike."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sunwi.errors import DataError
from sunwi.models.api_spec import is_api, write_api
from sunwi.models.builtin import write_pooling
from sunwi.models.heads import STEMS, head_file, load_head
from sunwi.models.loading import read_tensors
from sunwi.models.spec import ModelInfo
from sunwi.records.files import read_json

if TYPE_CHECKING:
    import torch

TOKENIZER_FILES = (
    "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "sentencepiece.bpe.model",
    "spiece.model", "vocab.txt", "added_tokens.json",
)  # fmt: skip


def load_state(folder: Path) -> dict[str, torch.Tensor]:
    """All weights of a model folder's encoder, float32; sharded files too, heads not."""
    import torch

    state: dict[str, torch.Tensor] = {}
    paths = sorted(path for path in folder.glob("*.safetensors") if path.stem not in STEMS.values())
    for path in paths:
        state.update(read_tensors(path))
    for path in [] if paths else sorted(folder.glob("pytorch_model*.bin")):
        state.update(torch.load(path, map_location="cpu", weights_only=True))
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def save_encoder(
    base: ModelInfo,
    state: Mapping[str, torch.Tensor] | None,
    folder: Path,
    heads: Mapping[str, Mapping[str, torch.Tensor]] | None = None,
) -> None:
    """Write weights (safetensors), the base's configuration and tokeniser, and the pooling modules.

    Without a state the base's own weight files are copied: the same bytes, so the same content hash, and
    every vector that is cached for the base serves the copy.
    """
    import torch
    from safetensors.torch import save_file

    shutil.rmtree(folder, ignore_errors=True)
    if is_api(base.spec):
        write_api(base.spec, folder)
        return
    folder.mkdir(parents=True)
    copied = ["config.json", *TOKENIZER_FILES]
    if state is None:
        patterns = ("*.safetensors*", "pytorch_model*.bin*")
        files = sorted(path for pattern in patterns for path in base.folder.glob(pattern))
        copied += [path.name for path in files if path.stem not in STEMS.values()]
    else:
        contiguous = {name: tensor.contiguous() for name, tensor in sorted(state.items())}
        save_file(contiguous, folder / "model.safetensors", metadata={"format": "pt"})
    for name in copied:
        if (base.folder / name).exists():
            shutil.copyfile(base.folder / name, folder / name)
    for head, stem in sorted(STEMS.items()):
        tensors, known = (heads or {}).get(stem), head_file(base.folder, head)
        if tensors is None and known is not None and known.suffix == ".pt":
            shutil.copyfile(known, folder / known.name)
        elif tensors is not None or known is not None:
            # NAME.pt is the one form in which FlagEmbedding reads heads.
            torch.save(dict(tensors or load_head(base, head)), folder / f"{stem}.pt")
    config = read_json(base.folder / "config.json")
    limit = int(read_json(base.folder / "tokenizer_config.json").get("model_max_length", 512))
    length = min(limit, int(config.get("max_position_embeddings", 512)))
    write_pooling(
        folder,
        int(config["hidden_size"]),
        base.pooling,
        base.query_prefix,
        base.passage_prefix,
        length,
        base.layers,
    )
    for layer in base.layers:
        shutil.copytree(base.folder / layer, folder / layer)


def interpolate(
    base: Mapping[str, torch.Tensor], tuned: Mapping[str, torch.Tensor], base_share: float
) -> dict[str, torch.Tensor]:
    """share * base + (1 - share) * tuned, weight by weight (WiSE-FT, Wortsman et al. 2022; LM-Cocktail).

    Raises
    ------
    DataError
        If the two do not have the same weights: a mixture would be used as the tuned model without notice.
    """
    if base.keys() != tuned.keys():
        apart = sorted(base.keys() ^ tuned.keys())
        what = f"{len(apart)} weights are in one of base and tuned alone: {', '.join(apart[:5])}"
        raise DataError(what, "report it with the name of the base model")
    return {
        name: base_share * base[name] + (1.0 - base_share) * weights
        if weights.is_floating_point()
        else weights
        for name, weights in tuned.items()
    }
