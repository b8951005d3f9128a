from django.apps import AppConfig


class PipelinesConfig(AppConfig):
    name = "kitloop.pipelines"
    label = "pipelines"
