"""The Jinja2 environment of the page and the model cards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sunwi.resources import resource_folder

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = resource_folder("sunwi.report.templates")


def environment_of(*, autoescape: bool) -> Environment:
    """Templates of the package; a name without a value is an error."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(lambda name: TEMPLATES.joinpath(name).read_text(encoding="utf-8")),
        autoescape=autoescape,  # noqa: S701  the caller says; the page escapes
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
