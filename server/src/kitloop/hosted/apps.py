from django.apps import AppConfig


class HostedConfig(AppConfig):
    name = "kitloop.hosted"
    label = "hosted"
