"""Faults to order for the fake secrets server; its module text explains each kind."""

from __future__ import annotations

import copy
import threading
from dataclasses import dataclass
from typing import Any

EXECUTED = ("drop", "slow", "status_after", "half", "garbage", "html", "huge")
NOT_EXECUTED = ("refuse", "reset", "status", "portal", "late", "delay")
KINDS = frozenset(EXECUTED + NOT_EXECUTED)


@dataclass
class Fault:
    """One order: which requests it strikes, how often, and how."""

    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    status: int = 500
    seconds: float = 30.0
    retry_after: int | None = None

    def strikes(self, method: str, path: str) -> bool:
        if self.times == 0 or (self.method and self.method != method) or self.path not in path:
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= self.times > 0
        return True


class Faults:
    """The orders of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[Fault] = []
        self.released = threading.Event()

    def add(self, kind: str, **order: Any) -> Fault:
        assert kind in KINDS, f"unknown fault {kind}"
        fault = Fault(kind, **order)
        with self._lock:
            self._orders.append(fault)
        return fault

    def clear(self) -> None:
        with self._lock:
            self._orders.clear()

    def release(self) -> None:
        """End every wait of "delay" and "slow", now and later."""
        self.released.set()

    def take(self, method: str, path: str) -> Fault | None:
        with self._lock:
            return next((copy.copy(order) for order in self._orders if order.strikes(method, path)), None)
