"""Configuration files and command line of a node."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sunwi.nodes.catalogue import Release

LOG = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %marker%m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
"""
ML = {
    "plugins.ml_commons.only_run_on_ml_node": "false",
    "plugins.ml_commons.native_memory_threshold": "100",
    "plugins.ml_commons.allow_registering_model_via_local_file": "true",
    "plugins.ml_commons.allow_registering_model_via_url": "true",
}


@dataclass(frozen=True, slots=True)
class Place:
    """One node of a cluster: its number from 1, its folder, its ports."""

    number: int
    folder: Path
    http: int
    transport: int


def write_config(release: Release, places: Sequence[Place], place: Place, *, ml: bool, secure: bool) -> Path:
    """Write the node's config folder; all of it listens on this machine alone."""
    config = place.folder / "config"
    config.mkdir(parents=True, exist_ok=True)
    for name in ("data", "logs", "tmp"):
        (place.folder / name).mkdir(exist_ok=True)
    values = {
        "cluster.name": f"sunwi-{places[0].transport}",
        "node.name": f"sunwi-{place.number}",
        "path.data": str(place.folder / "data"),
        "path.logs": str(place.folder / "logs"),
        "network.host": "127.0.0.1",
        "http.port": str(place.http),
        "transport.port": str(place.transport),
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    if len(places) == 1:
        values["discovery.type"] = "single-node"
    else:
        first = "cluster_manager" if release.engine == "opensearch" else "master"
        values["discovery.seed_hosts"] = f"127.0.0.1:{places[0].transport}"
        values[f"cluster.initial_{first}_nodes"] = "sunwi-1"
        values["node.roles"] = f"{first}, data, ingest" if place.number == 1 else "data, ingest"
    if release.engine == "elasticsearch":
        values["xpack.security.enabled"] = "false"
    if ml:
        values |= ML
    if secure:
        from sunwi.nodes.security import SETTINGS

        values |= SETTINGS
    lists = {"node.roles", "discovery.seed_hosts"}
    lines = [f"{key}: [{value}]" if key in lists else f"{key}: {value}" for key, value in values.items()]
    (config / f"{release.engine}.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (config / "log4j2.properties").write_text(LOG, encoding="utf-8")
    return config


def command(release: Release, java: Path, home: Path, place: Place, further: Sequence[str]) -> list[str]:
    """The Java process of a node."""
    options = [
        *further,
        "-XX:+UseSerialGC",
        "-Dfile.encoding=UTF-8",
        f"-Djava.io.tmpdir={place.folder / 'tmp'}",
    ]
    if release.engine == "elasticsearch":
        options.append(f"-Des.nativelibs.path={home / 'lib' / 'platform' / 'linux-x64'}")
        if release.java >= 21:
            options += [
                "--enable-native-access=ALL-UNNAMED",
                "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
            ]
    return [
        str(java),
        *options,
        "-cp",
        f"{home}/lib/*",
        "sunwi.Main",
        str(home),
        str(place.folder / "config"),
    ]


def environment(home: Path, place: Place) -> dict[str, str]:
    """Variables of the process: libtorch is in the home, and nothing else is looked for elsewhere."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("SUNWI_")}
    own["ES_TMPDIR"] = str(place.folder / "tmp")
    if (home / "libtorch").exists():
        own |= {
            "PYTORCH_VERSION": "2.5.1",
            "PYTORCH_LIBRARY_PATH": str(home / "libtorch"),
            "DJL_OFFLINE": "true",
        }
        own["DJL_CACHE_DIR"] = str(place.folder / "data" / "djl")
    return own
