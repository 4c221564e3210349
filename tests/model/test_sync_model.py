"""Random days of a machine: files change in every way, the network fails, processes die, clocks jump, others edit.

Whenever it is quiet for a while the server has exactly what the rules make of the disk, once; it never had nothing;
the env cache has exactly what the disk gives; and nothing was written anywhere that no rule asked for.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule, run_state_machine_as_test
from tests.model.disk import ACCIDENTS, GONE, GOOD, WAYS
from tests.model.judge import Judge
from tests.model.world import ADA, EVE, START

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # half a minute of work, many times that on a busy machine
FAULTS = ["refuse", "drop", "late", "status", "status_after", "half", "html", "portal"]
STEPS = [("GET", 0), ("GET", 1), ("POST", 0), ("POST", 1), ("PUT", 0), ("DELETE", 0), ("DELETE", 1)]
REFUSALS = [402, 403, 422, 429]
AT = st.integers(0, 2)
DIES_IN = st.integers(-20, 30)  # 0 and less: not at all
CALM = st.booleans()


class Days(Judge):
    @initialize()
    def begin(self):
        self.set_up()
        self.rest()
        self.check()

    def teardown(self):
        try:
            if hasattr(self, "secrets"):
                self.all_is_well_again()
        finally:
            self.tear_down()

    # the disk

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
