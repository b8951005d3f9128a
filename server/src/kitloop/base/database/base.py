"""The backend that settings name; Django looks for it in a module of this name.

Before each request Django asks a kept connection `SELECT 1`, a third of an order's round trips. A server that ended has closed
its end of the socket, which this side sees without asking; what it can't see (a machine that was cut off, a network between
that dropped the line) is asked for once a second.
"""

import select
import time
from typing import Any

from django.db.backends.postgresql import base

ASK_EVERY_SECONDS = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    _answered = float("-inf")  # when the server last did, by the monotonic clock

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        made = super().get_new_connection(conn_params)
        self._answered = time.monotonic()
        return made

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        if time.monotonic() - self._answered < ASK_EVERY_SECONDS and is_silent(self.connection.fileno()):
            return True
        usable: bool = super().is_usable()
        if usable:
            self._answered = time.monotonic()
        return usable


def is_silent(socket: int) -> bool:
    """Whether nothing came that nobody asked for: a server's farewell, or the end of the line."""
    waiting = select.poll()
    waiting.register(socket, select.POLLIN)
    return not waiting.poll(0)
