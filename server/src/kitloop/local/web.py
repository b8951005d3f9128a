"""gunicorn, set up from Python."""

from typing import Any

from gunicorn.app.base import BaseApplication


class _Server(BaseApplication):
    def __init__(self, application: str, settings: dict[str, Any]) -> None:
        self._application, self._settings = application, settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from gunicorn.util import import_app

        return import_app(self._application)


def run(application: str, *, bind: str, workers: int, threads: int, pid_file: str | None) -> None:
    """Serves until told to stop. Threads wait on PostgreSQL and on slow clients; processes use the cores."""
    settings = {
        "bind": bind,
        "workers": workers,
        "threads": threads,
        "worker_class": "gthread",
        "pidfile": pid_file,
        "limit_request_line": 8190,  # a long search is answered by us, in JSON
        "timeout": 60,
        "graceful_timeout": 5,
        "keepalive": 30,
        "accesslog": None,  # paths carry ids only, but a line per request says nothing that helps
        "loglevel": "warning",
    }
    _Server(application, settings).run()
