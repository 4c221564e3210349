"""Claude Code's login in the macOS keychain.

Read through `/usr/bin/security`, so that the permission the person gives sticks to that program and not to each new
build of ours. The secret is fetched again only when the item's attributes changed, and those are looked at no more
than once a minute: every look could ask the person.
"""

from amika_local.document import DocumentError, parse_object
from amika_local.sources import claude_oauth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amika_local.credential import Credential, Problem
    from amika_local.sources.place import Place

    Run = Callable[[list[str]], tuple[int, bytes]]

SERVICE = "Claude Code-credentials"
PROGRAM = "/usr/bin/security"
DEADLINE = 5.0
LOOK_EVERY = 60.0
ABSENT = 44


def parse(content: bytes, place: "Place") -> "list[Credential | Problem]":
    """Return the login of the item's secret: the JSON of `.credentials.json`, in hex when it holds odd bytes.

    Raises:
        DocumentError: neither.
        FieldError: a field of the wrong type.

    """
    return claude_oauth.parse(parse_object(_unhexed(content.strip())), place)


account = claude_oauth.account


def service(config_dir: str) -> str:
    """Return the item's service name; a CLAUDE_CONFIG_DIR of one's own has an item of its own."""
    if not config_dir:
        return SERVICE
    import hashlib
    import unicodedata

    return f"{SERVICE}-{hashlib.sha256(unicodedata.normalize('NFC', config_dir).encode()).hexdigest()[:8]}"


class Keychain:
    """The item as this process last saw it; keep one for as long as the process looks again and again.

    run  starts a command, returns (exit code, stdout); tests give their own
    """

    def __init__(self, run: "Run | None" = None) -> None:
        self._run = run or _run
        self._looked = float("-inf")
        self._attributes = b""
        self._content: bytes | None = None

    def read(self, env: "Mapping[str, str]", now: float) -> "bytes | None":
        """Return the item's secret, or None when there is none or the keychain gives no answer."""
        if 0 <= now - self._looked < LOOK_EVERY:
            return self._content
        self._looked = now
        command = [PROGRAM, "find-generic-password", "-a", env.get("USER", ""), "-s", service(_moved(env))]
        code, attributes = self._run(command)
        if code == ABSENT:
            self._attributes, self._content = b"", None
        elif code == 0 and attributes != self._attributes:
            code, content = self._run([*command, "-w"])
            if code == 0:
                self._attributes, self._content = attributes, content
        return self._content


def _moved(env: "Mapping[str, str]") -> str:
    return env.get("CLAUDE_CONFIG_DIR", "")


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
