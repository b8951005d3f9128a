from django.apps import AppConfig


class WorkerConfig(AppConfig):
    name = "kitloop.worker"
    label = "worker"
