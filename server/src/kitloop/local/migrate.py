"""`python -m kitloop.local.migrate`: tables up to date, checked twice over that a 201 means stored; the bundle made known."""

import sys

from django.core.management import call_command
from django.db import OperationalError, connection, connections

from kitloop.local.bundles import register_the_settings
from kitloop.local.setup import load_django


def main() -> None:
    load_django()
    # Two programs may start at once; the second waits and then finds nothing to do.
    try:
        connection.ensure_connection()
    except OperationalError as error:
        sys.exit(f"Error: the database does not answer ({str(error).splitlines()[0]}). Look at DATABASE_URL.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended('kitloop.migrate', 0))")
        cursor.execute("SHOW synchronous_commit")
        if cursor.fetchone()[0] not in {"on", "remote_apply", "remote_write", "local"}:
            sys.exit("PostgreSQL runs with synchronous_commit=off: an acknowledged order could be lost. Switch it on.")
    call_command("migrate", verbosity=1 if "-v" in sys.argv else 0)
    # A bundle that can't be read must not keep the platform from serving what is there.
    if trouble := register_the_settings():
        sys.stderr.write(f"The reference bundle was not registered: {trouble}\n")
    connections.close_all()


if __name__ == "__main__":
    main()
