"""The registry settings that a person made for pip, by variables or files, as variables of uv."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Mapping
from pathlib import Path

OWN_INDEXES = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")


def pip_settings(python: Path) -> dict[str, str]:
    """What pip of this interpreter would go by: name of the long option without dashes in front -> value."""
    listed = subprocess.run(
        [python, "-m", "pip", "--disable-pip-version-check", "config", "list"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if section in found and (text := str(ast.literal_eval(value)).strip()):
            found[section][name] = text
    return found["global"] | found["install"] | found[":env:"]  # pip's own order: the last one wins


def uv_environment(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv; what it has for uv itself stays.

    Names on the left are long options of pip, those on the right are of uv's reference of its environment.
    """
    made: dict[str, str] = {}
    if not any(environ.get(name) for name in OWN_INDEXES):
        if index := settings.get("index-url"):
            made["UV_DEFAULT_INDEX"] = index
        if extra := settings.get("extra-index-url"):
            made["UV_INDEX"] = " ".join(extra.split())
            made["UV_INDEX_STRATEGY"] = "unsafe-best-match"  # pip takes the best of all indexes
    if links := settings.get("find-links"):
        # uv refuses a folder that is not there, pip does not mind.
        there = [link for link in links.split() if "://" in link or Path(link).expanduser().exists()]
        made["UV_FIND_LINKS"] = ",".join(there)
    if hosts := settings.get("trusted-host"):
        made["UV_INSECURE_HOST"] = " ".join(hosts.split())
    if seconds := settings.get("timeout", settings.get("default-timeout")):
        made["UV_HTTP_TIMEOUT"] = str(round(float(seconds)))
    made = {name: value for name, value in made.items() if value and not environ.get(name)}
    if certificates := settings.get("cert"):
        made["SSL_CERT_DIR" if Path(certificates).is_dir() else "SSL_CERT_FILE"] = certificates
    if certificate := settings.get("client-cert"):
        made["SSL_CLIENT_CERT"] = certificate
    if proxy := settings.get("proxy"):
        made |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    return {**environ, **made}


def says_no_index(settings: Mapping[str, str]) -> bool:
    """Whether pip is to ask no index; uv has an option for it and no variable."""
    return settings.get("no-index", "").lower() in {"1", "true", "yes", "on", "y", "t"}
