"""What the audit calls the actions of connections to other systems."""

from django.utils.translation import gettext_lazy as _

ACTIONS = {
    "connection.broke": _("Connection broke"),
    "connection.change_refused": _("Changing a connection refused"),
    "connection.changed": _("Connection changed"),
    "connection.check_asked": _("Test of a connection asked for"),
    "connection.checked": _("Connection tested"),
    "connection.created": _("Connection set up"),
    "connection.existing_asked": _("Existing records asked for"),
    "connection.existing_noted": _("Existing records on their way"),
    "connection.existing_refused": _("Existing records refused"),
    "connection.mapped": _("Field mapping changed"),
    "connection.mapping_refused": _("Field mapping refused"),
    "connection.mended": _("Connection works again"),
    "connection.paused": _("Connection paused"),
    "connection.secret_set": _("Secret of a connection set"),
    "connection.switch_refused": _("Switching a connection refused"),
    "connection.switched_on": _("Connection switched on"),
    "sync.asked_for": _("Change to another system asked for"),
    "sync.died": _("Change to another system given up"),
    "sync.retried": _("Change to another system tried again"),
    "sync.retry_refused": _("Trying a change again refused"),
    "sync.skip_refused": _("Skipping a change refused"),
    "sync.skipped": _("Change to another system skipped"),
}
