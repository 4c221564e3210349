"""Whatever a source file holds: exit 0, no traceback, and the other sources are still printed."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.fakes.homes import ALL, BEYOND, FUTURE_MS, extract, fill

TOML = ".codex/config.toml"
SOURCES: dict[str, object] = {
    **ALL,
    **BEYOND,
    ".claude.json.api": {"apiKey": "sk-ant-fake"},
    ".claude-oauth-credentials.json": {"claudeAiOauth": {"accessToken": "fake", "expiresAt": FUTURE_MS}},
    ".codex/auth.json": {
        "OPENAI_API_KEY": None,
        "tokens": {"access_token": "a.b.c", "id_token": "a.b.c", "refresh_token": "r"},
        "last_refresh": "2026-01-01T00:00:00Z",
    },
    TOML: 'cli_auth_credentials_store = "file"\n',
}

# what Python's own parser would stumble over
ODD = st.sampled_from(
    [
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"9" * 400,
        b"1" * 5000,
        b"-1e5",
        b"1.5",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\xff\xe2\x82"',
        b'"\\u0000"',
        b"[" * 1500 + b"]" * 1500,
        b'{"a":' * 1500 + b"1" + b"}" * 1500,
        b"[" * 20_000,
        b'"2099-01-01T00:00:00Z"',
        b"true",
        b"null",
        b"{}",
        b"[]",
        b'""',
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=6,
).map(lambda value: json.dumps(value).encode())


@st.composite
def spoiled(draw: st.DrawFn, good: object) -> bytes:
    """Return a good file with one value put in another's place, cut, or with bytes changed."""
    data = good.encode() if isinstance(good, str) else json.dumps(good).encode()
    way = draw(st.sampled_from(["value", "cut", "bytes", "ends"]))
    at = draw(st.integers(0, len(data)))
    if way == "value":
        places = [i for i, byte in enumerate(data) if data[i : i + 2] == b": " and byte]
        start = draw(st.sampled_from(places)) + 2 if places else 0
        end = min((i for i in (data.find(b",", start), data.find(b"}", start)) if i > 0), default=len(data))
        return data[:start] + draw(ODD | JSON) + data[end:]
    if way == "cut":
        return data[:at]
    if way == "ends":
        return draw(st.binary(max_size=4)) + data + draw(st.binary(max_size=4))
    return data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at + draw(st.integers(0, 4)) :]


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_any_bytes(name, data):
    content = data.draw(st.binary(max_size=64) | ODD | JSON | spoiled(SOURCES[name]), label="content")
    with tempfile.TemporaryDirectory() as folder:
        # two witnesses, so that one remains whichever file is spoiled
        witnesses: dict[str, object] = {
            ".local/share/opencode/auth.json": {"witness-one": {"type": "api", "key": "fake-one"}},
            ".local/share/amika/keychain.json": {"WITNESS_TWO_API_KEY": "fake-two"},
        }
        ran = extract(fill(Path(folder), {**SOURCES, **witnesses, name: content}), "--export")
    assert ran.code == 0, ran.err
    assert "Traceback" not in ran.err
    assert "unexpected" not in ran.err
    lines = ran.out.split(b"\n")
    for witness, line in zip(
        witnesses, (b"WITNESS_ONE_API_KEY='fake-one'", b"WITNESS_TWO_API_KEY='fake-two'"), strict=True
    ):
        assert witness == name or b"export " + line in lines
    ran.out.decode()  # always valid UTF-8


def test_a_fresh_interpreter_reports_a_syntax_error_the_same_way(tmp_path):
    """Here no test has loaded json.decoder, which the C scanner wants for its errors."""
    fill(tmp_path, {**SOURCES, ".codex/auth.json": '{"a": "b\n', ".amp/config.json": "[1,\n2,"})
    argv = [sys.executable, "-m", "amika_cli.main", "auth", "extract", "--homedir", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert ".codex/auth.json is not valid JSON (line 1)" in done.stderr
    assert ".amp/config.json is not valid JSON (line 2)" in done.stderr
    assert "CACHED_API_KEY" in done.stdout
