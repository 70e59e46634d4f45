# Everything runs from .venv, which is made from the lock whenever the lock or the package changes.
# Needed on the machine: python3 (3.11 or newer), make and git.

PYTHON := python3
VENV := .venv
LOCK := requirements/all.txt
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALLED := $(VENV)/.installed
# What the service needs: a third of the packages. A newcomer waits for the first demo.
SERVICE_INSTALLED := $(VENV)/.service-installed
# `make lock` keeps the pins that still fit; `make lock UPGRADE=--upgrade` takes the newest.
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' $(UPGRADE)
# `make test TESTS=tests/unit` runs a part.
TESTS :=
WORKERS := 4
# Coverage hardly needs these, and its tracing makes them twice as slow: most of their work is done
# by servers and browsers, or again and again by simulators and state machines.
UNCOVERED := $(addprefix tests/integration/,sql/test_machine.py sql/test_simulation.py sql/test_months.py \
	benchmarks board chaos demo deploy docs end_to_end gate_day gate_page observing packaging servers \
	soak storefront) tests/unit/simulation tests/unit/test_money_life.py

.PHONY: help demo test test-runs coverage test-uncovered test-lowest test-python test-stripe simulate \
	fuzz bench bench-long failover soak restarts check types docs format lock clean
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# `make demo DEMO='--frontend-url http://localhost:3000 --no-storefront'`: docs/your-frontend.md.
# As it was written, since a key may hold a dollar sign.
demo: $(if $(wildcard $(INSTALLED)),$(INSTALLED),$(SERVICE_INSTALLED)) ## Sell a ticket on this machine: sandbox, API and storefront
	@$(BIN)/ticketing demo $(value DEMO)

# worksteal: a few tests (races, simulator, browser) last far longer than the rest.
# Four workers, also on two cores: half of the time tests wait for processes. Not more: each worker
# has a PostgreSQL of its own, and the race tests start processes.
test: $(INSTALLED) ## Run all tests
	@$(BIN)/python -m pytest --numprocesses=$(WORKERS) --dist=worksteal $(TESTS)

# They load both cores, so none of the other tests runs beside them.
test-runs: $(INSTALLED) ## Run bench, failover and soak in their shortest forms, as tests (4 minutes)
	@$(MAKE) --no-print-directory test TESTS='benchmarks tests/failover tests/soak' WORKERS=2

coverage: ## Run the tests that coverage needs, and fail if that of a package has fallen
	@$(MAKE) --no-print-directory test TESTS='--cov --cov-report= -p tests.support.coverage_floors \
		$(addprefix --ignore=,$(UNCOVERED))'

test-uncovered: ## Run the tests that `make coverage` leaves out
	@$(MAKE) --no-print-directory test TESTS='$(UNCOVERED)'

test-lowest: ## Run the tests with the lowest versions that pyproject.toml allows
	@$(MAKE) --no-print-directory test VENV=.venv-lowest LOCK=requirements/lowest.txt

test-python: ## Run the tests on another Python: make test-python PYTHON=python3.13
	@$(PYTHON) --version >/dev/null 2>&1 \
		|| { echo '$(PYTHON) does not run here; PYTHON may be a path, too.' >&2; exit 1; }
	@$(MAKE) --no-print-directory test VENV=.venv-$(notdir $(PYTHON))

# It buys, refunds and disputes there. The tests refuse a live key.
test-stripe: $(INSTALLED) ## Ask Stripe's test mode what the sandbox takes for granted (needs a key)
	@test -n "$$TICKETING_STRIPE_TEST_KEY" \
		|| { echo 'Set TICKETING_STRIPE_TEST_KEY to a key that begins with sk_test_.' >&2; exit 1; }
	@$(BIN)/python -m pytest --verbose tests/integration/real_stripe

# `make simulate SEARCH='--seed 1000000 --lives 10000'` goes on with other seeds.
simulate: $(INSTALLED) ## Search for schedules that lose money or tickets (10 minutes, all cores)
	@$(BIN)/python -m tests.unit.simulation.searching --deep $(SEARCH)

# `make fuzz FUZZ='--seed 1764322000 --attack paths'` repeats what has failed.
fuzz: $(INSTALLED) ## Attack the service with 100,000 odd inputs (10 minutes)
	@$(BIN)/python -m tests.fuzz $(FUZZ)

