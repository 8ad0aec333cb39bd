"""TLS and users of a secure node: a certificate authority of its own, two users with random passwords."""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
import shutil
import subprocess
from pathlib import Path

from sunwi.errors import EngineError
from sunwi.nodes.http import HEALTH, status_of
from sunwi.nodes.jvm import find_java
from sunwi.records.files import write_json

USERS = {"admin": "admin", "reader": "readall"}  # user to backend role, which roles_mapping.yml maps
CA = "ca.pem"
DAYS = 365
TLS = {"pemcert_filepath": "node.pem", "pemkey_filepath": "node-key.pem", "pemtrustedcas_filepath": CA}
SETTINGS = {
    **{
        f"plugins.security.ssl.{layer}.{key}": file
        for layer in ("transport", "http")
        for key, file in TLS.items()
    },
    "plugins.security.ssl.http.enabled": "true",
    "plugins.security.ssl.transport.enforce_hostname_verification": "false",
    "plugins.security.nodes_dn": '["CN=sunwi-node"]',
    "plugins.security.authcz.admin_dn": '["CN=sunwi-admin"]',
    "plugins.security.allow_default_init_securityindex": "true",
}


def write_security(home: Path, configs: list[Path], folder: Path) -> None:
    """Certificates in `configs`, one folder a node, and the users; `folder` holds CA and passwords.

    What a cluster has already stays: its security index holds the users of its first start.
    """
    if (folder / CA).exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    users = {user: secrets.token_urlsafe(18) for user in USERS}
    hashes = {user: _hashed(home, password) for user, password in users.items()}
    for user, password in users.items():
        _private(password_file(folder, user), password.encode())
    for config in configs:
        own = config / "opensearch-security"
        shutil.copytree(home / "plugins" / "opensearch-security" / "config", own, dirs_exist_ok=True)
        table = {
            "_meta": {"type": "internalusers", "config_version": 2},
            **{user: {"hash": hashes[user], "backend_roles": [role]} for user, role in USERS.items()},
        }
        write_json(own / "internal_users.yml", table)  # JSON is YAML
    write_certificates(configs, folder, days=DAYS, host="127.0.0.1")


def write_certificates(configs: list[Path], folder: Path, *, days: int, host: str) -> None:
    """A new authority in `folder`, and each node's certificate for the address `host`, valid for `days`.

    Negative days make a certificate that has expired.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def builder(subject: str, key: ec.EllipticCurvePrivateKey, valid: int) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(named(subject))
            .issuer_name(named("sunwi-ca"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=DAYS))
            .not_valid_after(now + datetime.timedelta(days=valid))
        )

    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    authority = ec.generate_private_key(ec.SECP256R1())
    own = builder("sunwi-ca", authority, DAYS).add_extension(x509.BasicConstraints(True, None), critical=True)
    own = own.add_extension(x509.SubjectKeyIdentifier.from_public_key(authority.public_key()), critical=False)
    ca = own.sign(authority, hashes.SHA256()).public_bytes(pem)
    for config in configs:
        config.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        node = builder("sunwi-node", key, days).add_extension(address, critical=False)
        (config / "node.pem").write_bytes(node.sign(authority, hashes.SHA256()).public_bytes(pem))
        _private(config / "node-key.pem", key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
        (config / CA).write_bytes(ca)
    (folder / CA).write_bytes(ca)


def password_file(folder: Path, user: str) -> Path:
    """The file with a user's password, readable by its owner alone."""
    return folder / f"{user}.password"


def export_lines(folder: Path) -> list[str]:
    """Lines for a shell; passwords stay in their files."""
    return [
        "export SUNWI_OPENSEARCH_USER=admin",
        f'export SUNWI_OPENSEARCH_PASSWORD="$(cat {password_file(folder, "admin")})"',
        f"export SUNWI_OPENSEARCH_CA_CERTS={folder / CA}",
    ]


def answers_securely(port: int, folder: Path) -> bool:
    """Whether the node takes the admin's password; its users are there only some seconds after its port."""
    password = password_file(folder, "admin").read_text(encoding="utf-8")
    url = f"https://127.0.0.1:{port}{HEALTH}"
    return status_of(url, login=("admin", password), trusted=folder / CA) == 200


def _hashed(home: Path, password: str) -> str:
    """The password's bcrypt hash by the plugin's own tool."""
    path = os.pathsep.join([f"{home}/plugins/opensearch-security/*", f"{home}/lib/*"])
    command = [
        str(find_java(17)),
        "-cp",
        path,
        "org.opensearch.security.tools.Hasher",
        "-env",
        "SUNWI_HASHED",
    ]
    own = {**os.environ, "SUNWI_HASHED": password}
    run = subprocess.run(command, env=own, capture_output=True, text=True, check=False)
    lines = [line for line in run.stdout.splitlines() if line.startswith("$2")]
    if run.returncode or not lines:
        raise EngineError("opensearch", "its password tool failed", "delete the home and start again")
    return lines[-1]


def _private(file: Path, content: bytes) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
