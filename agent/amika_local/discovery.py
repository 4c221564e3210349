"""Finds every credential on this machine and decides, per provider, which one counts."""

import os
import sys

from amika_local import strict_json
from amika_local.credential import Credential, Problem
from amika_local.document import DocumentError, FieldError, parse_object
from amika_local.findings import BAD, Discovery, Reading
from amika_local.providers import is_variable, shown, variables
from amika_local.regular_file import read
from amika_local.sources import BYTES, JSON, KEYCHAIN, STRINGS, TABLE, Row, locate
from amika_local.sources.place import Place, Skipped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from amika_local.keychain import Keychain

_KEYCHAIN = "the macOS keychain"

__all__ = ["BAD", "Discovery", "Reading", "discover", "watched_files"]


def discover(  # noqa: PLR0913 -- each is a thing of its own
    home: str,
    env: "Mapping[str, str]",
    *,
    now: float,
    confined: bool = False,
    oauth: bool = True,
    beyond: bool = False,
    is_mirrored: "Callable[[str, str], bool] | None" = None,
    keychain: "Keychain | None" = None,
    deep: "Callable[[str], object]" = strict_json.parse,
) -> Discovery:
    """Read every source; never raises for what a file holds or is.

    Args:
        home: whose sources.
        env: variables that move a source (CLAUDE_CONFIG_DIR, CODEX_HOME, XDG_*).
        now: epoch seconds.
        confined: `--homedir`: those variables are ignored, and so is the keychain.
        oauth: False leaves out OAuth sources and tokens, and does not read them.
        beyond: True reads the sources beyond the eight documented ones in any case; False only where they fill in a
            provider that nobody else gives.
        is_mirrored: (variable, value) -> whether the agent ever wrote that pair into the env cache.
        keychain: kept by a process that looks again and again; None: looked at anew.
        deep: reads deeply nested documents; kept by such a process as well.

    """
    search = _Search(
        home, env, now, confined=confined, oauth=oauth, is_mirrored=is_mirrored, keychain=keychain, deep=deep
    )
    for row in TABLE:
        if not row.fills:
            search.read(row)
    search.choose()
    for row in TABLE:
        if row.fills and (beyond or row.fills not in search.out.winners or search.lacks(row.absence_of)):
            search.read(row)
    search.choose()
    return search.out


def watched_files(home: str, env: "Mapping[str, str]", *, confined: bool = False) -> "list[str]":
    """Return every file that `discover` may read, in the order of the table, each once."""
    places = [place for row in TABLE for place in (*row.files, *([row.identity] if row.identity else []))]
    return list(dict.fromkeys(locate(place, home, env, confined=confined) for place in places))


