"""What became of a login at almyty or AKOS when one signs out."""

from __future__ import annotations

from dataclasses import dataclass

from amika_agent.stores.link import still_held


@dataclass(frozen=True)
class SignedOut:
    """What became of a login.

    was_signed_in   there was a file
    revoked         True: it was ended at the server; False: that failed, it may still be valid; None: it is not ours to
                    end there, the server has no way, or there was nothing
    done            what was done, for the person: "signed out of almyty here"
    problem         why it may still be valid at the server; "" unless `revoked` is False
    left            a file that still holds the token, because ours was a link to it; else ""
    """

    was_signed_in: bool
    revoked: bool | None
    done: str
    problem: str = ""
    left: str = ""

    @property
    def detail(self) -> str:
        """The whole of it as one sentence, without a full stop."""
        told = f"{self.done}, but {self.problem}" if self.problem else self.done
        return f"{told}; {still_held(self.left)}" if self.left else told
