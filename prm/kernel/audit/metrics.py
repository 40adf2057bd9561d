"""What a monitor asks about the audit: how much is not sealed yet, and for how long."""

from collections.abc import Iterator

from django.db import DatabaseError, connection
from prometheus_client.core import REGISTRY, GaugeMetricFamily
from prometheus_client.registry import Collector

_WAITS = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0) FROM audit_auditunsealed
"""


class Sealing(Collector):
    """Read from PostgreSQL at each scrape: any web process tells the same."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            with connection.cursor() as cursor:
                cursor.execute(_WAITS)
                count, seconds = cursor.fetchone()
        except DatabaseError:
            return  # /readyz tells of it
        yield GaugeMetricFamily("prm_audit_unsealed_entries", "Audit entries in no block yet", value=count)
        yield GaugeMetricFamily(
            "prm_audit_sealing_lag_seconds", "Age of the oldest audit entry in no block", value=float(max(seconds, 0))
        )

    def describe(self) -> list[GaugeMetricFamily]:
        return []  # asks nothing of a database that may not be there yet


_SEALING = Sealing()


def register() -> None:
    """Tell it on /metrics; once in a process."""
    if _SEALING not in REGISTRY._collector_to_names:
        REGISTRY.register(_SEALING)
