"""What the web server serves."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kitloop.config.settings")
application = get_wsgi_application()
import_module(settings.ROOT_URLCONF)  # else each process would load the whole API at its first request
