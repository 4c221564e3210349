"""The state after a kill between the server's answer and the rename."""

from __future__ import annotations

from amika_agent.session_rules import digest, merged


def stage(world) -> dict:
    before = world.cli.stored()
    _, answer = world.model._refresh({"refresh_token": before.refresh_token.reveal()})
    world.cli._parts.store.stage(merged(before, answer, world.clock.now()), before)
    world.edit_meta(rt=digest(before.refresh_token), sent_at=world.clock.now())
    return answer
