"""Statements that every order needs, planned once for each connection."""

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import connection


def first_row(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The first row of the answer; none where there is none. Commits by itself, or with the transaction that is open.

    Django's own cursor writes the values into the text, so that PostgreSQL reads and plans each anew.
    """
    connection.close_if_health_check_failed()  # as Django's cursor does
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        found: tuple[Any, ...] | None = cursor.execute(statement, values, prepare=True).fetchone()
        return found
