"""A decoder as an encoder: each text ends with the end token, whose vector represents it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from sunwi.errors import ModelError
from sunwi.models.loading import load_tokenizer
from sunwi.models.resolver import content_hash
from sunwi.models.spec import ModelInfo


def ending_with_eos(info: ModelInfo, folder: Path) -> ModelInfo:
    """The model with a tokeniser that ends every text with EOS, in `folder` (weights are linked).

    GPT-NeoX's tokeniser (polyglot-ko) adds none and ignores `add_eos_token`: the last token would be a
    word's piece, another one for each text. The end token is written into tokenizer.json itself, so that
    training, search, sentence-transformers and transformers all read the same tokens, cut texts included.

    Raises
    ------
    ModelError
        If the tokeniser has no EOS, or texts do not end with it afterwards.
    """
    tokenizer = load_tokenizer(info.folder)
    if tokenizer.eos_token is None:
        raise ModelError(
            info.spec, "its tokeniser has no end token", "use a decoder whose tokeniser defines eos_token"
        )
    if not _ends(tokenizer):
        from tokenizers import processors

        eos = (tokenizer.eos_token, tokenizer.eos_token_id)
        ending = processors.TemplateProcessing(
            single=f"$A {eos[0]}", pair=f"$A {eos[0]} $B:1 {eos[0]}:1", special_tokens=[eos]
        )
        tokenizer.backend_tokenizer.post_processor = ending
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    folder.mkdir(parents=True)
    tokenizer.save_pretrained(folder)
    for path in sorted(info.folder.iterdir()):
        if path.is_file() and not (folder / path.name).exists():
            (folder / path.name).symlink_to(path.resolve())
    for layer in info.layers:
        (folder / layer).symlink_to((info.folder / layer).resolve())
    if not _ends(load_tokenizer(folder)):
        raise ModelError(
            info.spec, "its tokeniser does not end texts with EOS", "use a model with a fast tokeniser"
        )
    _name_the_base(folder, info)
    return replace(info, folder=folder, content_hash=content_hash(folder))


def _ends(tokenizer: object) -> bool:
    """Whether a text, and one that is cut, end with EOS."""
    tokens = tokenizer(["물", "물 " * 20], truncation=True, max_length=8)["input_ids"]  # type: ignore[operator]
    return all(row[-1] == tokenizer.eos_token_id for row in tokens)  # type: ignore[attr-defined]


def _name_the_base(folder: Path, info: ModelInfo) -> None:
    """The tokeniser's settings may name the folder that they were read from: no path stays."""
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    if "name_or_path" in settings:
        settings["name_or_path"] = info.spec
    path.write_text(json.dumps(settings, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
