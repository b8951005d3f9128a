"""Django's PostgreSQL backend, which finds out without asking whether a kept connection still lives."""
