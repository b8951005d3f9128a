"""Log lines: one each, ids only."""

import logging
import traceback
from datetime import UTC, datetime


class OneLine(logging.Formatter):
    """`2026-03-01T09:30:00Z INFO kitloop_lab.robot stage kit=… stage=packed`, and an exception on the same line.

    An exception shows its type and where it was raised, never its message: a message may quote what was being read,
    and what the lab reads are names and addresses.
    """

    def format(self, record: logging.LogRecord) -> str:
        stamp = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"{stamp} {record.levelname} {record.name} {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            frames = traceback.extract_tb(error.__traceback__)[-3:]
            where = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in reversed(frames))
            line += f" error={type(error).__name__} at {where}"
        return line.replace("\n", " ").replace("\r", " ")
