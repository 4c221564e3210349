"""Errors of the secrets and sandboxes API, as `{type, code, error_code, message}`."""

from __future__ import annotations


class ApiError(Exception):
    """A request the API refuses. `message` is for the person and never holds a value."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message

    @property
    def body(self) -> dict[str, str]:
        """The answer's JSON; the code stands under both names that clients look for."""
        return {"type": "error", "code": self.code, "error_code": self.code, "message": self.message}


def not_found(what: str) -> ApiError:
    """Return the answer for something that is not there, or not this user's to see."""
    return ApiError(404, "not_found", f"There is no such {what}.")


def unauthorized() -> ApiError:
    """Return the answer to an absent, expired or foreign access token; which of these it was is nobody's business."""
    return ApiError(401, "unauthorized", "The access token is missing or no longer valid. Renew it or sign in again.")
