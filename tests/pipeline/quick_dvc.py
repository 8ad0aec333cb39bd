"""DVC's command line, with dvc.lock read by ruamel's parser in C before it is written again.

DVC reads it by the parser in Python, which keeps comments: seconds after each stage, and a lock has none.
"""

import sys

from dvc.cli import main
from dvc.utils.serialize import _yaml

if __name__ == "__main__":
    _yaml.parse_yaml_for_update = _yaml.parse_yaml
    sys.exit(main(sys.argv[1:]))
