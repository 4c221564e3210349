"""What a look at the plan costs as rules grow: 1, 10, 100, 1,000 rules on a real database."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from tests.benchmarks.table import Row

from amika_agent.clock import SystemClock
from amika_agent.sync.facts import Listed, PushSettings
from amika_agent.sync.facts_reader import FactsReader
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.plan import plan
from amika_agent.sync.records import Pushed
from amika_agent.sync.rules import generic_rule_for
from amika_local.credential import Credential
from amika_local.findings import Discovery
from amika_local.secret import Secret

ACCOUNT = "https://bench.invalid|user|org"
COUNTS = (1, 10, 100, 1000)


def measure(runs: int) -> list[Row]:
    """Plan `runs` times for each number of rules; everything is in sync, as it nearly always is."""
    rows = []
    for count in COUNTS:
        with tempfile.TemporaryDirectory(prefix="amika-bench-") as folder:
            rows.append(_planned(Path(folder), count, runs))
    first = rows[0].median
    return [Row(row.what, row.unit, row.values, ratio=f"{row.median / first:.1f} x one rule") for row in rows]


def _planned(folder: Path, count: int, runs: int) -> Row:
    clock = SystemClock()
    db = SyncDb(str(folder / "sync.db"), clock)
    try:
        path = str(folder / "auth.json")
        credential = Credential("openai", "api_key", Secret("sk-bench"), "codex", path, 300)
        discovery = Discovery()
        discovery.credentials, discovery.files = [credential], {("codex", path): "ok"}
        listed = []
        for number in range(count):
            rule = generic_rule_for(credential, f"KEY_{number}", taken=[f"generic-key-{n}" for n in range(number)])
            db.put_rule(ACCOUNT, rule)
            seen = db.fingerprint("sk-bench")
            db.put_pushed(
                ACCOUNT, Pushed(rule.id, "generic", "value", "user", rule.name, f"id{number}", seen, None, None, 0.0)
            )
            listed.append(Listed(f"id{number}", rule.name, "value", "user"))
        reader = FactsReader(db, ACCOUNT, clock)
        row = Row(f"plan of {count:,} rules that are in sync", "ms")
        for _ in range(runs):
            start = time.perf_counter()
            made = plan(reader.read(discovery, PushSettings(), {"generic": listed}))
            row.values.append(1000 * (time.perf_counter() - start))
            if {action.code for action in made.actions} != {"in_sync"}:
                raise RuntimeError("the plan wants something")
        return row
    finally:
        db.close()
