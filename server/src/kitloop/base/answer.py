"""What came back from another party's server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status and at most 4 kB of the body. `status` is None where nothing came; `error` says why."""

    status: int | None
    body: str = ""
    error: str = ""
    retry_after: str = ""
