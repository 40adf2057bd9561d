"""Connectors by kind of connection."""

from integrations.connectors.base import (
    Connector,
    Described,
    Failed,
    Kind,
    Line,
    Parcel,
    Receipt,
    RemoteField,
    Trouble,
)

__all__ = [
    "Connector",
    "Described",
    "Failed",
    "Kind",
    "Line",
    "Parcel",
    "Receipt",
    "RemoteField",
    "Trouble",
    "connector_of",
]


def connector_of(kind: str) -> Connector:
    """The connector of a kind. Imported when it is used: Salesforce's brings an XML library that no page needs."""
    if kind == "salesforce":
        from integrations.connectors.salesforce import Salesforce

        return Salesforce()
    from integrations.connectors.webhook import Webhook

    return Webhook()
