"""The shop as a WSGI application. `kitloop-shop serve` runs it together with the background threads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kitloop_storefront.settings")
application = get_wsgi_application()
