"""Nothing of what `amika doctor` prints says whose machine it is, wherever a problem comes from."""

from __future__ import annotations

import json
import os
import time

import pytest
from tests.fakes.agent_server import FakeAgent
from tests.fakes.session_files import go_session, write_session

from amika_agent.clock import SystemClock
from amika_agent.sync.facts_reader import called
from amika_agent.sync.journal import SyncDb
from amika_agent.sync.rules import generic_rule_for, rule_for
from amika_cli.setup.masking import Mask
from amika_local.credential import Credential
from amika_local.secret import Secret
from amika_shared.profile import resolve

PEOPLE = ("ann@acme.example", "bob@partner.example", "Ann Example", "user_01JANNANN", "ann@intranet")
ORGANIZATIONS = (
    "Acme Rockets",
    "org_01JACMEACME",
    "Partner GmbH",
    "Ünïcode Ltd",
    "9f6c1a52-0a61-4f0e-9d9c-0f5e7d1b2a3c",
)
SERVERS = ("secrets.acme.example", "login.acme.example", "proxy.acme.example", "acme-nas")
PLACES = ("/data/Acme Rockets", "/home/bob", "/Users/bob", "/mnt/acme", "/work/acme-monorepo")
SECRETS = ("Acme deploy key", "acme-gateway")
PLANTED = (*PEOPLE, *ORGANIZATIONS, *SERVERS, *PLACES, *SECRETS, "acme", "Acme", "bob", "partner")


@pytest.fixture
def acme(home, tmp_path):
    """A machine of Ann's at Acme: logins, other people's rules, folders elsewhere, damaged files."""
    profile = resolve(os.environ)
    folder = tmp_path / "Acme Rockets" / "claude"
    folder.mkdir(parents=True)
    (folder / ".credentials.json").write_text("{ acme")
    (folder / ".claude.json").write_text(json.dumps({"oauthAccount": {"emailAddress": PEOPLE[0]}}))
    opencode = home / ".local" / "share" / "opencode"
    opencode.mkdir(parents=True)
    keys = {"acme-gateway": "fake-1", "openai": "fake-2", "ann@acme.example": "fake-3"}
    (opencode / "auth.json").write_text(json.dumps({name: {"type": "api", "key": key} for name, key in keys.items()}))
    (home / ".codex").mkdir()
    (home / ".codex" / "auth.json").mkdir()
    write_session(
        home / ".local" / "state" / "amika",
        go_session(iat=time.time() - 90 * 86400, email=PEOPLE[0], user_id=PEOPLE[3], organization_id=ORGANIZATIONS[1]),
    )
    (home / ".local" / "state" / "amika" / ".session.meta").write_text(
        json.dumps({"organizations": {ORGANIZATIONS[1]: ORGANIZATIONS[0], "org_2": ORGANIZATIONS[3]}})
    )
    almyty = home / ".almyty"
    almyty.mkdir()
    (almyty / "credentials.json").write_text("Acme Rockets {")
    db = SyncDb(profile.sync_db, SystemClock())
    account = f"https://{SERVERS[0]}\n{PEOPLE[3]}\n{ORGANIZATIONS[1]}"
    login = Credential(
        "anthropic", "oauth", Secret("fake"), "claude-oauth", "/home/bob/.claude/x", 300, account=PEOPLE[1]
    )
    db.put_rule(account, rule_for(login, name="Acme deploy key"))
    db.put_rule(account, generic_rule_for(login, "ACME_TOKEN"))
    db.put_meta(called(account), f"{PEOPLE[2]}, {ORGANIZATIONS[2]}")
    db.close()
    return {
        "CLAUDE_CONFIG_DIR": str(folder),
        "AMIKA_API_URL": f"https://{SERVERS[0]}",
        "AMIKA_WORKOS_URL": f"https://{SERVERS[1]}",
        "HTTPS_PROXY": f"http://{SERVERS[2]}:3128",
        "USER": "annexample",
    }


def test_a_machine_full_of_names_prints_none_of_them(acme, amika, home):
    for words in (["doctor"], ["doctor", "-o", "json"], ["doctor", "--local"], ["doctor", "--homedir", str(home)]):
        ran = amika(*words, env=acme)
        assert ran.code == 0, ran.err
        shown = json.dumps(json.loads(ran.out), ensure_ascii=False) if "json" in words else ran.out
        for planted in (*PLANTED, "annexample", str(home), home.name, os.environ["HOME"]):
            assert planted not in shown + ran.err, (words, planted)
    assert "problem malformed (claude-oauth): $CLAUDE_CONFIG_DIR/.credentials.json" in amika("doctor", env=acme).out


# the product's own sentences, with names in every place where one can stand: path, message and remedy of a problem
CHEST = "/data/Acme Rockets/x y/auth.json"
PROBLEMS = (
    ("", "what was pushed as bob@partner.example's may be Ann Example's", "amika sync resolve claude-oauth accept"),
    ("", f"the rule was made for {ORGANIZATIONS[4]}; the credential is now ann@intranet's", ""),
    ("", "kept in sync for bob@partner.example, Partner GmbH; nothing of it is sent to Ann Example, Acme Rockets", ""),
    ("", "kept in sync for user_01JANNANN of org_01JACMEACME at https://secrets.acme.example/api; nothing is sent", ""),
    ("", "to keep it for this account", "amika sync add opencode/acme-gateway --generic --name 'Acme deploy key'"),
    ("", "the organization's secret is “Acme deploy key” (oauth), not stored by this machine", ""),
    ("", "cannot reach secrets.acme.example:8443: Name or service not known", ""),
    ("", "idp.acme.example does not let you work on that tenant", "List them: amika tenant list"),
    ("", "signed in at https://login.acme.example with the certificates of /work/acme-monorepo/ca.pem", ""),
    (CHEST, f"{CHEST} is not valid JSON (line 3)", f"Repair it, or move it away: mv {CHEST} {CHEST}.old"),
    ("/home/bob/.codex/auth.json", "cannot read /home/bob/.codex/auth.json: Permission denied", ""),
    ("", "cannot read /mnt/acme/auth.json: Permission denied; see /Users/bob", ""),
    ("", "x.json: the name ann's acme key is left out: only ASCII letters make a variable", ""),
    ("", "x.json: the login for acme-gateway has expired", ""),
    ("", "the login file was made on acme-nas by Ünïcode Ltd", ""),
)