# Nothing else may run on the machine meanwhile. Ends with 1 if an audit finds anything wrong.
bench: $(INSTALLED) ## Measure against yardsticks, and audit the books (under 10 minutes)
	@$(BIN)/python -m benchmarks $(BENCH)

bench-long: $(INSTALLED) ## All figures, with a million requests and five million tickets
	@$(BIN)/python -m benchmarks --long $(BENCH)

# Needs root and Debian's packages patroni, etcd-server, haproxy and postgresql. It changes nothing
# outside of its own namespaces. `make failover FAILOVER='--failovers 20 --kills 100'` is the long form.
failover: $(INSTALLED) ## Let machines of the database fail under load, and audit the sales (6 minutes)
	@$(BIN)/python -m tests.failover $(FAILOVER)

# `make soak SOAK='--minutes 60'` is the long form. It draws soak.svg.
soak: $(INSTALLED) ## Sell for long under faults, and judge memory and books (10 minutes)
	@$(BIN)/python -m tests.soak $(SOAK)

# On a machine that other work fills, calls are refused without a restart, too.
# `make restarts RESTARTS='--times 4'` is a short form.
restarts: $(INSTALLED) ## Restart a hundred times under load, with migrations (20 minutes)
	@$(BIN)/python -m tests.restarts $(RESTARTS)

check: $(INSTALLED) ## Lint, check the format, the types and the architecture
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Needs node and npm on the machine. The test finds the compiler there. Node has certificates of its
# own; the machine's are the ones that also hold behind a company's proxy.
types: $(INSTALLED) .venv/typescript/.installed .venv/frontend/.installed ## Compile the pages' calls against the API's document
	@$(BIN)/python -m pytest --quiet tests/typescript

.venv/typescript/.installed: tests/typescript/package.json tests/typescript/package-lock.json
.venv/frontend/.installed: examples/frontend/package.json examples/frontend/package-lock.json
.venv/typescript/.installed .venv/frontend/.installed:
	@mkdir -p $(@D)
	@cp $^ $(<D)/.npmrc $(@D)
	@NODE_OPTIONS=--use-openssl-ca npm --prefix $(@D) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# A test does the same, and looks whether the site needs another host.
docs: $(INSTALLED) ## Build the site of the documents into site/, and check their links
	@$(BIN)/sphinx-build --fail-on-warning --quiet --conf-dir docs . site
	@echo 'site/index.html'

format: $(INSTALLED) ## Format the code and fix what can be fixed safely
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: $(INSTALLED) ## Renew the lock files from pyproject.toml
	$(COMPILE) --extra server --extra test --extra dev --output-file requirements/all.txt \
		pyproject.toml
	$(COMPILE) --extra server --extra test --extra dev --resolution lowest-direct \
		--output-file requirements/lowest.txt pyproject.toml
# What the image has: the service and what builds its wheel, at the versions that were tested.
	$(COMPILE) --extra server --constraint requirements/all.txt \
		--output-file requirements/server.txt pyproject.toml
	$(COMPILE) --constraint requirements/all.txt \
		--output-file requirements/build.txt requirements/build.in
	$(COMPILE) --no-deps --output-file requirements/stripe-openapi.txt \
		requirements/stripe-openapi.in

clean: ## Remove the virtual environments and everything else the tools made
	rm -rf .venv .venv-* .coverage* dist site .hypothesis .import_linter_cache .mypy_cache .pytest_cache \
		.ruff_cache .schemathesis .screenshots
	find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	|| { echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ...' >&2; exit 1; }
@echo 'Installing into $(VENV) (once, a minute or two) ...'
@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
@# `--no-deps`: a lock is complete, and pip does not match `coverage[toml]` with its pin.
@$(PIP) install --require-hashes --no-deps $(addprefix --requirement=,$(filter %.txt,$^))
@$(PIP) install --no-deps --no-build-isolation --editable .
@touch $@
endef

PACKAGE := pyproject.toml src/ticketing_core/_version.py

$(INSTALLED): $(LOCK) requirements/stripe-openapi.txt $(PACKAGE)
	$(install)

$(SERVICE_INSTALLED): requirements/server.txt requirements/build.txt $(PACKAGE)
	$(install)
