"""The web server process: `gunicorn --config python:config.gunicorn config.wsgi`."""

import os

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
threads = 8
graceful_timeout = 10
# Otherwise gunicorn opens a socket in the home folder of whoever runs it.
control_socket_disable = True
logconfig_dict = settings.LOGGING
