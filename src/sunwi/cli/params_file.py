"""params.yaml as a person wrote it: comments, order, quotes, indents, byte order mark and line ends stay."""

from __future__ import annotations

import codecs
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sunwi.errors import ParamsError
from sunwi.params.yaml_text import encoding_of, load_text, read_text
from sunwi.runtime import atomic_write

# Indents of mappings and lists, and of the dash within a list's, in which people write YAML.
INDENTS = ((2, 2, 0), (2, 4, 2), (4, 4, 0), (4, 4, 2), (4, 6, 4))


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A mapping with its comments, and the writer that keeps them."""

    path: Path
    content: Any  # ruamel's CommentedMap
    writer: Any
    byte_order_mark: bool = False
    line_end: str = "\n"

    def text(self) -> str:
        """The file's text with the content as it is now; lines end with \\n."""
        out = io.StringIO()
        self.writer.dump(self.content, out)
        return out.getvalue()

    def write(self, text: str | None = None) -> None:
        """Write the content (its `text`, where that is known), with its byte order mark and its line ends."""
        lines = (self.text() if text is None else text).replace("\n", self.line_end)
        with atomic_write(self.path, "wb") as out:
            out.write((codecs.BOM_UTF8 if self.byte_order_mark else b"") + lines.encode("utf-8"))


def any_text(path: Path) -> str:
    """The text of a file in UTF-8, UTF-16 or CP949.

    Raises
    ------
    ParamsError
        If there is no such file, or its encoding is none of these.
    """
    raw = path.read_bytes() if path.exists() else b""
    encoding = encoding_of(raw)
    return raw.decode(encoding) if raw and encoding else read_text(path)


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML mapping together with its comments, to write it again.

    Raises
    ------
    ParamsError
        If there is no such file, it isn't in UTF-8, or it holds no YAML mapping.
    """
    raw = path.read_bytes() if path.exists() else b""
    text = read_text(path)
    line_end = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    writer = _round_trip()
    file = YamlFile(path, _commented(text, path, writer), writer, raw.startswith(codecs.BOM_UTF8), line_end)
    for mapping, sequence, offset in (*INDENTS, INDENTS[0]):  # the first once more, where none fits
        writer.indent(mapping=mapping, sequence=sequence, offset=offset)
        if file.text() == text:
            break
    return file


def read_commented(path: Path) -> Any:
    """The mapping of a YAML file that `any_text` reads, together with its comments.

    Raises
    ------
    ParamsError
        If there is no such file, it has another encoding, or it holds no YAML mapping.
    """
    return _commented(any_text(path).replace("\r\n", "\n"), path, _round_trip())


def _round_trip() -> Any:
    from ruamel.yaml import YAML
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
    return writer


def _commented(text: str, path: Path, parser: Any) -> Any:
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError

    try:
        load_text(text, path)  # its faults in words; ruamel's are for programmers
        content = parser.load(text)
    except RecursionError:
        raise ParamsError(path, ["sections are nested too deep to be read"]) from None
    except YAMLError as error:  # what YAML 1.2 alone refuses
        raise ParamsError(path, [f"it is no YAML: {error}"]) from None
    return CommentedMap() if content is None else content  # an empty file has none
