from django.apps import AppConfig


class KitsConfig(AppConfig):
    name = "kitloop.kits"
    label = "kits"
