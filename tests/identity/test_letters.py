"""Mails about one's own account: the page is answered before any mail server is asked."""

from typing import Any

import pytest
from django.core import mail
from django.db import ProgrammingError, connection, transaction
from django.test import Client

from prm.kernel.identity import letters
from prm.kernel.identity.models import Letter
from tests.cast import bo
from tests.world import logged_in_as


def asked_for_a_new_password() -> None:
    assert Client().post("/account/password/reset/", {"email": bo.email}).status_code == 302


class TestALetter:
    def test_waits_for_the_worker_and_is_forgotten_once_it_was_handed_over(self, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        mail.outbox = []
        asked_for_a_new_password()
        assert mail.outbox == []
        with logged_in_as("worker"):
            assert "password/reset" not in Letter.objects.get().text  # a copy of the table opens no account
            assert letters.deliver_due() == 1
            assert not Letter.objects.exists()
            assert letters.deliver_due() == 0
        assert mail.outbox[0].to == [bo.email]
        assert "/account/password/reset/key/" in mail.outbox[0].body

    def test_is_tried_again_when_the_mail_server_was_away_under_the_same_message_id(self, settings: Any) -> None:
        settings.EMAIL_BACKEND, settings.EMAIL_PORT = "django.core.mail.backends.smtp.EmailBackend", 1
        asked_for_a_new_password()
        with logged_in_as("worker"):
            assert letters.deliver_due() == 0
            waiting = Letter.objects.get()
            assert (waiting.attempt, bool(waiting.error)) == (1, True)
            settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
            mail.outbox = []
            Letter.objects.update(not_before=waiting.recorded_at)
            assert letters.deliver_due() == 1
        assert mail.outbox[0].extra_headers["Message-ID"] == waiting.message_id

    def test_can_be_read_by_nobody_but_the_worker(self) -> None:
        asked_for_a_new_password()
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic(), connection.cursor() as c:
            c.execute("SELECT text FROM identity_letter")
