"""Data inside a page: JSON that no content can break out of, and scripts with the hash that admits them."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from markupsafe import Markup

# Inside <script> these could end it, open a comment, or (the last two) end a line of JavaScript.
_ESCAPES = str.maketrans({char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"})


def inline_json(value: Any) -> Markup:
    """JSON for a `<script type="application/json">`.

    Examples
    --------
    >>> print(inline_json({"text": "</script>"}))
    {"text":"\\u003c/script\\u003e"}
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_ESCAPES))  # noqa: S704  every special character of HTML is escaped


def inline_script(source: str) -> tuple[Markup, str]:
    """A script of the project for a `<script>`, and its hash for the page's Content-Security-Policy.

    Raises
    ------
    ValueError
        If the source has a sequence that HTML would act on; ours and the bundle have none.
    """
    if any(mark in source.lower() for mark in ("</script", "<script", "<!--")):
        raise ValueError("the script contains </script, <script or <!--, which would break the page")
    digest = base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode("ascii")
    return Markup(source), f"'sha256-{digest}'"  # noqa: S704  not content: the package's own source
