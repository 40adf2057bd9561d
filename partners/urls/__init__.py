"""Addresses of this app, by audience."""
