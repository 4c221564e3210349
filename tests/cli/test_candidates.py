"""What `secret claude push` finds on a machine, and in which order it prefers it."""

from __future__ import annotations

import json
import os

import pytest
from tests.cli.conftest import FUTURE_MS, write

from amika_cli.commands.secret_provider_push import FLAGS
from amika_cli.context import Context
from amika_cli.flags import parse
from amika_cli.secrets.candidates import found
from amika_local.discovery import discover
from amika_local.keychain import Keychain

ITEM = json.dumps({"claudeAiOauth": {"accessToken": "fake-of-the-keychain", "expiresAt": FUTURE_MS}}).encode()


def security(command: list[str]) -> tuple[int, bytes]:
    return 0, ITEM if command[-1] == "-w" else b"attributes"


@pytest.mark.parametrize(
    ("words", "sources"),
    [
        ([], ["claude-keychain", "claude-oauth", "$ANTHROPIC_API_KEY", "claude-api"]),
        (["--type", "oauth"], ["claude-keychain", "claude-oauth"]),
        (["--type", "api_key"], ["$ANTHROPIC_API_KEY", "claude-api"]),
    ],
)
def test_the_keychain_comes_before_the_files_and_the_environment_before_the_key_in_a_file(home, claude, words, sources):
    claude()
    write(home / ".claude.json", {"primaryApiKey": "sk-ant-fake-in-file"})
    env = {**os.environ, "ANTHROPIC_API_KEY": "sk-ant-fake-exported"}
    discovery = discover(str(home), env, now=0, beyond=True, keychain=Keychain(security))
    with Context(parse(words, FLAGS), env) as context:
        candidates = found(context, "claude", discovery)
    assert [c.credential.source if c.credential else c.origin for c in candidates] == sources
    assert all(candidate.found for candidate in candidates)
