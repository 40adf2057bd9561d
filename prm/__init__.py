"""The composition root: settings, URLs, Celery, and the start of the program.

It imports nothing by itself, so that `python -m prm.kernel.audit.offline` needs Python alone. Celery finds its
app in `prm.celery`.
"""
