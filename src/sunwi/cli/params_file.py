"""params.yaml as a person wrote it: comments, order, quotes and indents stay when keys change."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.errors import ParamsError

# Indents of mappings and lists, and of the dash within a list's, in which people write YAML.
INDENTS = ((2, 2, 0), (2, 4, 2), (4, 4, 0), (4, 4, 2), (4, 6, 4))


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A mapping with its comments, and the writer that keeps them."""

    path: Path
    content: Any  # ruamel's CommentedMap
    writer: Any

    def text(self) -> str:
        """The file's text with the content as it is now."""
        out = io.StringIO()
        self.writer.dump(self.content, out)
        return out.getvalue()


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML mapping together with its comments.

    Raises
    ------
    ParamsError
        If there is no such file, or it holds no YAML mapping.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.representer import RoundTripRepresenter

    class WrittenNull(RoundTripRepresenter):
        """`null` stays `null`; ruamel would leave the place empty."""

    WrittenNull.add_representer(
        type(None), lambda representer, _: representer.represent_scalar("tag:yaml.org,2002:null", "null")
    )
    writer = YAML()
    writer.Representer = WrittenNull
    writer.preserve_quotes = True
    writer.width = 4096  # no line is folded that was not
    if not path.exists():
        raise ParamsError(path, ["the file does not exist; run this in the project's folder"])
    text = path.read_text(encoding="utf-8")
    try:
        content = writer.load(text)
    except YAMLError as error:
        raise ParamsError(path, [f"it is no YAML: {error}"]) from None
    if not isinstance(content, CommentedMap):
        raise ParamsError(path, ["expected a mapping of sections"])
    file = YamlFile(path, content, writer)
    for mapping, sequence, offset in (*INDENTS, INDENTS[0]):  # the first once more, where none fits
        writer.indent(mapping=mapping, sequence=sequence, offset=offset)
        if file.text() == text:
            break
    return file
