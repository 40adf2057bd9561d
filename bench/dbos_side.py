"""DBOS doing what bench_workflows.py compares us by; runs in var/bench-dbos, which has nothing of ours.

`worker <database address>` works until it is stopped; `enqueue <address>` reads `count rate` lines from its
standard input, enqueues and answers with the moment of each. As DBOS's documents advise for speed and for
effects that happen exactly once: steps are transactions of its SQLAlchemy data source, which keeps their results
in the same database and transaction as the business row; one queue, polled often, without limits that cost
queries; threads enough. The steps' isolation is READ COMMITTED as ours is, and not the slower default.
"""

import json
import os
import sys
import time
import uuid

import sqlalchemy
from dbos import DBOS, DBOSClient, SQLAlchemyDatasource

QUEUE, STEPS = "five", 5
POLLING = float(os.environ.get("BENCH_DBOS_POLLING", "0.01"))
CONCURRENCY = int(os.environ.get("BENCH_DBOS_CONCURRENCY", "8"))
_WRITE = sqlalchemy.text(
    "INSERT INTO bench_write (id, tenant_id, subject_id, step, amount) VALUES (:id, :tenant, :subject, :step, :amount)"
)


def engine_for(address: str) -> sqlalchemy.Engine:
    """No ping before each use: that is a trip less than DBOS's own engine makes."""
    return sqlalchemy.create_engine(address, pool_size=20, max_overflow=10)


def work(address: str) -> None:
    """Register the workflow and its queue, then work."""
    source = SQLAlchemyDatasource.create(database_url=address, engine=engine_for(address))
    DBOS(
        config={
            "name": "bench",
            "system_database_url": address,
            "system_database_engine": engine_for(address),
            "executor_id": f"worker-{os.getpid()}",
            "application_version": "1",
            "log_level": "ERROR",
            "max_executor_threads": CONCURRENCY * 2,
        }
    )

    @source.transaction(isolation_level="READ COMMITTED")
    def write(subject: str, tenant: str, step: int) -> str:
        row = {"id": uuid.uuid4(), "tenant": tenant, "subject": subject, "step": step, "amount": 100 + step}
        source.sql_session().execute(_WRITE, row)
        return "done"

    @DBOS.workflow(name="five")
    def five(subject: str, tenant: str) -> str:
        for step in range(STEPS):
            write(subject, tenant, step)
        return "done"

    DBOS.launch()
    DBOS.register_queue(QUEUE, polling_interval_sec=POLLING, worker_concurrency=CONCURRENCY)
    print("ready", flush=True)
    sys.stdin.read()  # until whoever started us is gone


def enqueue(address: str) -> None:
    """Enqueue as many as asked for, so many a second (0: at once)."""
    client = DBOSClient(system_database_engine=engine_for(address), application_name="bench")
    tenant = str(uuid.uuid4())
    print("ready", flush=True)
    for line in sys.stdin:
        count, rate = (float(part) for part in line.split())
        begun, start = {}, time.time()
        for number in range(int(count)):
            if rate:
                time.sleep(max(0.0, start + number / rate - time.time()))
            name = str(uuid.uuid4())
            begun[name] = time.time()
            client.enqueue({"workflow_name": "five", "queue_name": QUEUE, "workflow_id": name}, name, tenant)
        print(json.dumps(begun), flush=True)


if __name__ == "__main__":
    (work if sys.argv[1] == "worker" else enqueue)(sys.argv[2])
