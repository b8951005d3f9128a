from django.apps import AppConfig


class Storefront(AppConfig):
    name = "kitloop_storefront"
    label = "shop"
    default_auto_field = "django.db.models.BigAutoField"
