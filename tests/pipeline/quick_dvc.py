"""DVC's command line, in less time.

dvc.lock is read and written by ruamel's parser and emitter in C. DVC takes those in Python, which keep
comments: seconds after each stage, and a lock has none. With `--preload`, for a run of many stages, these run
in forks of this process, which has the libraries loaded that most of them import.
"""

import importlib
import io
import os
import re
import runpy
import shlex
import sys
import traceback
from collections import OrderedDict
from pathlib import Path
from typing import Any, TextIO

from dvc.cli import main
from dvc.stage import run
from dvc.stage.exceptions import StageCmdFailedError
from dvc.utils.serialize import _yaml
from ruamel.yaml import YAML

PRELOAD = "--preload"
# Libraries alone: what belongs to the project each stage imports itself.
LIBRARIES = (
    "bm25s", "FlagEmbedding", "kiwipiepy", "pandas", "peft", "scipy.stats", "sentence_transformers",
    "sklearn.linear_model", "torch", "transformers.models.bert.modeling_bert", "transformers.trainer",
)  # fmt: skip


def dump(data: Any, stream: TextIO) -> None:
    """Write what DVC's own writer does: in the order of the data, and nothing for null."""
    yaml: Any = YAML(typ="safe", pure=False)  # its annotations refuse what its documentation says to set
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.sort_base_mapping_type_on_output = False
    represent = yaml.representer
    represent.add_representer(OrderedDict, type(represent).represent_dict)
    represent.add_representer(type(None), lambda self, _: self.represent_scalar("tag:yaml.org,2002:null", ""))
    written = io.StringIO()
    yaml.dump(data, written)
    stream.write(re.sub("(?m)(?<=[:-]) $", "", written.getvalue()))  # behind which libyaml leaves a space


def run_in_fork(_: str, command: str, *, cwd: str, env: dict[str, str], **__: Any) -> None:
    """What DVC does with a shell."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            code = _stage(shlex.split(command), cwd, env)
        except BaseException:
            traceback.print_exc()
        finally:  # whatever happened, DVC goes on in the other process alone
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise StageCmdFailedError(command, code)


def _stage(words: list[str], folder: str, variables: dict[str, str]) -> int:
    """Run `python SCRIPT ARGUMENTS` in this process; return its exit status."""
    program, script, *arguments = words
    assert program == "python"
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables)
    # As Python sets it: the script's folder, then PYTHONPATH, which this process was started with.
    sys.path[0] = str(Path(script).resolve().parent)
    sys.argv = [script, *arguments]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    _yaml.parse_yaml_for_update = _yaml.parse_yaml
    _yaml._dump = dump
    if PRELOAD in sys.argv:
        sys.argv.remove(PRELOAD)
        for library in LIBRARIES:
            importlib.import_module(library)
        run._run = run_in_fork
    sys.exit(main(sys.argv[1:]))
