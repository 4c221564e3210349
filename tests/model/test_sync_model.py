"""Random days of a machine: files change in every way, the network fails, processes die, clocks jump, others edit.

Whenever it is quiet for a while the server has exactly what the rules make of the disk, once; it never had nothing;
the env cache has exactly what the disk gives; and nothing was written anywhere that no rule asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from tests.fakes.secrets_wire import SecretsWire
from tests.fakes.turned_clock import TurnedClock
from tests.model.disk import ACCIDENTS, GONE, GOOD, UNKNOWN, WAYS, YEARS, Source
from tests.model.laptop import SPACING, Laptop
from tests.model.remote_secret import DRIFT, RemoteSecret

from amika_agent.sync import rules

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # half a minute of work, many times that on a busy machine
START = 2_000_000_000.0  # after every file of the test was written
ADA, EVE = "ada@example.com", "eve@example.com"
FAULTS = ["refuse", "drop", "late", "status", "status_after", "half", "html", "portal"]
STEPS = [("GET", 0), ("GET", 1), ("POST", 0), ("POST", 1), ("PUT", 0), ("DELETE", 0), ("DELETE", 1)]
REFUSALS = [402, 403, 422, 429]
OWN = {"MY_OWN_API_KEY": "mine", "OTHER": {"nested": [1, 2.50]}}
AT = st.integers(0, 2)
DIES_IN = st.integers(-20, 30)  # 0 and less: not at all
CALM = st.booleans()
TMP = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def claude_body(token, ends):
    ends = None if ends is None else int(ends * 1000)
    return {"claudeAiOauth": {"accessToken": token, "refreshToken": f"rt-of-{token}", "expiresAt": ends},
            "mcpOAuth": {"never": "sent"}}  # fmt: skip


class Days(RuleBasedStateMachine):
    @initialize()
    def begin(self):
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
        self.rest()
        self.check()

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

    def teardown(self):
        try:
            if hasattr(self, "secrets"):
                self.all_is_well_again()
        finally:
            if hasattr(self, "laptop"):
                self.laptop.db.close()
            if hasattr(self, "folder"):
                shutil.rmtree(self.folder)

    # the disk

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

    @rule(at=AT, way=st.sampled_from(WAYS), seconds=st.sampled_from([0.0, 3.0, 3.0]), dies_in=DIES_IN, calm=CALM)
    def a_credential_changes(self, at, way, seconds, dies_in, calm):
        self.clock.turn(seconds)
        self.writes(self.sources[at], way)
        self.runs(dies_in)
        if calm:
            self.quiet()

    @rule(at=AT, dies_in=DIES_IN)
    def a_credential_changes_and_changes_again_at_once(self, at, dies_in):
        self.clock.turn(3)
        for _ in range(2):
            self.writes(self.sources[at], "renamed")
            self.runs(dies_in)

    @rule(at=AT, kinds=st.lists(st.sampled_from(ACCIDENTS), min_size=1, max_size=2), later=st.booleans(), calm=CALM)
    def an_accident(self, at, kinds, later, calm):
        for kind in kinds:
            self.sources[at].accident(kind, self.serial)
            self.runs()
        if later:
            self.clock.turn(6)
            self.runs()
        if calm:
            self.quiet()

    @rule(at=AT, how=st.sampled_from(["logged_out", "deleted"]))
    def an_owner_signs_out(self, at, how):
        self.sources[at].accident(how, 0)
        self.quiet()

    @rule(lives=st.sampled_from([-10.0, 50.0, 5000.0, 90000.0]), calm=CALM)
    def a_login_that_ends_soon(self, lives, calm):
        self.clock.turn(3)
        self.writes(self.claude, "renamed", lives)
        self.runs()
        if calm:
            self.quiet()
            self.clock.turn(lives)
            self.quiet()

    @rule(also_a_new_login=st.booleans(), calm=CALM)
    def somebody_else_signs_in(self, also_a_new_login, calm):
        self.clock.turn(3)
        self.identify(EVE if self.whose == ADA else ADA)
        if also_a_new_login:
            self.writes(self.claude, "renamed")
        self.runs()
        if calm:
            self.quiet()

    # the network, time, processes

    @rule(away=st.booleans())
    def the_network_goes_or_comes(self, away):
        self.wire.away = away
        if not away:
            self.wire.faults.clear()
        self.runs()

    @rule(
        at=AT, way=st.sampled_from(["new value", "no value", "same value"]), calm=CALM, arrive=st.booleans(),
        faults=st.lists(st.tuples(st.sampled_from(FAULTS), st.sampled_from(STEPS)), min_size=2, max_size=5),
    )  # fmt: skip
    def a_bad_hour(self, at, way, faults, arrive, calm):
        """One thing after another goes wrong, while the value goes on changing."""
        for kind, (method, skip) in faults:
            self.wire.faults.add(kind, method=method, skip=skip)
        self.clock.turn(3)
        self.writes(self.sources[at], "renamed")
        self.runs()
        self.clock.turn(16)
        if way == "new value":
            self.writes(self.sources[at], "renamed")
        elif way == "no value":
            self.sources[at].accident("malformed", 0)
        if arrive:
            self.late_requests_arrive()
        self.runs()
        if calm:
            self.quiet()

    @rule(status=st.sampled_from(REFUSALS), method=st.sampled_from(["POST", "PUT", "DELETE"]), skip=st.integers(0, 2))
    def a_change_that_the_server_refuses(self, status, method, skip):
        self.refused = True
        self.wire.faults.add("status", method=method, skip=skip, status=status)
        self.a_credential_changes(self.serial % 3, "renamed", 3.0, 0, calm=False)

    @rule()
    def late_requests_arrive(self):
        before, groq = len(self.wire._book.changes), self.secrets["groq"]
        known = [row["value"] for row in groq.stored(self.wire)]
        self.wire.run_late()
        # two minutes are waited for a late request of ours; one that comes after that cannot be told from another's
        if known != [row["value"] for row in groq.stored(self.wire)] and not self.laptop.db.sweeps(self.laptop.key):
            groq.somebody(self.wire, self.laptop, groq.stored(self.wire)[0]["id"])
            groq.unclear = True
        self.foreign |= set(range(before, len(self.wire._book.changes)))

    @rule(seconds=st.sampled_from([-86400.0, -60.0, 3.0, 6.0, 130.0, 1000.0, 86400.0]))
    def the_clock_jumps(self, seconds):
        self.clock.set_wall(seconds)
        self.clock.ticks += seconds

    @rule(dies_in=st.integers(0, 30))
    def runs(self, dies_in=0):
        """Look and reconcile; killed at a point of its work, or not at all (0 and less)."""
        before = len(self.wire._book.changes)
        paused = self.paused_until > self.clock.now()
        frozen = [s for s in self.secrets.values() if (paused or self.rule_paused(s)) and not s.pending(self.laptop)]
        for secret in self.secrets.values():
            if secret.source.meaning is GOOD and (secret is not self.secrets["claude"] or self.may_send_login()):
                secret.allowed.add(secret.source.value)
            secret.vanish |= secret.deletes and secret.source.meaning is GONE
        self.while_it_may_be_paused(partial(self.laptop.run, max(0, dies_in)))
        self.judge(before, frozen)
        self.never_sooner_than_allowed()

    @rule(seconds=st.sampled_from([0.0, 60.0, 3600.0, None]), restart=st.booleans(), at=AT)
    def pauses_or_goes_on(self, seconds, restart, at):
        if seconds == 0.0:
            self.goes_on()
        else:
            self.laptop.local.pause.pause(seconds)
            self.paused_until = float("inf") if seconds is None else self.clock.now() + seconds
        if restart:
            self.laptop.restart()
        self.a_credential_changes(at, "renamed", 3.0, 0, calm=False)

    def goes_on(self):
        self.laptop.local.pause.resume()
        self.paused_until = 0.0

    def while_it_may_be_paused(self, act):
        """While paused the env cache only loses what its owner has revoked."""
        paused, before = self.paused_until > self.clock.now(), self.shelf()
        act()
        assert not paused or self.shelf().items() <= before.items(), "the env cache was written while paused"

    def shelf(self):
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
            return {key: entry["value"] for key, entry in json.loads(self.cache.read_text())["_amika"]["env"].items()}
        return {}

    @rule(name=st.sampled_from(["claude", "codex", "groq"]), seconds=st.sampled_from([60.0, float("inf"), None]))
    def one_rule_is_paused_or_goes_on(self, name, seconds):
        known = self.laptop.db.rule(self.laptop.key, self.secrets[name].rule)
        until = None if seconds is None else self.clock.now() + seconds
        self.laptop.db.put_rule(self.laptop.key, replace(known, paused_until=until))
        self.runs()

    # others

    @rule(name=st.sampled_from(["claude", "codex", "org", "groq"]), deletes=st.booleans(), calm=CALM)
    def somebody_else_changes_it(self, name, deletes, calm):
        secret = self.secrets[name]
        for row in secret.stored(self.wire):
            dirty = secret.differs(self.wire)
            left = row["id"] if name == "groq" else None
            if name == "groq":
                change = partial(self.wire._book.update, left, "user_fake", "org_fake", {"value": "theirs"})
                self.by_others(change)
            else:
                self.by_others(partial(self.wire.remove, row["id"]))
                if not deletes:
                    left = self.by_others(partial(self.theirs, row))
            secret.somebody(self.wire, self.laptop, left)
            secret.unclear |= dirty
        if calm:
            self.quiet()

    def theirs(self, row):
        value = json.dumps({"claudeAiOauth": {"accessToken": "theirs"}}) if row["kind"] == "claude" else "theirs"
        return self.wire.put(row["kind"], name=row["name"], type=row["type"], value=value, scope=row["scope"])

    def by_others(self, act):
        before = len(self.wire._book.changes)
        result = act()
        self.foreign |= set(range(before, len(self.wire._book.changes)))
        return result

    @rule(how=st.sampled_from(["written over", "rewritten without ours", "damaged"]))
    def the_env_cache_is_changed(self, how):
        with contextlib.suppress(FileNotFoundError, ValueError):
            text = json.loads(self.cache.read_text())
            if how == "written over":
                text["OPENAI_API_KEY"] = self.own_key = "a person's own"
            elif how == "rewritten without ours":
                text.pop("_amika", None)
            else:
                self.torn = (self.cache.read_text()[:-3], text)
            self.cache.write_text(self.torn[0] if how == "damaged" else json.dumps(text))

    # the person

    @rule(name=st.sampled_from(["org", "claude", "codex"]))
    def the_person_answers(self, name):
        """Agrees to the gap of the organization's, has another one restored."""
        if name != "org":
            self.answers(name, "restore")
        elif self.codex.meaning is GOOD:
            self.secrets["org"].agreed = True
            self.answers("org", "accept")

    def answers(self, name, choice):
        secret = self.secrets[name]
        self.wire.away = False
        self.wire.faults.clear()
        self.laptop.remote.resolve(secret.rule, choice, self.laptop.look().discovery)
        secret.edited = secret.unclear = False
        secret.asked = True
        self.runs()

    # quiet

    @rule()
    def quiet(self):
        self.the_network_goes_or_comes(away=False)
        self.late_requests_arrive()
        self.goes_on()
        for name in ("claude", "codex", "groq"):
            known = self.laptop.db.rule(self.laptop.key, self.secrets[name].rule)
            if known.paused_until is not None:
                self.one_rule_is_paused_or_goes_on(name, None)
        self.rest()
        self.check()

    def rest(self):
        for _ in range(30):
            self.runs()
            due = self.laptop.due()
            if due is None:
                break
            self.clock.turn(max(0.0, due - self.clock.now()) + 0.01)
        else:
            pytest.fail("it does not come to rest")
        if any(source.meaning is GONE for source in self.sources):
            self.clock.turn(6)
            self.runs()
            self.runs()
        sent = [r for r in self.wire.requests if r.method != "GET"]
        cache = self.cache.read_bytes() if self.cache.exists() else b""
        self.laptop.restart()
        self.runs()
        self.runs()
        assert [r for r in self.wire.requests if r.method != "GET"] == sent, "something is sent although all is quiet"
        assert (self.cache.read_bytes() if self.cache.exists() else b"") == cache

    def all_is_well_again(self):
        """At the end of the days every source is good, and the person has answered what was asked."""
        if self.torn is not None:
            self.cache.write_text(json.dumps(self.torn[1]))
            self.torn = None
        self.wire.away = False
        self.wire.faults.clear()
        self.goes_on()
        self.late_requests_arrive()
        self.clock.turn(max(0.0, START - self.clock.now()) + 1000)
        self.identify(ADA)
        self.serial += 1_000_000  # ends later than every other
        for source in self.sources:
            self.writes(source, "renamed")
        self.refused = False
        self.rest()
        found = self.laptop.look().discovery
        for name, secret in self.secrets.items():
            if name != "org" or secret.agreed:
                choice = "accept" if name == "org" else "restore"
                self.laptop.remote.resolve(secret.rule, choice, found)
                secret.edited = secret.unclear = False
        self.quiet()
        for name, secret in self.secrets.items():
            assert [secret.sent(row) for row in secret.stored(self.wire)] == (
                [secret.source.value] if secret.agreed else []
            ), name
        stored = sum(len(self.wire.records(kind)) for kind in ("claude", "codex", "generic"))
        assert stored == sum(secret.agreed for secret in self.secrets.values()), "one for each rule, and nothing beside"

    # what must hold

    def may_send_login(self):
        return self.whose == ADA and (self.claude.ends is None or self.claude.ends > self.clock.now())

    def rule_paused(self, secret):
        with contextlib.suppress(Exception):
            until = self.laptop.db.rule(self.laptop.key, secret.rule).paused_until
            return until is not None and until > self.clock.now()
        return False

    def judge(self, before, frozen):
        """Judge each change of the server since the last time."""
        changes = self.wire._book.changes
        for at in range(self.accounted, len(changes)):
            earlier, state = changes[at - 1] if at else {}, changes[at]
            for secret in self.secrets.values():
                if secret.covered(earlier) and not secret.covered(state) and at not in self.foreign:
                    allowed = secret.vanish or secret.scope == "org"
                    assert allowed, f"no record at all of {secret.name} after change {at}"
                if at in self.foreign:
                    continue
                for what, row in secret.news(earlier, state):
                    assert secret not in frozen or at < before, f"{secret.name} was touched while paused"
                    assert secret.agreed, f"{what} {row['name']} without the person's consent"
                    value = secret.sent(row)
                    if what == "put":
                        assert value in secret.allowed, f"{secret.name}: a value that nobody asked for"
                    if what == "put" and secret is self.secrets["claude"] and secret.is_bridge(row):
                        assert row["scope"] == "user"
            if at not in self.foreign:
                known = {*earlier, *state}
                mine = [
                    row
                    for row in ({**earlier, **state}[k] for k in known)
                    if earlier.get(row["id"]) != state.get(row["id"])
                ]
                assert all(any(s.is_ours(row) for s in self.secrets.values()) for row in mine), "no rule asked for it"
        self.accounted = len(changes)

    def never_sooner_than_allowed(self):
        """Two pushes of one rule are at least two seconds apart, however often its file changes."""
        for rule_id, entry in self.laptop.db.pushed(self.laptop.key).items():
            known = self.pushes.get(rule_id)
            if known is not None and (entry.remote_id, entry.fingerprint) != (known.remote_id, known.fingerprint):
                apart = entry.pushed_at - known.pushed_at
                sure = entry.verified and known.verified and known.fingerprint and entry.fingerprint
                assert not sure or apart < 0 or apart >= SPACING, f"{rule_id} was pushed {apart} s after the last time"
            self.pushes[rule_id] = entry

    def check(self):
        holds = self.laptop.db.holds(self.laptop.key)
        for name, secret in self.secrets.items():
            secret.asked = False
            stored, bridges = secret.stored(self.wire), secret.bridges(self.wire)
            values = {secret.sent(row) for row in (*stored, *bridges)}
            assert values <= secret.allowed | {"theirs", ""}, name
            if secret.rule in holds:
                assert holds[secret.rule].code == "contested" or self.refused, holds[secret.rule]
                continue
            if not secret.agreed:
                assert not bridges, name
            elif secret.source.meaning is GOOD and (name != "claude" or self.may_send_login()):
                self.check_good(name, secret, stored, bridges)
            elif secret.source.meaning is GONE and secret.deletes and not secret.edited:
                if not secret.pending(self.laptop):
                    assert stored == [] or secret.sent(stored[0]) == "theirs", f"{name} is gone here and there"
            else:
                assert len(values) <= 1 or secret.pending(self.laptop), name
        if self.torn is None:
            self.check_cache()
        else:
            assert self.cache.read_text() == self.torn[0], "what a person has to repair is left as it is"

    def check_good(self, name, secret, stored, bridges):
        code = self.laptop.outcomes[secret.rule].code
        if secret.edited:
            is_shown = code in (*DRIFT, "older") and [row["id"] for row in stored] == (
                [secret.left] if secret.left else []
            )
            is_ours = secret.unclear and [secret.sent(row) for row in stored] == [secret.source.value]
            assert is_shown or is_ours, (name, code, stored)
            return
        if code == "contested" and secret.others > 1:
            assert [secret.sent(row) for row in stored] == ["theirs"], "the last writer wins once"
            return
        if code == "older":
            if not stored or secret.sent(stored[0]) == "theirs":
                return  # somebody else's doing; what counts is what was last pushed here and is still valid
            ends = json.loads(stored[0]["value"])["claudeAiOauth"]["expiresAt"] / 1000
            assert ends > self.clock.now()
            assert ends > self.claude.ends
            return
        assert [secret.sent(row) for row in stored] == [secret.source.value], (name, code)
        assert bridges == [], name

    def check_cache(self):
        text = json.loads(self.cache.read_text())
        shelf = {key: entry["value"] for key, entry in text.pop("_amika", {"env": {}})["env"].items()}
        assert {key: text.get(key) for key in OWN} == OWN, "what is a person's own stays"
        wanted = {"CLAUDE_CODE_OAUTH_TOKEN": self.claude, "OPENAI_API_KEY": self.codex, "GROQ_API_KEY": self.groq}
        assert set(shelf) <= set(wanted)
        top = {key: value for key, value in text.items() if key not in OWN}
        if self.own_key is not None:
            assert top.pop("OPENAI_API_KEY") == self.own_key
            assert "OPENAI_API_KEY" not in shelf
            del wanted["OPENAI_API_KEY"]
        for key, source in wanted.items():
            has_ended = source.ends is not None and source.ends <= self.clock.now()
            if source.meaning is GOOD and not has_ended:
                assert shelf.get(key) == source.value, key
            elif source.meaning is UNKNOWN and not has_ended:
                assert shelf.get(key) in (None, source.value), key
            else:
                assert key not in shelf, f"{key} has gone"
        mirror = {"OPENAI_API_KEY": shelf["OPENAI_API_KEY"]} if "OPENAI_API_KEY" in shelf else {}
        assert top == mirror, "others see keys that never end and that outrank what they read themselves, nothing else"


def test_random_days():
    """Forty-five days, always the same; SYNC_MODEL_DAYS=5000 makes it a soak of random ones."""
    days = int(os.environ.get("SYNC_MODEL_DAYS", "0"))
    run_state_machine_as_test(
        Days,
        settings=settings(
            max_examples=days or 45, stateful_step_count=30, deadline=None, derandomize=not days, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
