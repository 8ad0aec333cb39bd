"""A node's home as a distribution lays it out: lib, modules, plugins, and our small Java classes."""

from __future__ import annotations

import ctypes.util
import fcntl
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sunwi.errors import EngineError
from sunwi.nodes.artifacts import fetch
from sunwi.nodes.catalogue import Part, Release, compiler
from sunwi.records.files import canonical_json
from sunwi.resources import resource_folder
from sunwi.runtime import text_hash, user_cache_dir

# arguments of base classes that differ between the servers: tokenizer, filter, analyzer
ARGUMENTS = {
    ("opensearch", 2): ("i, s, name", "i, name, s", "i, name, s"),
    ("elasticsearch", 8): ("i, s, name", "name, s", "name, s"),
    ("elasticsearch", 9): ("name", "name", "name"),
}
ENTRY_TIME = (1980, 1, 1, 0, 0, 0)


def nodes_folder() -> Path:
    """Where artifacts, homes and data of nodes are: $SUNWI_NODE_DIR, else nodes/ in the user's cache."""
    if configured := os.environ.get("SUNWI_NODE_DIR"):
        return Path(configured).expanduser()
    return user_cache_dir() / "nodes"


def assembled(
    release: Release, java: Path, say: Callable[[str], None], *, ml: bool = False, secure: bool = False
) -> Path:
    """The home of such a node; it is put together where it is not there yet.

    Raises
    ------
    EngineError
        If an artifact cannot be fetched, has another SHA-256, or the Java classes do not compile.
    """
    parts = release.chosen(ml=ml, secure=secure)
    folder = nodes_folder()
    digest = text_hash(*(canonical_json(row) for row in _identity(release, parts)))[:12]
    home = folder / "homes" / f"{release.engine}-{release.version}-{digest}"
    with locked(folder / "homes" / "lock"):
        if home.exists():
            return home
        say(f"{release.engine} {release.version}; licence: {release.licence}")
        wanted = {each.coordinates: each for part in parts for each in part.artifacts}
        tool = compiler()
        files = fetch([*wanted.values(), tool], folder / "artifacts", say)
        work = home.with_name(f"{home.name}.part")
        shutil.rmtree(work, ignore_errors=True)
        for part in parts:
            _lay_out(work, part, files, release)
        _compile(work, release, java, files[tool.coordinates])
        _link_zstd(work)
        work.replace(home)
        say(f"assembled {home}")
    return home


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One process at a time; the lock goes with the process, its empty file stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _identity(release: Release, parts: list[Part]) -> Iterator[object]:
    for part in parts:
        yield [part.folder, part.plugin_class, part.extends]
        yield {each.coordinates: each.sha256 for each in part.artifacts}
    yield _sources(release)


def _lay_out(home: Path, part: Part, files: Mapping[str, Path], release: Release) -> None:
    folder = home / part.folder
    folder.mkdir(parents=True, exist_ok=True)
    for each in part.artifacts:
        file = files[each.coordinates]
        if part.folder == "libtorch":
            _unpack_libraries(file, folder)
        elif file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive:
                archive.extractall(folder)
        elif not (home / "lib" / file.name).exists():  # a class must not be loaded twice
            _link(file, folder / file.name)
    if part.plugin_class:
        name = folder.name
        lines = {
            "description": name,
            "version": release.version,
            "name": name,
            "classname": part.plugin_class,
            "java.version": "11" if release.engine == "opensearch" else str(release.java),
            f"{release.engine}.version": release.version,
            "extended.plugins": part.extends,
            "has.native.controller": "false",
        }
        text = "".join(f"{key}={value}\n" for key, value in lines.items())
        (folder / "plugin-descriptor.properties").write_text(text, encoding="utf-8")


def _unpack_libraries(file: Path, folder: Path) -> None:
    """libtorch and its JNI lie in one folder: the server then looks for neither elsewhere."""
    with zipfile.ZipFile(file) as archive:
        for name in archive.namelist():
            if "linux-x86_64" in name and ("/cpu/" in name) and not name.endswith("/"):
                with archive.open(name) as source, (folder / Path(name).name).open("wb") as target:
                    shutil.copyfileobj(source, target)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


def _sources(release: Release) -> dict[str, str]:
    """Java sources by file name."""
    package = resource_folder("sunwi.nodes.java")
    own = package.joinpath(release.engine)
    texts = {
        each.name: each.read_text(encoding="utf-8") for each in own.iterdir() if each.name.endswith(".java")
    }
    key = (release.engine, int(release.version.split(".")[0]))
    begin, nori = (
        package.joinpath(name).read_text(encoding="utf-8") for name in ("Start.java", "NoriPlugin.java")
    )
    values = dict(zip(("@TOKENIZER@", "@FILTER@", "@ANALYZER@"), ARGUMENTS[key], strict=True))
    for name, value in {**values, "@ENGINE@": release.engine}.items():
        nori = nori.replace(name, value)
    return {**texts, "Start.java": begin, "NoriPlugin.java": nori}


def _compile(home: Path, release: Release, java: Path, tool: Path) -> None:
    work = home / "classes"
    work.mkdir()
    sources = dict(sorted(_sources(release).items()))
    for name, text in sources.items():
        (work / name).write_text(text, encoding="utf-8")
    jars = [*sorted((home / "lib").glob("*.jar")), *sorted((home / "plugins").rglob("*nori*.jar"))]
    options = ["-nowarn", "-proc:none", "-source", "17", "-target", "17", "-d", "."]
    command = [str(java), "-jar", str(tool), *options, "-cp", os.pathsep.join(map(str, jars))]
    run = subprocess.run([*command, *sources], cwd=work, capture_output=True, text=True, check=False)
    if run.returncode:
        what = f"the plugin's classes do not compile: {' '.join(run.stderr.split())[:500]}"
        raise EngineError(release.engine, what, "report this with the versions of sunwi and of Java")
    names = {"Nori": "analysis-nori", "Root": "root", "Score": "score-script"}
    plugins = {kind: home / "plugins" / name for kind, name in names.items()}
    classes = sorted(work.glob("sunwi/*.class"))
    for kind, folder in {"Main": home / "lib", **plugins}.items():
        begins = ("Main", "Start") if kind == "Main" else kind
        chosen = [each for each in classes if each.name.startswith(begins)]
        if chosen:
            _pack(folder / f"sunwi-{kind.lower()}.jar", chosen)
    shutil.rmtree(work)


def _pack(jar: Path, classes: list[Path]) -> None:
    with zipfile.ZipFile(jar, "w") as archive:
        for each in classes:
            archive.writestr(zipfile.ZipInfo(f"sunwi/{each.name}", ENTRY_TIME), each.read_bytes())


def _link_zstd(home: Path) -> None:
    """Elasticsearch's codec best_compression needs the system's libzstd, which no artifact has."""
    name = ctypes.util.find_library("zstd")
    folders = (Path(root) for root in ("/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"))
    found = next((folder / name for folder in folders if name and (folder / name).exists()), None)
    native = home / "lib" / "platform" / "linux-x64"
    native.mkdir(parents=True, exist_ok=True)
    if found is not None:
        (native / "libzstd.so").symlink_to(found)
