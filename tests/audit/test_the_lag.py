"""How long entries wait to be sealed: for a monitor, and on the audit's own page."""

import re

from partners.models import Partner
from prm.kernel import audit
from prm.kernel.audit import sealing
from tests import world
from tests.cast import aud, client_of, olivia, vendor


def written(count: int) -> None:
    with vendor() as now:
        for _number in range(count):
            audit.record("test.made", target=Partner.objects.first(), actor=olivia.actor, at=now)


def seal() -> None:
    with world.logged_in_as("worker"):
        sealing.seal_all()


class TestTheLag:
    def test_stands_in_the_metrics(self, settings, client):
        settings.METRICS_TOKEN = "secret"
        seal()
        for waiting in (0, 2):
            written(waiting)
            told = client.get("/metrics", headers={"Authorization": "Bearer secret"}).content.decode()
            found = re.search(r"^prm_audit_unsealed_entries (\S+)$", told, re.MULTILINE)
            assert found
            assert float(found[1]) == waiting
            assert "prm_audit_sealing_lag_seconds" in told

    def test_is_told_on_the_audits_page(self):
        seal()
        written(1)
        assert "1 entry waits to be sealed" in client_of(aud).get("/console/audit/").content.decode()
        seal()
        told = client_of(aud).get("/console/audit/").content.decode()
        assert "Sealed up to block" in told
        assert "to be sealed" not in told
