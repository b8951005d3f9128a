from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "kitloop.projects"
    label = "projects"
