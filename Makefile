# A fresh machine needs Python 3.11 or newer, git and make. Everything else is set up here, in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo serve test test-deep coverage mutate lint contract docs bench lock sbom wheel release clean

demo: $(VENV)/core
	$(BIN)/python examples/demo.py demo-output

serve: $(VENV)/service
	$(BIN)/mews-newtt serve

test: $(VENV)/dev
	$(BIN)/python -m pytest -n auto

test-deep: $(VENV)/deep $(VENV)/dbt/ready
	$(BIN)/python -m pytest -n auto -m deep

# Branch coverage of the library and the service by the fast tests, subprocesses too; docs/coverage.md says what is not covered and why.
coverage: $(VENV)/dev
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto $(TESTS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Wrong code put in on purpose must make the tests fail; GROUPS names some of the groups, TRIES how many changes of each.
mutate: $(VENV)/mutation
	$(BIN)/python tests/mutate.py $(GROUPS) --tries $(or $(TRIES),60)

lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mews-newtt check rules/*/*.toml rules/parameters.toml

# The contract of the service as a file: a change to it shows in review, and a test fails where the file is old.
contract: $(VENV)/service
	$(BIN)/python -m mews_newtt_service.contract service/openapi.json docs/schemas

# The documents as a site in build/site. It has an environment of its own; a warning or a broken link is an error.
docs: $(VENV)/docs/ready
	NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(VENV)/docs/bin/mkdocs build --quiet --strict -f site/mkdocs.yml
	$(VENV)/docs/bin/python site/check_offline.py build/site

bench: $(VENV)/bench
	$(BIN)/python benchmarks/one_score.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/batch_scoring.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/engines.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/sql.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/in_memory.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/file_scoring.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/plans.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/tracking.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/validation.py $(if $(QUICK),--quick)
	$(BIN)/python benchmarks/service_load.py $(if $(QUICK),--seconds 2 --rounds 2 --rows 200000)

# The set-ups are marked by files, so that they run once; pip checks every download against the lock's hashes.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

$(VENV)/core: requirements/core.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements/core.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/service: requirements/service.txt $(VENV)/core
	$(PIP) --require-hashes -r requirements/service.txt
	touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/core
	$(PIP) --require-hashes -r requirements/dev.txt
	touch $@

$(VENV)/mutation: requirements/mutation.txt $(VENV)/dev
	$(PIP) --require-hashes -r requirements/mutation.txt
	touch $@

$(VENV)/deep: requirements/deep.txt $(VENV)/dev
	$(PIP) --require-hashes -r requirements/deep.txt
	touch $@

$(VENV)/dbt/ready: requirements/dbt.txt $(VENV)/core
	$(PYTHON) -m venv $(VENV)/dbt
	$(VENV)/dbt/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dbt.txt
	touch $@

$(VENV)/docs/ready: requirements/docs.txt
	$(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	touch $@

$(VENV)/bench: requirements/bench.txt $(VENV)/dev
	$(PIP) --require-hashes -r requirements/bench.txt
	touch $@

# `--group` and `--extra` name parts of pyproject.toml. `make lock UPGRADE=` keeps the versions that are locked now.
UPGRADE ?= --upgrade
LOCK := $(BIN)/python -m uv pip compile --quiet $(UPGRADE) --universal --python-version 3.11 --generate-hashes --no-header
DEV := --extra otel --extra service --extra sql --group dev
lock: $(VENV)/dev
	$(LOCK) pyproject.toml requirements/build.in -o requirements/core.txt
	$(LOCK) --extra service pyproject.toml requirements/build.in -c requirements/core.txt -o requirements/service.txt
	$(LOCK) $(DEV) pyproject.toml requirements/build.in -c requirements/service.txt -o requirements/dev.txt
	$(LOCK) $(DEV) --group bench pyproject.toml requirements/build.in -c requirements/dev.txt -o requirements/bench.txt
	$(LOCK) $(DEV) --extra spark --extra ray --group clients pyproject.toml requirements/build.in -c requirements/dev.txt -o requirements/deep.txt
	$(LOCK) --no-strip-extras requirements/dbt.in -o requirements/dbt.txt
	$(LOCK) $(DEV) --group mutation pyproject.toml requirements/build.in -c requirements/dev.txt -o requirements/mutation.txt
	$(LOCK) --group docs pyproject.toml -o requirements/docs.txt
	$(LOCK) --group sbom pyproject.toml -c requirements/dev.txt -o requirements/sbom.txt
	$(MAKE) sbom

$(VENV)/sbom/ready: requirements/sbom.txt
	$(PYTHON) -m venv $(VENV)/sbom
	$(VENV)/sbom/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/sbom.txt
	touch $@

# The list of components in the wheel, from the lock files.
sbom: $(VENV)/dev $(VENV)/sbom/ready
	$(BIN)/python requirements/sbom.py $(VENV)/sbom/bin/cyclonedx-py

wheel: $(VENV)/dev
	$(BIN)/python -m build --no-isolation

# Wheel and sdist, built twice with the same bytes, installed in clean environments of the oldest and newest Python (or of those in PYTHONS), and tried.
release: $(VENV)/dev
	$(BIN)/python tests/release.py dist $(PYTHONS)

clean:
	rm -rf $(VENV) dist build demo-output
