"""A whole page: its data, style sheet and scripts in one HTML file that asks no network."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from sunwi import __version__
from sunwi.cache import RowCache
from sunwi.report.embedding import inline_script
from sunwi.report.templating import environment_of
from sunwi.resources import resource_folder
from sunwi.runtime import text_hash

STATIC = resource_folder("sunwi.report.static")
VEGA_LITE = "6.4"


def render(template: str, shown: Mapping[str, Any]) -> str:
    """A template of a whole page with its data, style sheet and scripts."""
    environment = environment_of(autoescape=True)
    environment.filters |= {"number": _number, "signed": _signed, "p_value": _p_value, "count": _count}
    vega, vega_hash = inline_script(_vega_bundle())
    script, script_hash = inline_script(_static("explorer.js") + _static("charts.js"))
    return environment.get_template(template).render(
        shown,
        version=__version__,
        style=inline_style(_static("style.css")),
        vega=vega,
        script=script,
        script_hashes=f"{vega_hash} {script_hash}",
    )


def _vega_bundle() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, from the wheel of vl-convert: no CDN, no download.

    Made once for all pages of a project: it takes two seconds.
    """

    key = text_hash(VEGA_LITE, version("vl-convert-python"))
    with RowCache("vega") as cache:
        if key not in (found := cache.get_many([key])):
            import vl_convert

            bundle: str = vl_convert.javascript_bundle(  # type: ignore[call-arg]  # its stub lacks the default
                vl_version=VEGA_LITE
            )
            found = {key: bundle.encode("utf-8")}
            cache.put_many(found)
    return found[key].decode("utf-8")


def _static(name: str) -> str:
    return STATIC.joinpath(name).read_text(encoding="utf-8")


def inline_style(source: str) -> Any:
    """The package's own style sheet, as it is."""
    from markupsafe import Markup

    return Markup(source)  # noqa: S704  not content


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def _signed(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:+.{digits}f}".replace("-", "−")


def _p_value(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _count(value: int) -> str:
    return f"{value:,}"
