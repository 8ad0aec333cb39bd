"""DVC's command line with some of its parts replaced."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import dvc
from dvc.cli import main
from dvc.dvcfile import Lockfile, logger
from dvc.stage import run, serialize
from dvc.stage.exceptions import StageCmdFailedError
from dvc.utils import strictyaml
from dvc.utils.serialize import _yaml

from sunwi.repro import lock_file
from sunwi.repro.parsing import parsing_once
from sunwi.repro.stage_client import StageClient
from sunwi.runtime import has_gpu_driver

# Inner parts of DVC 3.67. Where another version has others, its own are taken.
KNOWN = (
    (run, "_run", "(executable, cmd, **kwargs)"),
    (Lockfile, "dump_stages", "(self, stages, **kwargs)"),
    (_yaml, "parse_yaml", "(text, path, typ='safe')"),
    (strictyaml, "parse_yaml", "(text, path, typ='safe')"),
)


def run_dvc(arguments: Sequence[str]) -> int:
    """Run DVC's command line in this process; return its exit status.

    A run writes the dvc.lock, the outputs and the messages of `dvc` itself. Stages are forks only on Linux
    without a GPU: CUDA may refuse to start in a fork, and on macOS a process that has torch may not fork.
    """
    others = [name for owner, name, known in KNOWN if str(_signature(getattr(owner, name, None))) != known]
    if others:
        what = f"DVC {dvc.__version__} has no {' and no '.join(others)} like those of DVC 3.67"
        logger.warning("%s: it runs as `dvc` does, which takes longer.", what)
        return int(main(list(arguments)))
    forks = sys.platform == "linux" and not has_gpu_driver()
    with (
        StageClient() as stages,
        _replaced(Lockfile, "dump_stages", _writing_entries),
        _replaced(_yaml, "parse_yaml", parsing_once),
        _replaced(strictyaml, "parse_yaml", parsing_once),
        _replaced(run, "_run", partial(_running, stages)) if forks else nullcontext(),
    ):
        return int(main(list(arguments)))


def _signature(function: Callable[..., Any] | None) -> inspect.Signature | None:
    return None if function is None else inspect.signature(function)


@contextmanager
def _replaced(owner: Any, name: str, replacing: Callable[[Callable[..., Any]], Any]) -> Iterator[None]:
    """Put in place what `replacing` makes of a function, until the block ends."""
    own = getattr(owner, name)
    setattr(owner, name, replacing(own))
    try:
        yield
    finally:
        setattr(owner, name, own)


def _running(stages: StageClient, otherwise: Callable[..., None]) -> Callable[..., None]:
    """What DVC does with a shell."""

    def run(executable: str | None, cmd: str, **options: Any) -> None:
        status = stages.run(cmd, options["cwd"], options["env"])
        if status is None:
            otherwise(executable, cmd, **options)
        elif status:
            raise StageCmdFailedError(cmd, status)

    return run


def _writing_entries(otherwise: Callable[..., None]) -> Callable[..., None]:
    """What DVC does by reading and writing all of dvc.lock."""

    def dump_stages(lock: Any, stages: Sequence[Any], **options: Any) -> None:
        path = Path(lock.path)
        entries: dict[str, Any] = {}
        for stage in stages:
            entries |= serialize.to_lockfile(stage, **options)
        if not entries:
            return
        is_new = not path.exists()
        changed = lock_file.write(path, entries)
        if changed is None:
            logger.warning("'%s' is not laid out as DVC writes it: DVC writes all of it anew.", lock.relpath)
            otherwise(lock, stages, **options)
        elif changed:
            if is_new:
                logger.info("Generating lock file '%s'", lock.relpath)
            logger.info("Updating lock file '%s'", lock.relpath)
            lock.repo.scm_context.track_file(lock.relpath)

    return dump_stages
