"""`cls`: the first token."""

from __future__ import annotations

from sunwi.models.poolings import Pooling

POOLING = Pooling(lambda hidden, _mask: hidden[:, 0], "pooling_mode_cls_token", "cls")
