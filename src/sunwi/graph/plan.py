"""What dvc.yaml should declare, and how that differs from what it does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sunwi.errors import DataError
from sunwi.graph.closure import Imports
from sunwi.graph.declare import entries_of, files_of
from sunwi.graph.dvc_file import NAME, DvcFile, read_dvc_file
from sunwi.graph.tree import Tree
from sunwi.runtime import atomic_write

Closure = Mapping[str, str | None]  # a file that is reached, to the nearest one that reaches it


@dataclass(frozen=True, slots=True)
class Plan:
    """dvc.yaml, and each stage's closure and entries."""

    imports: Imports
    file: DvcFile
    closures: dict[str, Closure]
    entries: dict[str, list[str]]

    @property
    def text(self) -> str:
        """dvc.yaml with these entries."""
        return self.file.with_code(self.entries)

    def differences(self) -> list[str]:
        """A sentence for each file that is reached and not declared, or the other way round."""
        differences = []
        for stage in self.file.stages:
            place = f"{NAME}:{stage.line}: stage {stage.name}"
            tree, closure = self.imports.tree, self.closures[stage.name]
            declared = files_of(tree, stage.code)
            undeclared = sorted(set(closure) - declared)
            unreached = sorted(declared - files_of(tree, self.entries[stage.name]))
            differences += [
                f"{place}: undeclared {file}, which is {_reached(closure[file])}" for file in undeclared
            ]
            differences += [f"{place}: unreached {file}, which no import leads to" for file in unreached]
            if not undeclared and not unreached and stage.differs(self.entries[stage.name]):
                differences.append(f"{place}: the same files, in other entries or another order")
        return differences

    def write(self) -> list[str]:
        """Write dvc.yaml where it differs; the names of the stages whose list is another one."""
        changed = [stage.name for stage in self.file.stages if stage.differs(self.entries[stage.name])]
        if changed:
            with atomic_write(self.imports.tree.root / NAME, "wb") as out:
                out.write(self.text.encode("utf-8"))
        return changed

    def require(self, stage: str) -> None:
        """Refuse a stage that dvc.yaml lacks.

        Raises
        ------
        DataError
            Naming those that it has.
        """
        if stage not in self.closures:
            raise DataError(f"{NAME} has no stage {stage!r}", f"choose one of {', '.join(self.closures)}")

    def chain(self, stage: str, file: str) -> list[str]:
        """The shortest way of imports from a stage's script to a file; empty where there is none.

        Raises
        ------
        DataError
            If there is no such stage.
        """
        self.require(stage)
        closure = self.closures[stage]
        if file not in closure:
            return []
        way = [file]
        while (above := closure[way[-1]]) is not None:
            way.append(above)
        return way[::-1]


def _reached(above: str | None) -> str:
    return f"reached from {above}" if above is not None else "the stage's script"


def plan_of(root: Path) -> Plan:
    """Read the project's dvc.yaml and the code that its stages reach.

    Raises
    ------
    DataError, InputProblems
        As `read_dvc_file` and `Imports.check`.
    """
    tree = Tree(root)
    file = read_dvc_file(root)
    imports = Imports(tree)
    closures: dict[str, Closure] = {}
    for stage in file.stages:
        closures[stage.name] = {
            reached: above for script in stage.scripts for reached, above in imports.closure(script).items()
        }
    imports.check()
    entries = {
        stage.name: entries_of(tree, stage.scripts, closures[stage.name], exact=stage.exact)
        for stage in file.stages
    }
    return Plan(imports, file, closures, entries)
