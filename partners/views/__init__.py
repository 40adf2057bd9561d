"""Faces of partners: they parse, authorise, call an action, present."""
