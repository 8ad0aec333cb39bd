"""All of params.yaml over params/defaults.yaml, with the checks between its sections."""

from __future__ import annotations

from pathlib import Path

from sunwi.params.reading import PARAMS_FILE, read_params
from sunwi.params.whole import Params


def load_params(path: Path | str = PARAMS_FILE) -> Params:
    """Read and check params.yaml.

    Raises
    ------
    ParamsError
        Naming every key that is unknown, of a wrong type or out of range.
    """
    return read_params(Params, path)
