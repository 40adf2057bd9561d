# Everything that one does here; `make help` lists it. Needs Python 3.11 or later and nothing else.
.DEFAULT_GOAL := help
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
# The first Python on PATH that is new enough.
find-python = for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  command -v $$name >/dev/null 2>&1 || continue; \
	  $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && found=$$name && break; done; \
	  test -n "$$found" || { echo "Python 3.11 or later is needed, and there is none on PATH." >&2; exit 1; }
install = @$(find-python); exec $$found requirements/install.py
TESTS ?= tests
BENCHES := $(basename $(notdir $(sort $(wildcard bench/bench_*.py))))
STRICT := prm/kernel $(wildcard */rules.py */rules */actions.py */actions */queries.py */queries)

.PHONY: $(BENCHES) bench-workflows bench-conflicts bench-conflicts-scale help demo demo-reset test test-api test-browser test-faults faults lint types bench shell migrate css clean install dev

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: install ## run the whole program with a demo vendor (PORT=8000, ACCOUNTS=customers.csv); Ctrl-C stops it
	@exec $(PY) -m prm.embedded demo

demo-reset: install ## remove the demo's data, so that the next `make demo` begins anew
	@exec $(PY) -m prm.embedded reset --kind demo

test: dev ## every test but those of the browser, of the whole API and the long fault tests (TESTS=tests/dealreg for some)
	@exec $(PY) -m pytest -n auto --durations=12 -m "not browser and not faults and not api" $(TESTS)

test-api: dev ## schemathesis on every address of the API, with three keys; takes minutes (MAX_EXAMPLES=20)
	@MAX_EXAMPLES=$(or $(MAX_EXAMPLES),20) exec $(PY) -m pytest -m api tests/api

test-browser: dev ## the browser tests; they need Chromium and say so where there is none (PICK='-k "not dark and not phone"')
	@command -v "$${CHROMIUM:-chromium}" >/dev/null || { echo "There is no Chromium: install Debian's package \`chromium\`, or say where it is with CHROMIUM=…" >&2; exit 1; }
	@exec $(PY) -m pytest -n 2 --dist worksteal --durations=12 -m browser $(PICK) $(TESTS)

test-faults: dev ## the tests that kill workers and servers; they take minutes
	@exec $(PY) -m pytest -m faults $(TESTS)

faults: dev ## a campaign of everything that can go wrong, ten minutes long (SEED=7, SECONDS=60)
	@exec $(PY) -m tests.faults.storm --seconds $(or $(SECONDS),600) $(if $(SEED),--seed $(SEED))

lint: dev ## style, format, the direction of imports, and the licences of all that is installed
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports
	@$(PY) -m tests.architecture.licences

types: dev ## mypy, strict on the kernel and on rules, actions and queries
	@$(PY) -m mypy $(STRICT)

bench: dev ## every benchmark (bench/bench_*.py; `make bench_…` runs one); fails when one misses its bar
	@$(PY) -m prm.embedded start --kind bench
	@missed=; for one in $(BENCHES); do echo "== $$one"; PRM_EMBEDDED=bench $(PY) -m bench.$$one || missed="$$missed $$one"; done; \
	  $(PY) -m prm.embedded stop --kind bench; test -z "$$missed" || { echo "missed:$$missed" >&2; exit 1; }

bench-workflows: bench_workflows ## workflows beside DBOS: throughput, waits, timers, a flooding vendor

bench-conflicts: bench_conflicts ## the matcher beside others, on your own pairs (PAIRS=company_pairs.csv ACCOUNTS=accounts.csv.gz)

bench-conflicts-scale: bench_conflicts_scale ## conflict checks among a million accounts (QUICK=1 for a hundredth)

$(BENCHES): dev
	@PRM_EMBEDDED=bench $(PY) -m prm.embedded start --kind bench
	@PRM_EMBEDDED=bench $(PY) -m bench.$@; done=$$?; $(PY) -m prm.embedded stop --kind bench; exit $$done

shell: install ## a Python prompt with the models, on the demo's database
	@exec $(PY) -m prm.embedded shell

migrate: install ## bring the demo's database up to the code
	@exec $(PY) -m prm.embedded migrate

css: ## compile static/ from the design system's sources (needs Node.js; the result is committed)
	npm ci && npm run css

clean: ## remove the environment and everything kept under var/, the demo's data too
	@if test -x $(PY) && test -d var; then for kind in demo test bench; do $(PY) -m prm.embedded reset --kind $$kind || exit 1; done; fi
	rm -rf .venv var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

install:
	$(install) runtime

dev:
	$(install) dev
