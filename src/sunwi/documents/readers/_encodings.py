"""The text of an HTML file: a byte order mark, then what the page states, then what the bytes allow."""

from __future__ import annotations

import re
from pathlib import Path

from sunwi.documents.reader import ReadingFault
from sunwi.documents.readers.plain_text import decoded

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,20})", re.IGNORECASE)
_AS_CP949 = {"euc-kr", "ks_c_5601-1987", "ksc5601", "korean", "windows-949", "x-windows-949", "ms949"}


def html_text(path: Path) -> str:
    """A page's text; Korean ones are decoded as any text file, others by the encoding that they state.

    Raises
    ------
    ReadingFault
        If neither gives a text.
    """
    try:
        return decoded(path)
    except ReadingFault:
        data = path.read_bytes()
        stated = _CHARSET.search(data[:4096])
        name = stated[1].decode("ascii").lower() if stated else ""
        encoding = "cp949" if name in _AS_CP949 else name
        if not encoding:
            raise
        try:
            return data.decode(encoding)
        except (LookupError, UnicodeDecodeError):
            raise ReadingFault(
                f"it states the encoding {name} and is not in it", "open it in a browser and save it as UTF-8"
            ) from None
