"""Prints what a browser is told in production; run by test_security.py as a program of its own."""

import json
import os

os.environ["DJANGO_SETTINGS_MODULE"] = "prm.settings"

import django
from django.conf import settings
from django.test import Client

django.setup()

answer = Client(headers={"host": "localhost"}).get("/account/login/", secure=True)
print(
    json.dumps(
        {
            "status": answer.status_code,
            "headers": dict(answer.headers),
            "cookies": {name: {k: v for k, v in morsel.items() if v} for name, morsel in answer.cookies.items()},
            "settings": {
                name: getattr(settings, name)
                for name in (
                    "DEBUG",
                    "SESSION_COOKIE_NAME",
                    "SESSION_COOKIE_SECURE",
                    "SESSION_COOKIE_HTTPONLY",
                    "SESSION_COOKIE_SAMESITE",
                    "API_DOCS_OPEN",
                    "METRICS_TOKEN",
                    "DEMO",
                )
            },
        }
    )
)
