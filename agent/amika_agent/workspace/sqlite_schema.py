"""The tables of the SQLite engine, and how a file of an older version is brought up to date."""

from __future__ import annotations

import sqlite3

APPLICATION_ID = 0x414D574B  # "AMWK": this file is a local workspace's

VERSION_1 = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE sealing_keys (id TEXT PRIMARY KEY, store TEXT NOT NULL, created_at REAL NOT NULL);
CREATE TABLE users (id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, first_name TEXT NOT NULL);
CREATE TABLE organizations (id TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE memberships (
    user_id TEXT NOT NULL REFERENCES users, org_id TEXT NOT NULL REFERENCES organizations, position INTEGER NOT NULL,
    PRIMARY KEY (user_id, org_id)
);
CREATE TABLE device_codes (
    code_hash TEXT PRIMARY KEY, user_code TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL,
    program TEXT NOT NULL, machine TEXT NOT NULL,
    created_at REAL NOT NULL, expires_at REAL NOT NULL, interval REAL NOT NULL, polled_at REAL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'used'))
);
CREATE TABLE sessions (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, org_id TEXT NOT NULL REFERENCES organizations,
    client_id TEXT NOT NULL, program TEXT NOT NULL, machine TEXT NOT NULL,
    created_at REAL NOT NULL, ended_at REAL, ended_because TEXT NOT NULL DEFAULT ''
);
CREATE TABLE refresh_tokens (
    token_hash TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions,
    created_at REAL NOT NULL, used_at REAL, answer BLOB NOT NULL DEFAULT x''
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);
CREATE TABLE secrets (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('generic', 'claude', 'codex')),
    org_id TEXT NOT NULL REFERENCES organizations, user_id TEXT NOT NULL REFERENCES users,
    scope TEXT NOT NULL CHECK (scope IN ('user', 'org')), name TEXT NOT NULL, type TEXT NOT NULL, description TEXT,
    sealed BLOB NOT NULL, created_at REAL NOT NULL, updated_at REAL NOT NULL
);
CREATE UNIQUE INDEX secrets_of_user ON secrets (kind, org_id, user_id, name) WHERE scope = 'user';
CREATE UNIQUE INDEX secrets_of_org ON secrets (kind, org_id, name) WHERE scope = 'org';
CREATE UNIQUE INDEX one_credential_per_org ON secrets (kind, org_id) WHERE scope = 'org' AND kind <> 'generic';
CREATE TABLE sandboxes (
    id TEXT PRIMARY KEY, org_id TEXT NOT NULL REFERENCES organizations, user_id TEXT NOT NULL REFERENCES users,
    name TEXT NOT NULL, repo_url TEXT, branch TEXT, secret_env_vars TEXT NOT NULL, created_at REAL NOT NULL,
    UNIQUE (org_id, name)
);
"""

VERSION_2 = """
CREATE TABLE api_keys (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, org_id TEXT NOT NULL REFERENCES organizations,
    name TEXT NOT NULL, prefix TEXT NOT NULL, key_hash TEXT NOT NULL UNIQUE,
    created_at REAL NOT NULL, expires_at REAL, last_used_at REAL
);
"""

MIGRATIONS = (VERSION_1, VERSION_2)


class WrongFileError(Exception):
    """The file is not a local workspace's, or of a newer version; the text says which."""


def check_owner(database: sqlite3.Connection) -> None:
    """Raise WrongFileError for another program's file, or one of a newer version; changes nothing."""
    owner = database.execute("PRAGMA application_id").fetchone()[0]
    tables = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if owner != APPLICATION_ID and (owner or tables):
        raise WrongFileError("is another program's database")
    if database.execute("PRAGMA user_version").fetchone()[0] > len(MIGRATIONS):
        raise WrongFileError("was written by a newer version of this program")


def bring_up_to_date(database: sqlite3.Connection) -> None:
    """Create or migrate the tables, each version in one transaction."""
    version = database.execute("PRAGMA user_version").fetchone()[0]
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        database.executescript(
            f"BEGIN IMMEDIATE;{script}PRAGMA application_id={APPLICATION_ID};PRAGMA user_version={number};COMMIT;"
        )
