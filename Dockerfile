# One image for every process of the program; PRM_ROLE and the command say which one it is.
FROM python:3.11-slim
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --system --uid 10001 --create-home --home-dir /srv/prm prm
WORKDIR /srv/prm
COPY requirements/runtime.lock requirements/runtime.lock
RUN pip install --require-hashes --only-binary :all: -r requirements/runtime.lock
COPY --chown=prm:prm . .
RUN mkdir -p var && chown prm:prm var
USER prm
VOLUME /srv/prm/var
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "prm.wsgi", "--bind", "0.0.0.0:8000", "--workers", "4", "--threads", "4", "--no-control-socket"]
