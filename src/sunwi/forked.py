"""What a stage finds loaded where `sunwi dvc` has forked it: `repro.stage_server` says how it comes there.

Any other process finds nothing.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kiwipiepy import Kiwi

MODULE = "sunwi_forked"  # of the server, which keeps nothing of this package


def found_kiwi() -> Kiwi | None:
    """The analyser with its model, of one thread."""
    return getattr(sys.modules.get(MODULE), "kiwi", None)


def tokenizer_of(path: Path) -> Any:
    """The `tokenizers.Tokenizer` of a tokenizer.json: 250,000 words take most of a CPU second.

    Stages before this one may have read the same bytes. What is found is given away once, since a caller sets
    lengths and padding.
    """
    from tokenizers import Tokenizer

    forked: Any = sys.modules.get(MODULE)
    if forked is None:
        return Tokenizer.from_file(str(path))
    forked.read.append(str(path.absolute()))
    found = forked.tokenizers.pop(hashlib.sha256(path.read_bytes()).hexdigest(), None)
    return found or Tokenizer.from_file(str(path))
