"""Lay a partial mapping over a commented one: what it names changes, all else stays."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

# Sections whose entries a recipe may add and take away.
VARIANTS = ("baselines.", "promoted.", "submissions.", "combinations.")


@dataclass(frozen=True, slots=True)
class Change:
    """One key that changed, by its dotted path: `added` if it was not there, `removed` if it is gone."""

    key: str
    old: Any
    new: Any
    added: bool = False
    removed: bool = False


def remove(content: Any, keys: Iterable[str], kept: Container[str] = ()) -> list[Change]:
    """Take keys, `SECTION.KEY` or `KEY`, out of `content`; an empty section goes too, unless it is `kept`."""
    changes: list[Change] = []
    by_section: dict[str, list[str]] = {}
    for path in keys:
        section, _, key = path.rpartition(".")
        by_section.setdefault(section, []).append(key)
    for section, names in by_section.items():
        node = content.get(section) if section else content
        there = [name for name in names if isinstance(node, Mapping) and name in node]
        changes += [
            Change(f"{section}.{name}".lstrip("."), _plain(node[name]), None, removed=True) for name in there
        ]
        if section and section not in kept and there and len(there) == len(node):
            _remove(content, section)
            continue
        tail = "".join([_remove(node, name) for name in there])
        if section and there and not node:  # no entry is left to hang it on
            node.fa.set_flow_style()
            _hang_tail(content, section, tail)
    return changes


def overlay(content: Any, partial: Mapping[str, Any], section: str = "") -> list[Change]:
    """Lay `partial` over ruamel's `content` in place, sections key by key, lists and scalars whole.

    A null in the place of a variant takes the variant away. Returns the changes in the order of `partial`;
    an equal value is none.
    """
    changes: list[Change] = []
    for key, value in partial.items():
        path = f"{section}{key}"
        if value is None and section in VARIANTS:
            if key in content:
                changes.append(Change(path, _plain(content[key]), None, removed=True))
                _remove(content, key)
        elif key not in content:
            _append(content, key, value)
            changes += [Change(leaf, None, new, added=True) for leaf, new in _leaves(path, value)]
        elif isinstance(value, Mapping) and isinstance(content[key], Mapping):
            changes += overlay(content[key], value, f"{path}.")
        elif content[key] != value:
            changes.append(Change(path, _plain(content[key]), _plain(value)))
            _replace(content, key, value)
    return changes


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _leaves(path: str, value: Any) -> list[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        return [(path, _plain(value))]
    return [leaf for key, inner in value.items() for leaf in _leaves(f"{path}.{key}", inner)]


def _replace(content: Any, key: str, value: Any) -> None:
    """Put a value in an old one's place.

    ruamel hangs the comment that follows a list on the list or its last entry, so a list is refilled and
    what hung on the last entry moves along.
    """
    old = content[key]
    tail = _cut_tail(content, key) if isinstance(old, list | Mapping) else ""
    if isinstance(old, list) and isinstance(value, list) and old and value:
        old.clear()
        old.extend(_without_comments(value))
    else:
        content[key] = _without_comments(value)
    own = (content.ca.items.get(key) or [None] * 4)[2]
    if own is not None:
        own.start_mark.column = 0  # one space behind the value, however long the old one was
    _hang_tail(content, key, tail)


def _append(content: Any, key: str, value: Any) -> None:
    """Add a key at the end of a section; what stood below the section stays below it."""
    last = next(reversed(content), None)
    tail = "" if last is None else _cut_tail(content, last)
    content[key] = _without_comments(value)
    _hang_tail(content, key, tail)


def _remove(content: Any, key: str) -> str:
    """Take an entry away; the comment below it stays below the one before it, or the last; else return it."""
    before = list(content)[: list(content).index(key)]
    tail = _cut_tail(content, key)
    del content[key]
    content.ca.items.pop(key, None)
    if not content:
        return tail
    _hang_tail(content, before[-1] if before else next(reversed(content)), tail)
    return ""


def _without_comments(value: Any) -> Any:
    """A copy that brings none of its own file's comments along; lists stand in one line."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq

    if isinstance(value, Mapping):
        return CommentedMap((key, _without_comments(inner)) for key, inner in value.items())
    if isinstance(value, list):
        fresh = CommentedSeq(_without_comments(inner) for inner in value)
        fresh.fa.set_flow_style()
        return fresh
    return value


def _last_leaf(node: Any, key: Any) -> tuple[Any, Any]:
    """The last entry at or below node[key] that has a line of its own."""
    while isinstance(node[key], list | Mapping) and node[key] and not node[key].fa.flow_style():
        node = node[key]
        key = next(reversed(node)) if isinstance(node, Mapping) else len(node) - 1
    return node, key


def _cut_tail(node: Any, key: Any) -> str:
    """Take off the lines of comment below an entry; the comment in its own line stays."""
    node, key = _last_leaf(node, key)
    slot = 2 if isinstance(node, Mapping) else 0
    token = (node.ca.items.get(key) or [None] * 4)[slot]
    if token is None:
        return ""
    own, _, tail = token.value.partition("\n")
    token.value = own + "\n"
    if not own:
        node.ca.items[key][slot] = None
    return str(tail)


def _hang_tail(node: Any, key: Any, tail: str) -> None:
    """Put lines of comment below an entry."""
    if not tail:
        return
    from ruamel.yaml.error import CommentMark
    from ruamel.yaml.tokens import CommentToken

    node, key = _last_leaf(node, key)
    slot = 2 if isinstance(node, Mapping) else 0
    comments = node.ca.items.setdefault(key, [None] * 4)
    if comments[slot] is not None:
        comments[slot].value += tail
        return
    comments[slot] = CommentToken("\n" + tail, CommentMark(0), None)
    value: Any = node[key]
    if hasattr(value, "ca") and not value.ca.comment:  # behind a list in one line, ruamel reads it there
        value.ca.comment = [comments[slot], None]
