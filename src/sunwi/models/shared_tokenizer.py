"""One loaded tokeniser for all that read a model in a thread: loading e5-small's takes two CPU seconds."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from sunwi.models.loading import load_tokenizer

KEPT = 4  # models a thread: base, promoted, and one or two more

_thread = threading.local()  # a tokeniser remembers the length of its last call: threads would mix them up


def shared_tokenizer(folder: Path) -> Any:
    """The folder's tokeniser, padding on the right; loaded again if a file of the folder has changed.

    Callers may name lengths and padding in their calls, and must change nothing else about it.

    Raises
    ------
    ModelError
        As `load_tokenizer`.
    """
    known: dict[object, Any] = _thread.__dict__.setdefault("tokenizers", {})
    stats = [(path.name, path.stat()) for path in sorted(folder.glob("*")) if path.is_file()]
    key = (str(folder.absolute()), *((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats))
    if key not in known:
        tokenizer = load_tokenizer(folder)  # pads on the right: `pool` counts from the left
        if tokenizer.pad_token is None:  # a decoder's
            tokenizer.pad_token = tokenizer.eos_token
        known[key] = tokenizer
        while len(known) > KEPT:
            del known[next(iter(known))]
    return known[key]
