from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "kitloop.webhooks"
    label = "webhooks"
