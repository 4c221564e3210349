"""The shapes of what `amika_local.discovery` finds."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amika_local.credential import Credential, Problem

# problems that make a file unusable; the others (blank, expired, name, value) cost one entry
BAD = frozenset(("malformed", "not_a_file", "too_large", "unreadable"))


class Reading:
    """What one source said about one provider, for `--explain`.

    source, path
    provider     canonical name, or "" when the file as a whole is meant
    state        "used", "shadowed", "expired", "blank", "derived", "other", "left_out", "nothing" (well-formed, gives
                 none), "absent", "elsewhere" (its owner keeps the login in the system's keyring), "bad", "off"
                 (`--no-oauth`, or not needed)
    credential   for used, shadowed, expired
    shadowed_by  source id of the winner, for shadowed
    detail       why, for a person; never a value
    """

    __slots__ = ("credential", "detail", "path", "provider", "shadowed_by", "source", "state")

    def __init__(
        self,
        source: str,
        path: str,
        state: str,
        *,
        provider: str = "",
        credential: "Credential | None" = None,
        detail: str = "",
    ) -> None:
        self.source = source
        self.path = path
        self.state = state
        self.provider = provider
        self.credential = credential
        self.shadowed_by = ""
        self.detail = detail

    def __repr__(self) -> str:
        return f"Reading({self.source}, {self.provider}, {self.state})"


class Discovery:
    """What was found.

    winners      canonical provider -> the credential that counts
    credentials  all usable ones, best first: not expired at `now`, not blank, never derived entries of the env cache.
                 A source gives one for each provider and kind (Codex may give two: API key and login)
    expired      those that are past their expiry
    problems     what a person should know
    readings     one per source and provider, or per file that gives none, in the order of reading
    files        (source id, path) -> "ok" (well-formed), "bad", "off" (not looked at), "absent", "elsewhere" (absent,
                 and that says nothing: its owner keeps the login in the keyring)
    """

    __slots__ = ("credentials", "expired", "files", "problems", "readings", "winners")

    def __init__(self) -> None:
        self.winners: dict[str, Credential] = {}
        self.credentials: list[Credential] = []
        self.expired: list[Credential] = []
        self.problems: list[Problem] = []
        self.readings: list[Reading] = []
        self.files: dict[tuple[str, str], str] = {}

    def __repr__(self) -> str:
        return f"Discovery({list(self.winners.values())})"
