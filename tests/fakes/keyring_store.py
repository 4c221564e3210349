"""A keyring in memory with the faults of real ones: absent, locked, slow, forgetful. The vault's contract, no more."""

from __future__ import annotations

from amika_agent.stores.keyring_process import KeyringProblem
from amika_agent.stores.vault import Keyring
from amika_local.secret import Secret


class FakeKeyring(Keyring):
    """Stands in for the OS keyring; `trouble` is a kind of KeyringProblem, or ""."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble
        self.held: dict[tuple[str, str], Secret] = {}

    def get(self, service: str, account: str) -> Secret | None:
        self._check()
        return self.held.get((service, account))

    def put(self, service: str, account: str, value: Secret) -> None:
        self._check()
        self.held[service, account] = value

    def delete(self, service: str, account: str) -> None:
        self._check()
        self.held.pop((service, account), None)

    def _check(self) -> None:
        if self.trouble:
            raise KeyringProblem(self.trouble)