@pytest.fixture
def agent(home):
    fake = FakeAgent(resolve(os.environ), dict(os.environ)).start()
    yield fake
    fake.stop()


def test_no_sentence_of_the_agent_says_a_name(home, agent, amika):
    accounts = [
        {"service": "amika", "signed_in": True, "method": "session", "email": PEOPLE[0], "user_id": PEOPLE[3],
         "org_id": ORGANIZATIONS[1], "organization": ORGANIZATIONS[0], "api_url": f"https://{SERVERS[0]}"},
        {"service": "akos", "signed_in": True, "method": "session", "email": PEOPLE[4], "user_id": "", "org_id": "t",
         "organization": ORGANIZATIONS[3], "api_url": "http://acme-nas:8080"},
    ]  # fmt: skip
    credentials = [
        {"id": "c/x", "provider": "acme-gateway", "source": "opencode", "kind": "api_key", "account": PEOPLE[2],
         "path": "/data/Acme Rockets/auth.json", "env_name": "ACME_GATEWAY_API_KEY", "used": True},
        {"id": "c/y", "provider": "anthropic", "source": "claude-oauth", "kind": "oauth", "account": PEOPLE[1]},
    ]  # fmt: skip
    rules = [
        {"id": "claude-oauth", "provider": "claude", "type": "oauth", "scope": "org", "name": "Acme deploy key",
         "state": "problem", "detail": text, "source": "claude-oauth"}
        for _, text, _ in PROBLEMS
    ]  # fmt: skip
    problems = [
        {"code": "told", "source": "claude", "path": path, "message": message, "remedy": remedy}
        for path, message, remedy in PROBLEMS
    ]
    # who is parked is known from sync.db, not from the snapshot
    db = SyncDb(resolve(os.environ).sync_db, SystemClock())
    account = "https://elsewhere.invalid\nuser_2\norg_3"
    login = Credential("anthropic", "oauth", Secret("fake"), "claude-oauth", "/x", 300, account=PEOPLE[1])
    db.put_rule(account, rule_for(login))
    db.put_meta(called(account), f"{PEOPLE[1]}, {ORGANIZATIONS[2]}")
    db.close()
    agent.publish(state="problem", accounts=accounts, credentials=credentials, rules=rules, problems=problems)
    for words in (["doctor"], ["doctor", "--json"]):
        ran = amika(*words)
        assert ran.code == 0, ran.err
        shown = json.dumps(ran.json, ensure_ascii=False) if "--json" in words else ran.out
        for planted in (*PLANTED, str(home)):
            assert planted not in shown, (planted, [line for line in shown.splitlines() if planted in line])
    text = amika("doctor").out
    assert "problem told (claude): …/auth.json is not valid JSON (line 3)" in text
    assert "cannot reach (server):8443: Name or service not known" in text
    assert "what was pushed as (account)'s may be (account)'s" in text
    assert "kept in sync for (account), (organization); nothing of it is sent" in text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/home/ann/.claude.json is larger than 64 MiB", "~/.claude.json is larger than 64 MiB"),
        ("mv /home/ann/x.json /home/ann/x.json.old", "mv ~/x.json ~/x.json.old"),
        ("/home/annabel/x.json and /home/ann.old/y", "…/x.json and …/y"),
        ("'/home/ann' is not a directory", "'~' is not a directory"),
        ("/data/state/amika/agent.log", "$XDG_STATE_HOME/amika/agent.log"),
        ("/run/user/1000/amika and /tmp/ann/x, /var/annual", "/run/user/1000/amika and /tmp/(user)/x, /var/annual"),
        ("Sign in: amika auth login", "Sign in: amika auth login"),
        ("see settings.toml: network.proxy must be https", "see settings.toml: network.proxy must be https"),
        ("ACME ROCKETS and acme rocketsport", "(organization) and acme rocketsport"),
        ("(ann@acme.example)", "((account))"),
        (
            "app.amika.dev rejects it; https://app.amika.dev/x/y too",
            "app.amika.dev rejects it; app.amika.dev too",
        ),
        ("on 127.0.0.1:8080, Python 3.11.7", "on 127.0.0.1:8080, Python 3.11.7"),
        ("a\nb\x1b[31m ~/.codex/auth.json", "a b[31m ~/.codex/auth.json"),
        ("sk-ant-api03-fakefakefake", "****"),
        ("", ""),
    ],
)
def test_what_is_masked_and_what_stays(text, shown):
    names = {"ann@acme.example": "(account)", "Acme Rockets": "(organization)", "amika": "(organization)", "": "(x)"}
    mask = Mask(
        {"/home/ann": "~", "/data/state": "$XDG_STATE_HOME", "/": "x"}, names, users=["ann"], settings=["network.proxy"]
    )
    assert mask(text) == shown


def test_very_many_names_cost_little():
    mask = Mask({}, {f"provider-{number}": "(provider)" for number in range(20_000)})
    assert [mask(f"provider-{number} has expired") for number in (7, 19_999)] == ["(provider) has expired"] * 2
    assert mask("provider-20000 has expired") == "provider-20000 has expired"
