"""Errors of the almyty API, as `{error: {code, message, statusCode}}`."""

from __future__ import annotations

from typing import Any


class AlmytyError(Exception):
    """A request that the almyty API refuses. `message` is for the person and never holds a value."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message

    @property
    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        return {"error": {"code": self.code, "message": self.message, "statusCode": self.status}}
