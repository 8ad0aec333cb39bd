"""DVC's command line, with dvc.lock read and written by ruamel's parser and emitter in C.

DVC takes those in Python, which keep comments: seconds after each stage, and a lock has none.
"""

import io
import re
import sys
from collections import OrderedDict
from typing import Any, TextIO

from dvc.cli import main
from dvc.utils.serialize import _yaml
from ruamel.yaml import YAML


def dump(data: Any, stream: TextIO) -> None:
    """Write what DVC's own writer does: in the order of the data, and nothing for null."""
    yaml = YAML(typ="safe", pure=False)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    represent = yaml.representer
    represent.add_representer(OrderedDict, type(represent).represent_dict)
    represent.add_representer(type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", ""))
    written = io.StringIO()
    yaml.dump(data, written)
    stream.write(re.sub("(?m)(?<=[:-]) $", "", written.getvalue()))  # behind which libyaml leaves a space


if __name__ == "__main__":
    _yaml.parse_yaml_for_update = _yaml.parse_yaml
    _yaml._dump = dump
    sys.exit(main(sys.argv[1:]))
