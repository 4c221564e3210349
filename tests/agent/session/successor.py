"""The state after a kill between the server's answer and the rename."""

from __future__ import annotations

from amika_agent.session.rules import digest, merged


def stage(world) -> dict:
    return stage_with(world, world.cli)


def stage_with(world, keeper) -> dict:
    before = keeper.stored()
    _, answer = world.model._refresh({"refresh_token": before.refresh_token.reveal()})
    keeper._parts.store.stage(merged(before, answer, world.clock.now()), before)
    world.edit_meta(rt=digest(before.refresh_token), sent_at=world.clock.now())
    return answer
