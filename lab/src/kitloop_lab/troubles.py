"""The two ways in which a step fails."""


class TryLater(Exception):
    """It may work next time. The message is kept on the order, for a person to read."""

    def __init__(self, message: str, asked_seconds: float | None = None) -> None:
        super().__init__(message)
        self.asked_seconds = asked_seconds


class NeedsAPerson(Exception):
    """Trying again by itself will not help. The message is kept on the order, for a person to read."""
