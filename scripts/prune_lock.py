"""Drop from dvc.lock the stages that dvc.yaml and params.yaml no longer have.

    python scripts/prune_lock.py [--check]

DVC itself keeps them for ever, and parses and writes the whole file after every stage.
"""

from __future__ import annotations

import sys

from dvc.repo import Repo
from dvc.utils.serialize import load_yaml, modify_yaml

LOCK = "dvc.lock"


def gone() -> list[str]:
    """Stages of the lock that the project does not have, in the lock's order."""
    names = {stage.addressing for stage in Repo(".").index.stages}
    return [name for name in load_yaml(LOCK)["stages"] if name not in names]


def main() -> None:
    names = gone()
    if names and "--check" in sys.argv[1:]:
        found = ", ".join(names)
        sys.exit(
            f"{LOCK} has stages without a place in dvc.yaml: {found}\nNext: python scripts/prune_lock.py"
        )
    if names:
        with modify_yaml(LOCK) as lock:
            for name in names:
                del lock["stages"][name]
        print(f"{LOCK}: {', '.join(names)} dropped")


if __name__ == "__main__":
    main()
