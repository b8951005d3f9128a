from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "kitloop.accounts"
    label = "accounts"
