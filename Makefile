# `make` alone lists the targets. Everything runs from .venv; nothing is installed elsewhere.
.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SANDBOX_PORT ?= 8765
SALESFORCE_PORT ?= 8766
MARKETO_PORT ?= 8767

# dbt and the loader find the profile beside the project, wherever the user's own lives.
export DBT_PROFILES_DIR ?= $(CURDIR)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

.PHONY: setup
setup: $(VENV)/.installed profiles.yml ## make the environment (.venv) and profiles.yml, if there is none

$(VENV)/.installed: requirements.lock requirements-build.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-build.lock -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

profiles.yml:
	cp profiles.example.yml profiles.yml

.PHONY: demo
demo: setup ## sample data -> dbt build -> publish to a local Gainsight, Salesforce and Marketo -> a summary
	@$(BIN)/python scripts/demo.py

.PHONY: sample
sample: setup ## write the sample data to sample/raw
	$(BIN)/python -m sample --out sample/raw --force

.PHONY: build
build: setup ## dbt build of the raw files under RAW_PATH, as production does; VARS='{as_of: 2026-06-30}' sets dbt's vars
	@$(BIN)/python scripts/registry.py --check
	$(BIN)/dbt build --exclude-resource-type unit_test $(if $(VARS),--vars '$(VARS)')

.PHONY: labels
labels: setup ## write suggested labels of instances, to be looked over, into RAW_PATH
	@$(BIN)/python scripts/labels.py

.PHONY: sandbox
sandbox: setup ## serve the local Gainsight on port 8765 until Ctrl-C
	$(BIN)/python -m sandbox --port $(SANDBOX_PORT)

.PHONY: sandbox-salesforce
sandbox-salesforce: setup ## serve the local Salesforce on port 8766 until Ctrl-C
	$(BIN)/python -m sandbox salesforce --port $(SALESFORCE_PORT)

.PHONY: sandbox-marketo
sandbox-marketo: setup ## serve the local Marketo on port 8767 until Ctrl-C
	$(BIN)/python -m sandbox marketo --port $(MARKETO_PORT)

# What the app and its tests need besides (requirements-dashboard.lock), so that nothing else is heavier for it.
$(VENV)/.dashboard: $(VENV)/.installed requirements-dashboard.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dashboard.lock
	@touch $@

# The oldest Streamlit that is supported, with what it needs of its age, for one test in a browser; in a folder of its own.
OLDEST := build/streamlit-oldest
$(OLDEST)/.installed: $(VENV)/.installed requirements-streamlit-oldest.lock
	rm -rf $(OLDEST)
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes --target $(OLDEST) -r requirements-streamlit-oldest.lock
	@touch $@

.PHONY: pictures
pictures: setup $(VENV)/.dashboard ## take the README's pictures of the dashboard anew (needs Chromium)
	PICTURES=docs/images $(BIN)/python -m pytest -q tests/project/test_app_browser.py -k pictures

.PHONY: dashboard
dashboard: setup $(VENV)/.dashboard ## open the dashboard, an app, over the mart that the dbt profile names, until Ctrl-C
	$(BIN)/python -m streamlit run dashboard/app/main.py --browser.gatherUsageStats false --client.toolbarMode viewer

.PHONY: report
report: setup $(VENV)/.dashboard ## write a report for every customer to build/reports, from the mart that the dbt profile names
	$(BIN)/python -m dashboard report --all --out build/reports

# What builds the site of the docs.
$(VENV)/.docs: $(VENV)/.installed requirements-docs.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-docs.lock
	@touch $@

.PHONY: docs
docs: setup $(VENV)/.docs ## make a site of the docs: build/site/index.html, which needs no server and no network
	$(BIN)/python scripts/site.py

.PHONY: registry
registry: setup ## after adding a metric or a model: registry, publish contract, dictionary, pages of columns, of Salesforce, of Gainsight, of Marketo and of the graph
	$(BIN)/python scripts/registry.py
	$(BIN)/python scripts/columns.py
	$(BIN)/python scripts/salesforce.py
	$(BIN)/python scripts/gainsight.py
	$(BIN)/python scripts/marketo.py
	$(BIN)/dbt --quiet parse
	$(BIN)/python scripts/lineage.py

# Side by side: the loader's tests mostly wait for their own servers, dbt's do not. At the end: what was not run, and why.
SYNC := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: test
test: setup $(VENV)/.dashboard $(VENV)/.docs $(OLDEST)/.installed ## every test, and what of `make lint` takes seconds
	@rm -rf build/not-run && mkdir -p build/not-run
	@$(MAKE) --no-print-directory -j7 $(SYNC) lint-code test-sample test-dbt test-loader test-loader-rest test-destinations test-snowflake; ended=$$?; cat build/not-run/*; exit $$ended

# Six suites side by side. What several modules look at is made once a suite: of the project's tests one has those that look at
# the build of the sample, its history or its first days of June, at the worked examples, or at a folder or project that is spoilt.
TEST = $(BIN)/python -m pytest -q -m "not long"
OF_SAMPLE := $(sort $(shell grep -lE 'sample_(bench|mart)\b|history: History|worked_mart\b|spoilt_bench\b|early_june: ' tests/project/test_*.py))

.PHONY: test-sample
test-sample: setup $(VENV)/.dashboard $(VENV)/.docs $(OLDEST)/.installed
	NOT_RUN=build/not-run/sample $(TEST) $(OF_SAMPLE)

.PHONY: test-dbt
test-dbt: setup $(VENV)/.dashboard $(VENV)/.docs
	NOT_RUN=build/not-run/dbt $(TEST) $(filter-out $(OF_SAMPLE),$(sort $(wildcard tests/project/test_*.py)))

.PHONY: test-loader
test-loader: setup
	NOT_RUN=build/not-run/loader $(TEST) $(sort $(wildcard tests/loader/test_[a-k]*.py))

.PHONY: test-loader-rest
test-loader-rest: setup
	NOT_RUN=build/not-run/loader-rest $(TEST) $(sort $(wildcard tests/loader/test_[l-z]*.py))

.PHONY: test-destinations
test-destinations: setup
	NOT_RUN=build/not-run/destinations $(TEST) $(sort $(dir $(wildcard tests/loader/*/test_*.py)))

.PHONY: test-snowflake
test-snowflake: setup $(VENV)/.dashboard
	NOT_RUN=build/not-run/snowflake $(TEST) tests/snowflake

.PHONY: test-long
test-long: setup $(VENV)/.dashboard $(VENV)/.docs $(OLDEST)/.installed ## the tests that take minutes, with dbt as it is
	PLAIN_DBT=1 $(BIN)/python -m pytest -q -m long

.PHONY: bench
bench: setup ## measure building and publishing (about 10 minutes) and write docs/benchmarks.md
	$(BIN)/python -m benchmarks

.PHONY: lint-code
lint-code: setup
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --quiet --check .
	$(BIN)/mypy
	$(BIN)/python scripts/registry.py --check
	$(BIN)/python scripts/salesforce.py --check
	$(BIN)/python scripts/gainsight.py --check
	$(BIN)/python scripts/marketo.py --check

.PHONY: lint
lint: lint-code ## ruff, mypy, the pages that are made, and sqlfluff, which takes two minutes
	$(BIN)/sqlfluff lint models

.PHONY: clean
clean: ## remove what dbt, tests and the demo wrote (not .venv, not your profile)
	rm -rf target logs build .sandbox customer_health.duckdb* .pytest_cache .mypy_cache .ruff_cache
