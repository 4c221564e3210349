"""No committed file names a package registry, a private place, or this machine."""

from __future__ import annotations

import ipaddress
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.guards import REAL_HOME
from tests.house.repository import ROOT, committed, name_of, text_of

HOST = re.compile(r"\b(?:https?|wss?|ftp)://(?:[^\s/@\"'<>`]*@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9_.-]*[A-Za-z0-9])")
# addresses that this product talks to, reads in other programs' files, or sends a person to
PRODUCT = {
    "ampcode.com",
    "api.almyty.com",
    "api.openai.com",
    "api.workos.com",
    "app.almyty.com",
    "app.amika.dev",
    "github.com",
    # where a provider's keys are made: agent/amika_agent/akos/providers.py
    "aistudio.google.com",
    "api.slack.com",
    "console.anthropic.com",
    "discord.com",
    "learn.microsoft.com",
    "linear.app",
    "lmstudio.ai",
    "ollama.com",
    "platform.openai.com",
}
# references in comments, licences, namespaces of file formats
REFERENCE = {
    "bugreports.qt.io",
    "datatracker.ietf.org",
    "docs.python.org",
    "keepachangelog.com",
    "semver.org",
    "specifications.freedesktop.org",
    "wiki.gnome.org",
    "www.apache.org",
    "www.apple.com",
    "www.freedesktop.org",
    "www.rfc-editor.org",
    "www.w3.org",
}
# reserved for examples and tests (RFC 2606, RFC 6761), loopback in other spellings, or impossible, hence nobody's
RESERVED = re.compile(r"^127\.|(^|\.)(example|test|invalid|localhost|[a-z])$|(^|\.)example\.(com|org|net|dev)$")
# put together here, so that this file does not name what it forbids
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("py" + "pi", "org"),
        ("python" + "hosted", "org"),
        ("np" + "mjs", "org"),
        ("np" + "mjs", "com"),
        ("yarn" + "pkg", "com"),
        ("crates", "io"),
        ("deb", "debian", "org"),
        ("snapshot", "debian", "org"),
        ("conda", "anaconda", "org"),
    )
]
ABOVE = re.compile(r"(?<![\w/.])((?:\.\./)+[\w.-]+/[\w./-]+\.(?:md|json|py|txt))")


def test_every_host_is_one_that_may_be_named() -> None:
    strangers = {
        (name_of(path), host)
        for path in committed()
        for host in HOST.findall(text_of(path))
        if not _may_be_named(host.lower())
    }
    assert strangers == set()


def _may_be_named(host: str) -> bool:
    if host in PRODUCT | REFERENCE or RESERVED.search(host) or ("." not in host.strip("[]") and ":" not in host):
        return True  # a single word is nobody's address either
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return not address.is_global  # loopback, private and documentation ranges


@pytest.mark.parametrize("registry", REGISTRIES)
def test_no_registry_is_named(registry: str) -> None:
    assert [name_of(path) for path in committed() if registry in text_of(path)] == []


def test_nothing_of_this_machine_is_named() -> None:
    """Neither where this checkout lies nor what this machine's pip and uv are pointed at."""
    private = {str(ROOT), *_settings_of_installers()} - {"/"}
    named = {(name_of(path), place) for path in committed() for place in private if place in text_of(path)}
    assert named == set()


def _settings_of_installers() -> set[str]:
    env = {**os.environ, "HOME": REAL_HOME}
    env.pop("XDG_CONFIG_HOME", None)
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], env=env, capture_output=True, text=True, check=False
    ).stdout
    values = [line.partition("=")[2].strip("'\"") for line in listing.splitlines()]
    values += [value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))]
    words = {word for value in values for word in re.split(r"\s|\\n", value)}
    return {word for word in words if re.match(r"[a-z+]+://|/", word) and not word.startswith("/etc/")}


def test_nothing_outside_the_project_is_read() -> None:
    outside = set()
    for path in committed():
        for relative in ABOVE.findall(text_of(path)):
            target = Path(os.path.normpath(path.parent / relative))
            if not target.is_relative_to(ROOT) or (relative.count("../") == 1 and path.parent == ROOT):
                outside.add((name_of(path), relative))
    assert outside == set()


def test_the_scan_sees_what_it_is_for(tmp_path: Path) -> None:
    assert HOST.findall("see https://user@files.Example.net:8080/x and http://[::1]:80") == [
        "files.Example.net",
        "[::1]",
    ]
    assert not _may_be_named("files." + REGISTRIES[1])
    assert ABOVE.findall("read `../elsewhere/notes.md` first") == ["../elsewhere/notes.md"]
