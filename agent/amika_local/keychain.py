"""Items of other programs in the macOS keychain.

Read through `/usr/bin/security`, so that the permission the person gives sticks to that program and not to each new
build of ours. A secret is fetched again only when its item's attributes changed, and those are looked at no more than
once a minute: every look could ask the person.
"""

from amika_local.document import DocumentError, parse_object

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[[list[str]], tuple[int, bytes]]

PROGRAM = "/usr/bin/security"
DEADLINE = 5.0
LOOK_EVERY = 60.0
ABSENT = 44


class Keychain:
    """The items as this process last saw them; keep one for as long as the process looks again and again.

    run  starts a command, returns (exit code, stdout); tests give their own
    """

    def __init__(self, run: "Run | None" = None) -> None:
        self._run = run or _run
        self._seen: dict[tuple[str, str], _Seen] = {}

    def read(self, service: str, account: str, now: float) -> "bytes | None":
        """Return an item's secret, or None when there is none or the keychain gives no answer."""
        seen = self._seen.setdefault((service, account), _Seen())
        if 0 <= now - seen.looked < LOOK_EVERY:
            return seen.content
        seen.looked = now
        command = [PROGRAM, "find-generic-password", "-a", account, "-s", service]
        code, attributes = self._run(command)
        if code == ABSENT:
            seen.attributes, seen.content = b"", None
        elif code == 0 and attributes != seen.attributes:
            code, content = self._run([*command, "-w"])
            if code == 0:
                seen.attributes, seen.content = attributes, content
        return seen.content


class _Seen:
    """One item: when it was looked at, and what it was then."""

    __slots__ = ("attributes", "content", "looked")

    def __init__(self) -> None:
        self.looked = float("-inf")
        self.attributes = b""
        self.content: bytes | None = None


def document(secret: bytes) -> "dict[str, object]":
    """Return the JSON object that a secret holds; `security` gives it in hex when it holds odd bytes.

    Raises:
        DocumentError: it holds none.

    """
    return parse_object(_unhexed(secret.strip()))


def _unhexed(content: bytes) -> bytes:
    if content[:1] in (b"{", b""):
        return content
    try:
        return bytes.fromhex(content.decode("ascii"))
    except ValueError:
        raise DocumentError("holds no JSON") from None


def _run(command: "list[str]") -> "tuple[int, bytes]":
    import subprocess

    try:
        done = subprocess.run(  # noqa: S603 -- a fixed program of the system; no part of it comes from a file
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=DEADLINE, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return -1, b""
    return done.returncode, done.stdout
