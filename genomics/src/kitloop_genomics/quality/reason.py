"""Why a sample failed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code for programs and one sentence for people."""

    code: str
    message: str