class _Search:
    """One run of `discover`: reads each file once, whoever needs it."""

    def __init__(
        self,
        home: str,
        env: "Mapping[str, str]",
        now: float,
        *,
        confined: bool,
        oauth: bool,
        is_mirrored: "Callable[[str, str], bool] | None",
        keychain: "Keychain | None",
        deep: "Callable[[str], object]",
    ) -> None:
        self.out = Discovery()
        self._home = home
        self._env = env
        self._now = now
        self._confined = confined
        self._oauth = oauth
        self._is_mirrored = is_mirrored
        self._deep = deep
        self._keychain = keychain  # None also where there is none
        if keychain is None and sys.platform == "darwin":
            from amika_local.keychain import Keychain

            self._keychain = Keychain()
        self._contents: dict[tuple[str, str], object] = {}
        self._given: set[tuple[str, str, str]] = set()

    def read(self, row: Row) -> None:
        """Read one source into `out`."""
        if row.content == KEYCHAIN:
            self._read_item(row, self._home)
            return
        found = False
        for place in row.files:
            path = self._locate(place)
            if found or (row.oauth and not self._oauth):
                detail = "an earlier file of this source gives one" if found else "OAuth is left out"
                self._note(Reading(row.id, path, "off", detail=detail), "off")
                continue
            content = self._content(path, row.content, row.id)
            if content is None:
                self._note(Reading(row.id, path, "absent"), "absent")
            elif isinstance(content, Problem):
                self._bad(row, path, content)
            else:
                found = self._parse(row, path, content)

    def choose(self) -> None:
        """Decide who wins each provider and tell the others so."""
        out = self.out
        out.credentials.sort(key=lambda credential: -credential.priority)
        out.winners = {}
        for credential in out.credentials:
            out.winners.setdefault(credential.provider, credential)
        for reading in out.readings:
            if reading.credential is not None and reading.state != "expired":
                winner = out.winners[reading.provider]
                reading.state = "used" if winner is reading.credential else "shadowed"
                reading.shadowed_by = "" if winner is reading.credential else winner.source

    def lacks(self, source: str, how: str = "absent") -> bool:
        """Tell whether a source has a file that is absent, or whose login is "elsewhere"."""
        return any(state == how for (held, _), state in self.out.files.items() if held == source)

    def _locate(self, place: "tuple[str, str]") -> str:
        return locate(place, self._home, self._env, confined=self._confined)

    def _content(self, path: str, kind: str, source: str) -> object:
        """Return what the file holds (the same for everyone who asks), None when it is absent, or the problem."""
        key = (path, BYTES if kind == BYTES else JSON)
        if key not in self._contents:
            data = read(path, source)
            if isinstance(data, bytes) and kind != BYTES:
                self._contents[key] = _document(data, path, self._deep, numbers=kind != STRINGS)
            else:
                self._contents[key] = data
        return self._contents[key]

    def _parse(self, row: Row, path: str, content: object, *, login: bool = False) -> bool:
        """Take in what the source's module makes of the content; tell whether a usable credential was among it.

        login: the content is what a keychain item holds, beside the source's file.
        """
        module = _module(row)
        place = Place(row, path, self._now, oauth=self._oauth, is_mirrored=self._is_mirrored)
        try:
            found = (module.login if login else module.parse)(content, place)
        except DocumentError as error:
            self._bad(row, path, _malformed(f"{path} {error}", path))
            return False
        except FieldError as error:
            self._bad(row, path, _malformed(f"{path}: {error}", path))
            return False
        self.out.files[row.id, path] = "ok"
        before = len(self.out.readings)
        if row.absence_of and not login:
            self._explain_absence(row, path, module.elsewhere(content))
            if module.in_keyring(content) and self.lacks(row.absence_of, "elsewhere"):
                self._read_item(row, os.path.dirname(path), login=True)
        usable = [self._take(row, path, item) for item in found]
        if len(self.out.readings) == before:
            self._note(Reading(row.id, path, "nothing"), "ok")
        return any(usable)

    def _take(self, row: Row, path: str, item: "Credential | Problem | Skipped") -> bool:
        if isinstance(item, Problem):
            state = "blank" if item.code == "blank" else "left_out"
            self._report(item, Reading(row.id, path, state, detail=item.message))
        elif isinstance(item, Skipped):
            self.out.readings.append(Reading(row.id, path, item.state, provider=item.provider, detail=item.detail))
        elif item.provider:
            return self._take_credential(row, path, item)
        return False

    def _take_credential(self, row: Row, path: str, found: Credential) -> bool:
        problem = _unusable(found)
        if problem is not None:
            reading = Reading(row.id, path, "left_out", provider=shown(found.provider), detail=problem.message)
            self._report(problem, reading)
            return False
        if row.identity is not None:
            found.account = found.account or self._account(row)
        reading = Reading(row.id, path, "used", provider=found.provider, credential=found)
        if found.expires_at is not None and found.expires_at <= self._now:
            reading.state = "expired"
            self.out.expired.append(found)
            self._report(_expired(found, row), reading)
            return False
        self.out.readings.append(reading)
        kind = (found.source, found.provider, found.kind)
        if kind not in self._given:  # of several names for one provider a source's first counts
            self._given.add(kind)
            self.out.credentials.append(found)
        return True

    def _account(self, row: Row) -> "str | None":
        """Read the identity now, after the credential it belongs to; whatever is wrong with it is no fault of that."""
        if row.identity is None:
            return None
        document = self._content(self._locate(row.identity), STRINGS, row.id)
        account: str | None = _module(row).account(document) if isinstance(document, dict) else None
        return account

    def _read_item(self, row: Row, home: str, *, login: bool = False) -> None:
        """Read the source's item in the keychain; `home` is its owner's folder."""
        if self._confined or self._keychain is None or (row.oauth and not self._oauth):
            detail = "OAuth is left out" if row.oauth and not self._oauth else "only on macOS, for your own home"
            self._note(Reading(row.id, _KEYCHAIN, "off", detail=detail), "off")
            return
        service, account = _module(row).item(self._env, home)
        content = self._keychain.read(service, account, self._now)
        if content is None:
            self._note(Reading(row.id, _KEYCHAIN, "absent"), "absent")
        else:
            self._parse(row, _KEYCHAIN, content, login=login)

    def _explain_absence(self, row: Row, path: str, why: str) -> None:
        absent = [key for key, state in self.out.files.items() if key[0] == row.absence_of and state == "absent"]
        if why and absent:
            self.out.files.update(dict.fromkeys(absent, "elsewhere"))
            self.out.readings.append(Reading(row.id, path, "elsewhere", provider=row.fills, detail=why))

    def _note(self, reading: Reading, state: str) -> None:
        self.out.files[reading.source, reading.path] = state
        self.out.readings.append(reading)

    def _bad(self, row: Row, path: str, problem: Problem) -> None:
        problem.source = row.id  # the file may have been read for another source first
        again = f", or sign in again: {row.login}" if row.login else ""
        problem.remedy = problem.remedy or f"Repair the file{again}."
        self.out.files[row.id, path] = "bad"
        self._report(problem, Reading(row.id, path, "bad", detail=problem.message))

    def _report(self, problem: Problem, reading: Reading) -> None:
        self.out.problems.append(problem)
        self.out.readings.append(reading)


def _document(
    data: bytes, path: str, deep: "Callable[[str], object]", *, numbers: bool
) -> "dict[str, object] | Problem":
    try:
        return parse_object(data, numbers=numbers, deep=deep)
    except DocumentError as error:
        return _malformed(f"{path} {error}", path)


def _malformed(message: str, path: str) -> Problem:
    return Problem("malformed", message, path=path)


def _unusable(found: Credential) -> "Problem | None":
    """Return why no environment can carry the credential, or None."""
    if not all(is_variable(name) for name in variables(found.provider)):
        code, what = "name", f"the provider {shown(found.provider)} is left out: its name makes no variable"
    elif "\0" in found.value.reveal():
        code, what = "value", f"the value of {shown(found.provider)} is left out: it holds a NUL character"
    else:
        return None
    return Problem(
        code, f"{found.path}: {what}", source=found.source, path=found.path, remedy="Change it in that file."
    )


def _expired(found: Credential, row: Row) -> Problem:
    return Problem(
        "expired",
        f"{found.path}: the login for {shown(found.provider)} has expired",
        source=row.id,
        path=found.path,
        remedy=f"Its own tool renews it when you next use it{f'; or sign in again: {row.login}' if row.login else ''}.",
    )


def _module(row: Row):  # type: ignore[no-untyped-def]  # noqa: ANN202 -- a module; its shape: amika_local.sources
    name = f"amika_local.sources.{row.module}"
    __import__(name)
    return sys.modules[name]
