"""The console's faces: they parse, call an action, and show what came of it."""

EVERYBODY = ("admin", "ops", "approver", "cam", "finance", "legal", "sales", "auditor")
WORKERS = EVERYBODY[:-1]  # an auditor reads all and changes nothing
DISPATCHERS = ("admin", "ops")
