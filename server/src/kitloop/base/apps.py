from django.apps import AppConfig


class BaseConfig(AppConfig):
    name = "kitloop.base"
    label = "base"
