"""The addresses that only the owner's programs use; the server and its clients agree on them here."""

from __future__ import annotations

PROOF = "/.well-known/amika-workspace"
DECIDE = f"{PROOF}/decide"
LINK = f"{PROOF}/link"
STOP = f"{PROOF}/stop"
SEAL_HEADER = "x-amika-seal"
