from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "kitloop.pages"
    label = "pages"
