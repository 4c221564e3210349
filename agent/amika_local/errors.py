"""The errors every program of ours speaks.

AmikaError            1   unexpected failure (a bug)
├── UsageError        2   bad flag, unknown command, refused URL
├── NotSignedIn       3   not signed in, expired, or rejected by the server
├── NotFound          4   no such id or name
├── Failed            5   the operation ran and failed
│   ├── Unreachable       network: nothing was decided, try again
│   ├── Conflict          somebody else changed it meanwhile
│   └── Busy              another process holds the lock
└── MissingKey        7   `creds check`: a required key is missing
"""


class AmikaError(Exception):
    """A failure with a message for the person and, where there is one, the next step (`remedy`)."""

    exit_code = 1
    code = "internal"

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class UsageError(AmikaError):
    """The request itself is wrong: a flag, a name, a URL that is refused."""

    exit_code = 2
    code = "usage"


class NotSignedIn(AmikaError):
    """Nobody is signed in, the session is over, or the server rejected it."""

    exit_code = 3
    code = "not_signed_in"


class NotFound(AmikaError):
    """There is no such id or name."""

    exit_code = 4
    code = "not_found"


class Failed(AmikaError):
    """The operation ran and failed."""

    exit_code = 5
    code = "failed"


class Unreachable(Failed):
    """The server could not be reached or gave no usable answer; nothing was decided."""

    code = "unreachable"


class Conflict(Failed):
    """Somebody else changed the same thing meanwhile."""

    code = "conflict"


class Busy(Failed):
    """Another process holds what we need."""

    code = "busy"


class MissingKey(AmikaError):
    """A required key is missing (`creds check`)."""

    exit_code = 7
    code = "missing_key"
