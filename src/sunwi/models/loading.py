"""Reading a model folder: none of its code runs, and its weights are complete and finite."""

from __future__ import annotations

import json
import pickle
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sunwi.errors import ModelError, SunwiError
from sunwi.models.api_spec import refuse_api
from sunwi.runtime import no_loading_bar

if TYPE_CHECKING:
    import torch

# Files whose key `auto_map` names Python code, which transformers would ask on stdin whether to run.
_MAY_NAME_CODE = ("config.json", "tokenizer_config.json", "processor_config.json")
_COPY_AGAIN = "copy the model's files again from where they came, or run the stage that writes it (dvc repro)"
SHOWN = 5  # names of weights in a message


def read_settings(path: Path, missing: Any) -> Any:
    """A JSON file of a model folder, or `missing` where there is none.

    Raises
    ------
    ModelError
        If it is no JSON of UTF-8 text, or another kind of value than `missing`.
    """
    if not path.exists():
        return missing
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(str(path.parent), f"{path.name} cannot be read ({error})", _COPY_AGAIN) from error
    if not isinstance(value, type(missing)):
        kinds = f"expected a JSON {type(missing).__name__}, found a {type(value).__name__}"
        raise ModelError(str(path.parent), f"{path.name}: {kinds}", _COPY_AGAIN)
    return value


def refuse_own_code(folder: Path) -> None:
    """Refuse a folder whose model is defined by Python code of its own.

    With that code left out the same weights may be read into another architecture, and give wrong vectors.

    Raises
    ------
    ModelError
        Naming the file and the classes.
    """
    refuse_api(folder)
    for name in _MAY_NAME_CODE:
        if classes := read_settings(folder / name, {}).get("auto_map"):
            named = ", ".join(sorted(classes)) if isinstance(classes, dict) else str(classes)
            found = f"{name} asks for Python code of its own (auto_map: {named}), which sunwi never runs"
            raise ModelError(str(folder), found, "use a model of an architecture that transformers contains")


def load_config(folder: Path) -> Any:
    """The folder's transformers configuration.

    Raises
    ------
    ModelError
        If it asks for code of its own, or cannot be read.
    """
    from transformers import AutoConfig

    refuse_own_code(folder)
    with as_model_error(folder, "configuration"):
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)


def config_value(folder: Path, key: str) -> Any:
    """One key of the folder's configuration: the file's own, or what transformers makes of one without it.

    Raises
    ------
    ModelError
        As `load_config`.
    """
    own = read_settings(folder / "config.json", {})
    if isinstance(own.get(key), int | str) and "text_config" not in own:
        return own[key]  # transformers takes a second to import
    return getattr(load_config(folder), key)


def load_tokenizer(folder: Path) -> Any:
    """The folder's tokeniser, padding on the right.

    Raises
    ------
    ModelError
        If it asks for code of its own, or cannot be read.
    """
    from transformers import AutoTokenizer

    refuse_own_code(folder)
    with as_model_error(folder, "tokeniser"):
        return AutoTokenizer.from_pretrained(folder, padding_side="right", trust_remote_code=False)


def load_weights(auto_class: Any, folder: Path, fresh: Collection[str] = (), **settings: Any) -> Any:
    """The model of one of transformers' Auto classes with the folder's weights.

    Parameters
    ----------
    fresh
        Prefixes of weights that the folder may lack: the caller does not use or does train them.
    settings
        Of `from_pretrained`.

    Raises
    ------
    ModelError
        If the folder asks for code of its own, its files are damaged, or a weight is missing or not finite;
        transformers would fill a missing one with random numbers.
    """
    refuse_own_code(folder)
    with no_loading_bar(), as_model_error(folder, "weights"):
        model, report = auto_class.from_pretrained(
            folder, trust_remote_code=False, output_loading_info=True, **settings
        )
    if missing := sorted(name for name in report["missing_keys"] if not name.startswith(tuple(fresh))):
        found = f"its files lack {len(missing)} weights that config.json asks for: {_some(missing)}"
        raise ModelError(str(folder), found, _COPY_AGAIN)
    require_finite(folder, model.named_parameters())
    return model


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of a safetensors file, on the CPU.

    Raises
    ------
    ModelError
        If the file is damaged, or a number in it is not finite.
    """
    from safetensors.torch import load_file

    with as_model_error(path.parent, path.name):
        tensors: dict[str, torch.Tensor] = load_file(path)
    require_finite(path.parent, tensors.items())
    return tensors


def require_finite(folder: Path, weights: Iterable[tuple[str, torch.Tensor]]) -> None:
    """Refuse weights that hold NaN or an infinite number.

    Raises
    ------
    ModelError
        Naming them.
    """
    # A sum is finite only if all its numbers are, and takes a fifth of the time.
    names = sorted(
        name
        for name, weight in weights
        if not bool(weight.sum().isfinite()) and not bool(weight.isfinite().all())
    )
    if names:
        found = f"{len(names)} of its weights hold NaN or infinite numbers: {_some(names)}"
        raise ModelError(str(folder), found, _COPY_AGAIN)


def _some(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


@contextmanager
def as_model_error(folder: Path, part: str) -> Iterator[None]:
    """The libraries raise many kinds for a damaged file; for the user all of them mean the same."""
    from safetensors import SafetensorError

    kinds = (
        SafetensorError, OSError, ValueError, RuntimeError, LookupError, TypeError, AttributeError,
        ImportError, EOFError, pickle.UnpicklingError,
    )  # fmt: skip
    try:
        yield
    except SunwiError:
        raise
    except Exception as error:
        # The tokenizers library raises plain Exception for a damaged file.
        if not isinstance(error, kinds) and type(error) is not Exception:
            raise
        reason = " ".join(str(error).split())[:300]
        found = f"its {part} cannot be read ({type(error).__name__}: {reason})"
        raise ModelError(str(folder), found, _COPY_AGAIN) from error
