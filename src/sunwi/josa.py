"""Josa that agree with the last sound before them: Hangul, digits, Latin and Greek letters."""

from __future__ import annotations

import re
from string import ascii_letters
from typing import Literal

FinalSound = Literal["open", "rieul", "closed"]

# form after a closed syllable, form after an open one
PAIRS = {
    "은": ("은", "는"),
    "이": ("이", "가"),
    "을": ("을", "를"),
    "과": ("과", "와"),
    "이란": ("이란", "란"),
    "이라고": ("이라고", "라고"),
    "이나": ("이나", "나"),
    "으로": ("으로", "로"),
}
KINDS = {form: kind for kind, forms in PAIRS.items() for form in forms}  # either form -> key of PAIRS
_RIEUL_JONGSEONG = 8  # index of ㄹ among the 28 final consonants of Unicode's Hangul syllables
_DIGITS: dict[str, FinalSound] = {
    "0": "closed",  # 영, 십, 백, 천, 만, 억
    "1": "rieul",
    "2": "open",
    "3": "closed",
    "4": "open",
    "5": "open",
    "6": "closed",
    "7": "rieul",
    "8": "rieul",
    "9": "open",
}
_LETTER_NAMES: dict[str, FinalSound] = {"l": "rieul", "m": "closed", "n": "closed", "r": "rieul"}
_GREEK_CLOSED = "ευο"  # 엡실론, 입실론, 오미크론: the only letter names that end in a consonant
_TRAILING = re.compile(r"(?:\s*\([^()]*\)|[\s\"'”’」』》〉.,!?])+$")


def final_sound(word: str) -> FinalSound | None:
    """How the word ends when it is read aloud; None if that is unknown (Han characters, other symbols).

    A bracket at the end is not read: `규소(Si)` ends like `규소`.

    Examples
    --------
    >>> [final_sound(word) for word in ("전도", "물질", "DNA", "3", "규소(Si)", "漢")]
    ['open', 'rieul', 'open', 'closed', 'open', None]
    """
    word = _TRAILING.sub("", word)
    if not word:
        return None
    last = word[-1]
    if "가" <= last <= "힣":
        jongseong = (ord(last) - ord("가")) % 28
        return "open" if jongseong == 0 else "rieul" if jongseong == _RIEUL_JONGSEONG else "closed"
    if last in _DIGITS:
        return _DIGITS[last]
    if last.isascii() and last.isalpha():
        return _latin(word)
    if "α" <= last.lower() <= "ω":
        return "closed" if last.lower() in _GREEK_CLOSED else "open"
    return "open" if last in "%℃°+-" else None  # 퍼센트, 도, 플러스, 마이너스


def _latin(word: str) -> FinalSound:
    """Acronyms are read letter by letter, words as they are commonly written in Hangul."""
    letters = word[len(word.rstrip(ascii_letters)) :]
    last = letters[-1].lower()
    if letters[-1].isupper() or len(letters) == 1:
        return _LETTER_NAMES.get(last, "open")
    lower = letters.lower()
    if lower.endswith(("l", "le")):
        return "rieul"
    if lower.endswith(("m", "n", "ng", "me", "ne")):
        return "closed"
    # 칩, 로봇, 웹, 뮤직 keep the stop as a final consonant; 테스트, 히트, 네트워크 add a vowel
    return "closed" if re.search(r"(?:^|[^aeiou])[aeiouy][ptkbc]$|ook$", lower) else "open"


def josa(word: str, kind: str) -> str:
    """The form of a josa after a word.

    Parameters
    ----------
    word
        The word before it.
    kind
        The form after a closed syllable, a key of `PAIRS`.

    Raises
    ------
    ValueError
        If it is unknown how the word is read.

    Examples
    --------
    >>> "물" + josa("물", "으로"), "빛" + josa("빛", "으로"), "DNA" + josa("DNA", "이란")
    ('물로', '빛으로', 'DNA란')
    """
    sound = final_sound(word)
    if sound is None:
        raise ValueError(f"cannot tell how {word!r} is read, so {kind!r} cannot agree with it")
    closed, open_ = PAIRS[kind]
    if kind == "으로" and sound == "rieul":
        return open_
    return open_ if sound == "open" else closed


_SLOT = re.compile(r"\{([^{}]+)\}")


def fill(template: str, **slots: str) -> str:
    """Fill a template: `{X}` takes a slot's text, `{은}` the josa that agrees with the text so far.

    Examples
    --------
    >>> fill("{X}{은} {Y}에 어떤 영향을 미치나요?", X="낚시", Y="생태계")
    '낚시는 생태계에 어떤 영향을 미치나요?'
    """
    filled, end = "", 0
    for slot in _SLOT.finditer(template):
        filled += template[end : slot.start()]
        name = slot.group(1)
        filled += josa(filled, name) if name in PAIRS else slots[name]
        end = slot.end()
    return filled + template[end:]
