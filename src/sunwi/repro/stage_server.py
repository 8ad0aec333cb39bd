"""The process whose forks are the stages: heavy libraries that one of them has imported the next ones share.

It is started as a script with the number of a socket, over which `stage_client` sends one stage a line. A
library is imported here after the first stage that did so, and only if another one follows. So are Kiwi's
model, 4 CPU seconds and half a GiB that the forks share, and tokenisers, a second each. Nothing of the
project itself is kept: each stage imports that as it is on the disk. The fork server of multiprocessing
imports what it is told at its start, needed or not, and gives its processes no stdin.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

# What takes tenths of a second and more, with the parts of it that load late.
LIBRARIES = (
    "numpy", "pandas", "scipy.sparse", "scipy.stats", "sklearn.linear_model", "sklearn.manifold",
    "kiwipiepy", "bm25s", "faiss", "tokenizers", "safetensors.torch",
    "torch", "transformers.models.bert.modeling_bert", "transformers.models.xlm_roberta.modeling_xlm_roberta",
    "transformers.trainer", "peft", "sentence_transformers", "FlagEmbedding", "accelerate", "datasets",
    "openai", "google.genai", "pydantic",
)  # fmt: skip


class Forked(ModuleType):
    """What is loaded beside libraries: a module that `sunwi.forked` finds in each stage."""

    def __init__(self) -> None:
        super().__init__("sunwi_forked")
        self.kiwi: object = None
        self.tokenizers: dict[str, Any] = {}  # by the hash of their files
        self.read: list[str] = []  # the tokenizer.json files that a stage asked for


FORKED = Forked()


class Loaded(NamedTuple):
    """What a stage has loaded: names of `LIBRARIES`, and each tokenizer.json that it read."""

    libraries: list[str]
    tokenizers: list[str]


class Request(NamedTuple):
    """`python SCRIPT ARGUMENTS`, where and with which environment."""

    script: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]


def next_stage(connection: socket.socket) -> tuple[Request, int] | None:
    """Return in each stage's process what it has to run, and where it says what it imported.

    In the server's own process return None, when no stage is left.
    """
    on_ctrl_c = signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends the stage; DVC then decides
    loaded = Loaded([], [])
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            _load(loaded)
            gc.freeze()  # what a collection touches each fork would copy
            reading, writing = os.pipe()
            pid = os.fork()
            if pid == 0:
                os.close(reading)
                signal.signal(signal.SIGINT, on_ctrl_c)
                return Request(*json.loads(line)), writing
            os.close(writing)
            _, status = os.waitpid(pid, 0)
            os.set_blocking(reading, False)  # what the stage has left running may hold the other end
            with os.fdopen(reading, "rb", buffering=0) as told:
                loaded = Loaded(*json.loads(told.read() or b"[[], []]"))
            lines.write(f"{os.waitstatus_to_exitcode(status)}\n")
            lines.flush()
    return None


def _load(loaded: Loaded) -> None:
    """Load here what a stage has loaded, in the order of `LIBRARIES`."""
    for library in LIBRARIES:
        if library in loaded.libraries:
            importlib.import_module(library)
    if "kiwipiepy" in loaded.libraries and FORKED.kiwi is None:
        FORKED.kiwi = _kiwi()
    for path in map(Path, loaded.tokenizers):
        with suppress(Exception):  # gone or damaged since then: a stage that reads it says so
            if (content := hashlib.sha256(path.read_bytes()).hexdigest()) not in FORKED.tokenizers:
                FORKED.tokenizers[content] = importlib.import_module("tokenizers").Tokenizer.from_file(
                    str(path)
                )


def _kiwi() -> object:
    """Kiwi with its model, without threads: a fork would have lost them."""
    from kiwipiepy import Kiwi

    class OneThread(Kiwi):  # type: ignore[misc]  # untyped
        """Takes lists as Kiwi with threads does; without any, Kiwi refuses them."""

        def tokenize(self, text: Any, *arguments: Any, **options: Any) -> Any:
            if isinstance(text, str):
                return super().tokenize(text, *arguments, **options)
            return (self.tokenize(one, *arguments, **options) for one in text)

        def split_into_sents(self, text: Any, *arguments: Any, **options: Any) -> Any:
            if isinstance(text, str):
                return super().split_into_sents(text, *arguments, **options)
            return (self.split_into_sents(one, *arguments, **options) for one in text)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the meaning of 0 once was another
        kiwi = OneThread(num_workers=0)
    kiwi.tokenize("물")  # most of it is loaded at its first use
    return kiwi


def run(request: Request) -> int:
    """Run the script as Python would, and return its exit status."""
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    if not sys.flags.safe_path:  # else neither Python has put a script's folder there
        sys.path[0] = str(Path(request.script).resolve().parent)
    sys.argv = [request.script, *request.arguments]
    try:
        runpy.run_path(request.script, run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        sys.stderr.write(f"{end.code}\n")
        return 1
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def main() -> None:
    """Serve stages until the other end closes the socket."""
    status = 0
    # Registered first and so called last, behind what stages and libraries register. It leaves out the
    # deletion of all modules, for which a fork would copy most of the memory: half a second and more a stage.
    atexit.register(lambda: _end(status))
    sys.modules[FORKED.__name__] = FORKED
    if stage := next_stage(socket.socket(fileno=int(sys.argv[1]))):
        request, report = stage
        status = run(request)
        loaded = Loaded([name for name in LIBRARIES if name in sys.modules], FORKED.read)
        os.write(report, json.dumps(loaded).encode())


def _end(status: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
