"""A server's certificate that nobody but a test vouches for."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

THIS_MACHINE = ("DNS:localhost", "IP:127.0.0.1")


@dataclass(frozen=True)
class Certificate:
    """`ca_file` is what whoever is to trust it names; `context` is a server's that shows it."""

    ca_file: str
    context: ssl.SSLContext


def self_signed(folder: Path, *names: str) -> Certificate:
    """Make one into a folder, for names as openssl writes them: DNS:localhost, IP:127.0.0.1."""
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
        f" -addext subjectAltName={','.join(names)} -keyout {key} -out {cert}".split(),
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return Certificate(str(cert), context)
