from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "kitloop.runs"
    label = "runs"
