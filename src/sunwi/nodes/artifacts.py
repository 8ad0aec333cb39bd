"""Artifacts in the cache: from the repository that SUNWI_MAVEN_REPOSITORY or Maven's settings name."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from sunwi.errors import EngineError
from sunwi.nodes.catalogue import Artifact
from sunwi.runtime import file_hash

REPOSITORY = "SUNWI_MAVEN_REPOSITORY"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
NEXT = f"export {REPOSITORY}=https://HOST/PATH of a Maven repository, or install Maven"
TIMEOUT = 60.0  # seconds without a byte
BLOCK = 1 << 20


def fetch(wanted: Sequence[Artifact], folder: Path, say: Callable[[str], None]) -> dict[str, Path]:
    """Coordinates to files under `folder`; what is there with the right SHA-256 is not fetched again.

    Raises
    ------
    EngineError
        If no repository is named, it lacks a file, or a file has another SHA-256 (it is then deleted).
    """
    files = {each.coordinates: folder / each.path for each in wanted}
    hashes = {each.coordinates: each.sha256 for each in wanted}
    missing = [each for each in wanted if not files[each.coordinates].exists()]
    if missing:
        address = os.environ.get(REPOSITORY, "").rstrip("/")
        maven = None if address else shutil.which("mvn")
        address = address or ("" if maven else _mirror())
        if not (address or maven):
            raise EngineError("node", "no Maven repository is known here", NEXT)
        say(f"fetching {len(missing)} of {len(wanted)} artifacts {'by Maven' if maven else 'over HTTP'}")
        if maven:
            _by_maven(maven, missing, files)
        else:
            for number, each in enumerate(missing, 1):
                say(f"  {number}/{len(missing)} {each.coordinates}")
                _by_http(f"{address}/{each.path}", each, files[each.coordinates])
    for coordinates, file in files.items():
        _check(coordinates, file, hashes[coordinates])
    return files


def _check(coordinates: str, file: Path, expected: str) -> None:
    found = file_hash(file)
    if found != expected:
        file.unlink()
        what = f"{coordinates}: expected SHA-256 {expected}, found {found}; the file was deleted"
        raise EngineError("node", what, "check the repository that your settings name, then start again")


def _by_maven(maven: str, missing: Sequence[Artifact], files: dict[str, Path]) -> None:
    """One run of Maven; it keeps what it has in its own cache, so an interrupted run goes on."""
    with tempfile.TemporaryDirectory() as work:
        Path(work, "pom.xml").write_text(_pom(missing, Path(work, "files")), encoding="utf-8")
        run = subprocess.run(
            [maven, "-B", "-q", "-f", f"{work}/pom.xml", COPY], capture_output=True, text=True, check=False
        )
        for each in missing:
            source = Path(work, "files", each.sha256, each.file)
            if source.exists():
                _put(source, files[each.coordinates])
    absent = [each.coordinates for each in missing if not files[each.coordinates].exists()]
    if absent:
        words = next((line for line in run.stdout.splitlines() if "ERROR" in line), "")[:300]
        what = f"Maven did not fetch {len(absent)} artifacts, such as {absent[0]}: {words}"
        raise EngineError("node", what, "check the network and the mirror in ~/.m2/settings.xml, start again")


def _pom(missing: Sequence[Artifact], folder: Path) -> str:
    items = []
    for each in missing:
        group, name, version, *rest = each.coordinates.split(":")
        tags = {"groupId": group, "artifactId": name, "version": version}
        tags |= dict(zip(("type", "classifier"), rest, strict=False))
        tags["outputDirectory"] = str(folder / each.sha256)  # two artifacts may have one file name
        items.append("".join(f"<{tag}>{escape(value)}</{tag}>" for tag, value in tags.items()))
    listed = "".join(f"<artifactItem>{item}</artifactItem>" for item in items)
    group, name, version, _ = COPY.split(":")
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>sunwi</groupId><artifactId>node</artifactId><version>1</version><packaging>pom</packaging>"
        f"<build><plugins><plugin><groupId>{group}</groupId><artifactId>{name}</artifactId>"
        f"<version>{version}</version><configuration><artifactItems>{listed}</artifactItems>"
        "</configuration></plugin></plugins></build></project>"
    )


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".copy")
    shutil.copyfile(source, part)
    part.replace(target)


def _by_http(address: str, artifact: Artifact, target: Path) -> None:
    """Download, from where an earlier download ended."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    start = part.stat().st_size if part.exists() else 0
    headers = {"Range": f"bytes={start}-"} if start else {}
    try:
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  the user's own address
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310  as above
            with part.open("ab" if answer.status == 206 else "wb") as out:
                shutil.copyfileobj(answer, out, BLOCK)
            if answer.length:
                raise http.client.IncompleteRead(b"", answer.length)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # the part is the whole file, or longer
            error.close()
        else:
            what = f"{artifact.coordinates}: the repository answered status {error.code}"
            raise EngineError("node", what, f"check {REPOSITORY} or the mirror in your settings") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        what = f"{artifact.coordinates}: no download ({type(error).__name__})"
        raise EngineError("node", what, "check the network, then start again: it goes on there") from None
    found = file_hash(part)
    if found != artifact.sha256:
        part.unlink()
        what = f"{artifact.coordinates}: expected SHA-256 {artifact.sha256}, found {found}; it was deleted"
        raise EngineError("node", what, f"check {REPOSITORY} or the mirror in your settings, start again")
    part.replace(target)


def _mirror() -> str:
    """The mirror of the central repository in the user's Maven settings; empty if there is none."""
    settings = Path.home() / ".m2" / "settings.xml"
    if not settings.exists():
        return ""
    tree = ElementTree.parse(settings)  # noqa: S314  the user's own file
    for mirror in tree.iterfind(".//{*}mirror"):
        of = mirror.findtext("{*}mirrorOf") or ""
        if of in {"*", "central", "external:*"} and (url := mirror.findtext("{*}url")):
            return url.strip().rstrip("/")
    return ""
