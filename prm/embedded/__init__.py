"""The program's own PostgreSQL and Redis, for demo, tests and benchmarks, and the supervisor of `make demo`."""
