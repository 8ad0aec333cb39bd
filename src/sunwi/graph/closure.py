"""The import closure of a script: every file of the project that it can reach."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from sunwi.errors import InputProblems, Problem
from sunwi.graph.source import Import, Named, Source, read_source
from sunwi.graph.tree import PACKAGE, SRC, STAGES, Tree

NEXT = "correct the lines named above, then `sunwi graph --write`"


@dataclass(slots=True)
class Reached:
    """What one module reaches itself: modules that it names, the packages above them, data files."""

    modules: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)  # never followed


class Imports:
    """What the modules of a project reach; each file is read once.

    Rules: absolute imports of the package, at any level of a file, and of modules beside a stage's script;
    `from a import b` reaches a, and a.b where that is a module; the __init__.py of each package above counts.
    `resource_folder`, `resource_file` and `Registry` reach what their literals name.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._reached: dict[str, Reached] = {}
        self._problems: dict[Problem, None] = {}

    def reached(self, module: str) -> Reached:
        """What one file reaches itself; its faults are noted for `check`."""
        if module not in self._reached:
            source = read_source(self.tree.root / module)
            self._reached[module] = self._resolve(module, source)
            self._problems |= {Problem(module, line, fault): None for line, fault in source.faults}
        return self._reached[module]

    def closure(self, script: str) -> dict[str, str | None]:
        """Files that the script reaches, itself among them, each with the nearest file that reaches it.

        So more imports never make it smaller.
        """
        modules: dict[str, str | None] = {script: None}
        waiting = deque([script])
        data: dict[str, str | None] = {}
        while waiting:
            module = waiting.popleft()
            reached = self.reached(module)
            for file in reached.data:
                data.setdefault(file, module)
            for file in (*reached.modules, *reached.packages):
                if file not in modules:
                    modules[file] = module
                    waiting.append(file)
        return data | modules

    def check(self) -> None:
        """Report every fault of the files that were read.

        Raises
        ------
        InputProblems
            With file and line: a syntax error, a relative import, an import of no module of the package, a
            folder named otherwise than by a literal, a folder or file that is not there.
        """
        if self._problems:
            raise InputProblems(list(self._problems), NEXT)

    def _resolve(self, module: str, source: Source) -> Reached:
        reached = Reached()
        for statement in source.imports:
            base = SRC if statement.module.split(".")[0] == PACKAGE else STAGES
            if base == SRC or module.startswith(f"{STAGES}/"):
                self._follow(base, statement, reached, source)
        for named in source.named:
            self._name(named, reached, source)
        return reached

    def _follow(self, base: str, statement: Import, reached: Reached, source: Source) -> None:
        tree, name = self.tree, statement.module
        inner = [
            f"{name}.{module_name}"
            for module_name in statement.names
            if tree.module(base, f"{name}.{module_name}")
        ]
        own = tree.module(base, name)
        if own is None and not inner:
            if base == SRC:  # beside a stage it is a module of another distribution
                source.faults.append((statement.line, f"expected a module of {SRC}/, found `{name}`"))
            return
        for full in inner or [name]:
            reached.packages += tree.packages(base, full)
        reached.modules += [file for full in (name, *inner) if (file := tree.module(base, full)) is not None]

    def _name(self, named: Named, reached: Reached, source: Source) -> None:
        package, folder = named.arguments[0], f"{SRC}/{named.arguments[0].replace('.', '/')}"
        if package.split(".")[0] != PACKAGE or not self.tree.is_folder(folder):
            source.faults.append((named.line, f"expected a folder under {SRC}/{PACKAGE}, found {package!r}"))
            return
        reached.packages += self.tree.packages(SRC, f"{package}.{named.kind}")  # with its own __init__.py
        inside = sorted(self.tree.files_under(folder))
        if named.kind == "resource_file":
            file = f"{folder}/{named.arguments[1]}"
            files = [file] if file in inside else []
        elif named.kind == "resource_folder":
            files = [file for file in inside if not file.endswith(".py")]
        else:
            files = [
                file for file in inside if file.endswith(".py") and file.count("/") == folder.count("/") + 1
            ]
        if not files:
            wanted = {
                "resource_folder": f"data files in {folder}",
                "resource_file": f"the file {folder}/{named.arguments[-1]}",
                "Registry": f"modules in {folder}",
            }
            source.faults.append((named.line, f"expected {wanted[named.kind]}, found none"))
        if named.kind == "Registry":
            reached.modules += files
        else:
            reached.data += files
