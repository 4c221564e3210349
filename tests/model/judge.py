"""What must hold on the random days: after every step, and whenever all is quiet."""

from __future__ import annotations

import json

from tests.model.disk import GONE, GOOD, UNKNOWN
from tests.model.laptop import SPACING
from tests.model.remote_secret import DRIFT
from tests.model.world import OWN, World


class Judge(World):
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
                self.kept_by_pause.pop(key, None)
            elif source.meaning is UNKNOWN and not has_ended:
                assert shelf.get(key) in (None, source.value, self.kept_by_pause.get(key)), key
            else:
                assert key not in shelf, f"{key} has gone"
        mirror = {"OPENAI_API_KEY": shelf["OPENAI_API_KEY"]} if "OPENAI_API_KEY" in shelf else {}
        assert top == mirror, "others see keys that never end and that outrank what they read themselves, nothing else"
