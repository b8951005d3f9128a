from django.apps import AppConfig


class DashboardConfig(AppConfig):
    name = "kitloop.dashboard"
    label = "dashboard"
