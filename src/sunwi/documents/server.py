"""The process that forks a reader for each file: orders on stdin and outcomes on stdout, one a line."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

from sunwi.documents.reader import ReadingFault
from sunwi.documents.registry import readers

MAX_RESULT = 512 * 1024**2  # bytes that a reader may write
_MEMORY, _FAULT = 3, 4  # exit codes of a fork
_PR_SET_PDEATHSIG = 1  # of Linux's prctl: a fork does not outlive the server


def serve() -> None:
    """Answer each order by done, late, memory, or what ended the reader."""
    sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # stdin is a text file here
    readers()
    import dochan  # noqa: F401  loaded once, for every fork

    for line in iter(sys.stdin.readline, ""):
        answer = _one(json.loads(line))
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _one(order: dict[str, Any]) -> str:
    child = os.fork()
    if child == 0:
        code = _FAULT
        try:
            code = _read(order)
        finally:
            os._exit(code)
    status = _wait(child, order["seconds"])
    if status is None:
        return "late"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        return "late" if number == signal.SIGXCPU else signal.Signals(number).name
    code = os.WEXITSTATUS(status)
    return {0: "done", _MEMORY: "memory"}.get(code, f"exit code {code}")


def _wait(child: int, seconds: float) -> int | None:
    """The child's status; None if it was killed because its time was up. It leads a group of its own."""
    end, pause = time.monotonic() + seconds, 0.001
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        if time.monotonic() > end:
            os.killpg(child, signal.SIGKILL)  # with tesseract, if it runs
            os.waitpid(child, 0)
            return None
        time.sleep(pause)
        pause = min(1.5 * pause, 0.05)


def _read(order: dict[str, Any]) -> int:
    os.setpgid(0, 0)
    _bound(order)
    result: dict[str, Any]
    try:
        found = readers()[order["format"]][1].read(Path(order["path"]), order["ocr"])
        result = {
            "blocks": [block.model_dump(mode="json") for block in found.blocks],
            "pages": found.pages,
            "warnings": found.warnings,
            "laid_out": found.laid_out,
        }
    except ReadingFault as fault:
        result = {"reason": fault.reason, "next_step": fault.next_step}
    except MemoryError:
        return _MEMORY
    except RecursionError:
        result = {"reason": "it nests too deeply", "next_step": "open it and save it anew"}
    except Exception as error:
        what = f"its reader failed ({type(error).__name__}: {str(error)[:200]})"
        result = {"reason": what, "next_step": "open it in the program that wrote it and save it anew"}
    text = json.dumps(result)  # ASCII: half characters do not stop it
    Path(order["result"]).write_text(text, encoding="ascii")
    return 0


def _bound(order: dict[str, Any]) -> None:
    devnull = os.open(os.devnull, os.O_RDWR)
    os.dup2(devnull, 0)
    os.dup2(devnull, 1)  # the outcomes' way: nothing that a library prints may come there
    os.dup2(devnull, 2)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_RESULT, MAX_RESULT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seconds = int(order["seconds"]) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))


if __name__ == "__main__":
    serve()
