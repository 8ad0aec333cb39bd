"""A folder's tokenizer.json by the library `tokenizers` alone: transformers takes two CPU seconds more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sunwi.forked import tokenizer_of
from sunwi.models.loading import as_model_error, read_settings, refuse_own_code

CLASSES = {"PreTrainedTokenizerFast", "TokenizersBackend"}  # tokenizer.json and nothing else
TOKENS = ("bos_token", "cls_token", "eos_token", "mask_token", "pad_token", "sep_token", "unk_token")
HARMLESS = {  # an encoder's rows are padded on the right in any case
    "backend", "clean_up_tokenization_spaces", "is_local", "local_files_only", "model_input_names",
    "padding_side",
}  # fmt: skip
BESIDE = ("added_tokens.json", "special_tokens_map.json", "chat_template.jinja")
KNOWN = {"tokenizer_class", "model_max_length", *TOKENS, *HARMLESS}


class JsonTokenizer:
    """The part of transformers' tokeniser that an encoder asks for, with its names and results.

    It remembers the length of its last call: threads may not share one.
    """

    is_fast = True  # it knows where in a text a token stands

    def __init__(self, tokenizer: Any, model_max_length: int, pad_token: str) -> None:
        self._tokenizer = tokenizer
        self._tokenizer.no_padding()
        self.model_max_length = model_max_length
        self.pad_token_id: int = tokenizer.token_to_id(pad_token)

    def __call__(
        self,
        texts: str | Sequence[str],
        truncation: bool = False,
        max_length: int | None = None,
        add_special_tokens: bool = True,
        return_offsets_mapping: bool = False,
        verbose: bool = False,  # noqa: ARG002  a text that is too long for the model is no news
    ) -> dict[str, Any]:
        """Ids and, if they are wanted, places of each text's tokens; of one text without the outer list."""
        if truncation and max_length is not None:
            self._tokenizer.enable_truncation(max_length)
        else:
            self._tokenizer.no_truncation()
        batch = [texts] if isinstance(texts, str) else list(texts)
        rows = self._tokenizer.encode_batch(batch, add_special_tokens=add_special_tokens)
        found = {"input_ids": [row.ids for row in rows]}
        if return_offsets_mapping:
            found["offset_mapping"] = [row.offsets for row in rows]
        return {name: values[0] for name, values in found.items()} if isinstance(texts, str) else found


def read_json_tokenizer(folder: Path) -> JsonTokenizer | None:
    """The folder's tokeniser; None where its settings ask for more than tokenizer.json says.

    Raises
    ------
    ModelError
        If it asks for code of its own, or tokenizer.json is damaged.
    """
    refuse_own_code(folder)
    settings = read_settings(folder / "tokenizer_config.json", {})
    beside = any((folder / name).exists() for name in BESIDE)
    if beside or not _is_plain(settings) or not (folder / "tokenizer.json").exists():
        return None
    with as_model_error(folder, "tokeniser"):
        tokenizer = tokenizer_of(folder / "tokenizer.json")
    added = {token.content for token in tokenizer.get_added_tokens_decoder().values()}
    named = {settings[name] for name in TOKENS if settings.get(name)}
    if tokenizer.post_processor is None or not named <= added:  # the library would add them
        return None
    return JsonTokenizer(tokenizer, settings["model_max_length"], settings["pad_token"])


def _is_plain(settings: Mapping[str, Any]) -> bool:
    return (
        settings.keys() <= KNOWN
        and settings.get("tokenizer_class") in CLASSES
        and isinstance(settings.get("model_max_length"), int)
        and bool(settings.get("pad_token"))
        and all(isinstance(settings.get(name, ""), str | None) for name in TOKENS)
    )
