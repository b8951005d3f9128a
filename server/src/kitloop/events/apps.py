from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "kitloop.events"
    label = "events"
