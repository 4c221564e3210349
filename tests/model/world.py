"""The machine of the random days, its files and what a person has said; what may be sent at this moment."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine
from tests.fakes.secrets_wire import SecretsWire
from tests.fakes.turned_clock import TurnedClock
from tests.model.disk import YEARS, Source
from tests.model.laptop import Laptop
from tests.model.remote_secret import RemoteSecret

from amika_agent.sync import rules

START = 2_000_000_000.0  # after every file of the test was written
ADA, EVE = "ada@example.com", "eve@example.com"
OWN = {"MY_OWN_API_KEY": "mine", "OTHER": {"nested": [1, 2.50]}}
TMP = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def claude_body(token, ends):
    ends = None if ends is None else int(ends * 1000)
    return {"claudeAiOauth": {"accessToken": token, "refreshToken": f"rt-of-{token}", "expiresAt": ends},
            "mcpOAuth": {"never": "sent"}}  # fmt: skip


class World(RuleBasedStateMachine):
    def set_up(self):
        self.folder = Path(tempfile.mkdtemp(dir=TMP))
        home = self.folder / "home"
        self.clock = TurnedClock(START)
        self.wire = SecretsWire()
        self.serial = 0
        self.accounted = 0  # changes of the server that were looked at
        self.foreign = set()  # … which others caused, or that came late
        self.refused = False  # a value was refused: it is not sent again until it changes
        self.own_key = None  # what a person wrote over our entry in the env cache
        self.paused_until = 0.0
        self.kept_by_pause = {}  # what a pause has left in the env cache, however its source changed meanwhile
        self.torn = None  # what a person left in the env cache that is no JSON
        self.claude = Source(
            home / ".claude" / ".credentials.json", claude_body, {"claudeAiOauth": {"accessToken": ""}}
        )
        self.codex = Source(home / ".codex" / "auth.json", lambda key, _: {"OPENAI_API_KEY": key}, {})
        self.groq = Source(
            home / ".local/share/opencode/auth.json", lambda key, _: {"groq": {"type": "api", "key": key}}, {}
        )
        self.sources = (self.claude, self.codex, self.groq)
        self.identity = self.folder / "home" / ".claude.json"
        self.whose = ADA
        self.identify(ADA)
        self.cache = home / ".cache" / "amika" / "env-cache.json"
        self.cache.parent.mkdir(parents=True)
        self.cache.write_text(json.dumps(OWN))
        for source in self.sources:
            self.writes(source, "renamed")
        self.laptop = Laptop(self.folder, self.wire, self.clock)
        self.pushes = {}
        self.secrets = self.made_rules()

    def made_rules(self):
        """Claude's rule makes itself; Codex's key goes to a person's secret and to an organization's; Groq's too."""
        found = self.laptop.look().discovery
        key = next(c for c in found.credentials if c.source == "codex")
        groq = next(c for c in found.credentials if c.provider == "groq")
        made = [
            replace(rules.rule_for(key), on_removal="delete"),
            rules.rule_for(key, scope="org"),
            replace(rules.generic_rule_for(groq, "GROQ_API_KEY"), on_removal="ask"),
        ]
        for one in made:
            self.laptop.db.put_rule(self.laptop.key, one)
        user, org, generic = made
        return {
            "claude": RemoteSecret("claude", "user", "Claude OAuth", "claude-oauth", self.claude),
            "codex": RemoteSecret("codex", "user", user.name, user.id, self.codex, deletes=True),
            "org": RemoteSecret("codex", "org", org.name, org.id, self.codex, agreed=False),
            "groq": RemoteSecret("generic", "user", generic.name, generic.id, self.groq),
        }

    def tear_down(self):
        if hasattr(self, "laptop"):
            self.laptop.db.close()
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    def writes(self, source, way, lives=None):
        self.serial += 1
        start = "sk-ant-oat01-fake" if source is self.claude else "fake"
        ends = None
        if source is self.claude:
            ends = START + YEARS + self.serial if lives is None else self.clock.now() + lives
        source.change(way, f"{start}-{self.serial}", ends, self.seen)
        for secret in getattr(self, "secrets", {}).values():
            if secret.source is source:
                secret.changed_on_disk()

    def seen(self):
        """A reader looks between two steps of a writer."""
        if hasattr(self, "secrets"):
            self.while_it_may_be_paused(self.laptop.look)

    def identify(self, whose):
        self.whose = whose
        self.identity.write_text(json.dumps({"oauthAccount": {"emailAddress": whose}, "numStartups": self.serial}))

    def goes_on(self):
        self.laptop.local.pause.resume()
        self.paused_until = 0.0

    def while_it_may_be_paused(self, act):
        """While paused the env cache only loses what its owner has revoked."""
        paused, before = self.paused_until > self.clock.now(), self.shelf()
        if paused:
            self.kept_by_pause |= before
        act()
        assert not paused or self.shelf().items() <= before.items(), "the env cache was written while paused"

    def shelf(self):
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
            return {key: entry["value"] for key, entry in json.loads(self.cache.read_text())["_amika"]["env"].items()}
        return {}

    def may_send_login(self):
        return self.whose == ADA and (self.claude.ends is None or self.claude.ends > self.clock.now())

    def rule_paused(self, secret):
        with contextlib.suppress(Exception):
            until = self.laptop.db.rule(self.laptop.key, secret.rule).paused_until
            return until is not None and until > self.clock.now()
        return False
