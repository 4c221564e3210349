"""What the fake secrets server keeps, and the API's rules about it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

BASE = "/api/v0beta1"
Answer = tuple[int, Any]
Record = dict[str, Any]


@dataclass
class Book:
    """The records and the rules about them; every public method is one atomic step."""

    accounts: dict[str, tuple[str, str]]
    rows: dict[str, Record] = field(default_factory=dict)
    sandboxes: list[Record] = field(default_factory=list)
    changes: list[dict[str, Record]] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)
    serial: int = 0

    def create(self, kind: str, user: str, org: str, body: Record) -> Answer:
        scope = body.get("scope", "user")
        if scope not in ("user", "org"):
            return error(400, "invalid_scope")
        if not _text(body.get("name")) or not _text(body.get("value")):
            return error(400, "invalid_request")
        if kind != "generic" and not _fits_type(body):
            return error(400, "invalid_value")
        with self.lock:
            for row in self.visible(kind, user, org):
                alone = kind != "generic" and scope == "org"
                if row["scope"] == scope and (alone or row["name"] == body["name"]):
                    return error(409, "already_exists")
            self.serial += 1
            stamp = f"2026-01-01T00:{self.serial // 60 % 60:02}:{self.serial % 60:02}Z"
            row = {
                "id": f"fake_{self.serial:06}",
                "kind": kind,
                "org_id": org,
                "user_id": user,
                "name": body["name"],
                "description": body.get("description"),
                "type": body.get("type"),
                "scope": scope,
                "value": body["value"],
                "created_at": stamp,
                "updated_at": stamp,
            }
            self.rows[row["id"]] = row
            self.note()
            return 201, _summary(row) if kind == "generic" else {k: row[k] for k in ("id", "name", "scope")}

    def listing(self, kind: str, user: str, org: str) -> Answer:
        with self.lock:
            rows = self.visible(kind, user, org)
            if kind == "generic":
                return 200, [_summary(row) for row in rows]
            return 200, [{k: row[k] for k in ("id", "name", "type", "scope")} for row in rows]

    def update(self, record_id: str, user: str, org: str, body: Record) -> Answer:
        if not isinstance(body.get("value"), str):
            return error(400, "invalid_request")
        with self.lock:
            for row in self.visible("generic", user, org):
                if row["id"] == record_id:
                    self.serial += 1
                    row["value"] = body["value"]
                    row["updated_at"] = f"2026-01-02T00:{self.serial // 60 % 60:02}:{self.serial % 60:02}Z"
                    self.note()
                    return 200, _summary(row)
        return error(404, "not_found")

    def delete(self, kind: str, record_id: str, user: str, org: str) -> Answer:
        with self.lock:
            if not any(row["id"] == record_id for row in self.visible(kind, user, org)):
                return error(404, "not_found")
            del self.rows[record_id]
            self.note()
            return 204, None

    def visible(self, kind: str, user: str, org: str) -> list[Record]:
        return [
            row
            for row in self.rows.values()
            if row["kind"] == kind and row["org_id"] == org and (row["scope"] == "org" or row["user_id"] == user)
        ]

    def note(self) -> None:
        self.changes.append({key: dict(row) for key, row in self.rows.items()})

    def create_sandbox(self, _kind: str, user: str, org: str, body: Record) -> Answer:
        names = body.get("secret_env_vars", {})
        if not _text(body.get("name")) or not isinstance(names, dict):
            return error(400, "invalid_request")
        with self.lock:
            if any(box["name"] == body["name"] and box["org_id"] == org for box in self.sandboxes):
                return error(409, "already_exists")
            self.serial += 1
            box = {"id": f"box_{self.serial}", "org_id": org, "user_id": user, **body}
            box.update(repo_url=body.get("repo_url"), secret_env_vars=names, state="active")
            box["created_at"] = box["updated_at"] = "2026-01-01T00:00:00Z"
            self.sandboxes.append(box)
            return 202, box

    def list_sandboxes(self, _kind: str, _user: str, org: str) -> Answer:
        with self.lock:
            return 200, [box for box in self.sandboxes if box["org_id"] == org]

    def delete_sandbox(self, name: str, _user: str, org: str) -> Answer:
        with self.lock:
            for box in self.sandboxes:
                if name in (box["name"], box["id"]) and box["org_id"] == org:
                    self.sandboxes.remove(box)
                    return 200, {"status": "ok"}
        return error(404, "not_found")


def routes(book: Book) -> list[tuple[str, str, bool, Callable[..., Answer]]]:
    return [
        ("GET", BASE + r"/(sandboxes)", False, book.list_sandboxes),
        ("POST", BASE + r"/(sandboxes)", True, book.create_sandbox),
        ("DELETE", BASE + r"/sandboxes/([^/]+)", False, book.delete_sandbox),
        ("GET", BASE + r"/secrets()", False, lambda _, user, org: book.listing("generic", user, org)),
        ("POST", BASE + r"/secrets()", True, lambda _, user, org, body: book.create("generic", user, org, body)),
        ("GET", BASE + r"/secrets/(claude|codex)", False, book.listing),
        ("POST", BASE + r"/secrets/(claude|codex)", True, book.create),
        ("DELETE", BASE + r"/secrets/(claude|codex)/([^/]+)", False, book.delete),
        ("PUT", BASE + r"/secrets/([^/]+)", True, book.update),
    ]


def error(status: int, code: str) -> Answer:
    return status, {"type": "error", "code": code, "error_code": code, "message": f"the fake says {code}"}


def _summary(row: Record) -> Record:
    names = ("id", "org_id", "user_id", "name", "description", "scope", "created_at", "updated_at")
    return {name: row[name] for name in names}


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _fits_type(body: Record) -> bool:
    if body.get("type") == "api_key":
        return True
    return body.get("type") == "oauth" and json_object(body["value"].encode()) is not None


def json_object(raw: bytes) -> Record | None:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
