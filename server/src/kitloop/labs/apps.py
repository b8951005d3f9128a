from django.apps import AppConfig


class LabsConfig(AppConfig):
    name = "kitloop.labs"
    label = "labs"
