"""Characters as a search finds them: NFC, ligatures and full-width forms as letters, no private use."""

from __future__ import annotations

import re
import unicodedata

from sunwi.text import normalise

# Presentation forms: Latin ligatures, full-width ASCII, half-width Hangul and Katakana, the wide space.
_FORMS = re.compile(r"[\ufb00-\ufb06\uff01-\uff5e\uff65-\uffdc\u3000]+")
_PRIVATE = re.compile(r"[\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd]")
_KNOWN = {  # of symbol fonts, and of Hangul's own area, as Korean documents have them
    "\uf0b7": "•", "\uf0a7": "▪", "\uf0a8": "▫", "\uf06c": "●", "\uf06e": "■", "\uf071": "□", "\uf0d8": "▶",
    "\uf0e8": "→", "\uf0e0": "→", "\uf0fc": "✓", "\uf076": "❖", "\uf0d7": "▷",
    **{chr(0xF02B1 + number): f"{number + 1}." for number in range(9)},
}  # fmt: skip


def clean(text: str) -> tuple[str, int, int]:
    """The text in NFC and plain forms, how many private-use characters went, and how many are undecodable.

    Examples
    --------
    >>> clean("ﬁle Ａ４\\uf0b7 \\ue123나")
    ('file A4• 나', 1, 0)
    """
    text = _FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    private = _PRIVATE.findall(text)
    if private:
        text = _PRIVATE.sub(lambda match: _KNOWN.get(match[0], ""), text)
    unknown = sum(character not in _KNOWN for character in private)
    return normalise(text), unknown, text.count("\ufffd")
