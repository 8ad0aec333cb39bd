"""One loaded tokeniser for all that read a model in a thread: loading e5-small's takes a CPU second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sunwi.models.json_tokenizer import read_json_tokenizer
from sunwi.models.loading import load_tokenizer

KEPT = 4  # models a thread: base, promoted, and one or two more

_thread = threading.local()  # a tokeniser remembers the length of its last call: threads would mix them up


def whole_tokenizer(folder: Path) -> Any:
    """The folder's tokeniser by transformers, padding on the right."""
    tokenizer = load_tokenizer(folder)  # pads on the right: `pool` counts from the left
    if tokenizer.pad_token is None:  # a decoder's
        tokenizer.pad_token = tokenizer.eos_token
    return tokenizer


def read_tokenizer(folder: Path) -> Any:
    """What reads texts for an encoder: without transformers where tokenizer.json is all there is to know."""
    return read_json_tokenizer(folder) or whole_tokenizer(folder)


def shared_tokenizer(folder: Path, load: Callable[[Path], Any] = whole_tokenizer) -> Any:
    """The folder's tokeniser; loaded again if a file of the folder has changed.

    Callers may name lengths and padding in their calls, and must change nothing else about it.

    Raises
    ------
    ModelError
        As `load_tokenizer`.
    """
    known: dict[object, Any] = _thread.__dict__.setdefault("tokenizers", {})
    stats = [(path.name, path.stat()) for path in sorted(folder.glob("*")) if path.is_file()]
    files = ((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
    key = (load.__name__, str(folder.absolute()), *files)
    if key not in known:
        known[key] = load(folder)
        while len(known) > KEPT:
            del known[next(iter(known))]
    return known[key]
