from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "kitloop.api"
    label = "api"
