# Every command a person runs; CI runs the same ones.
PY := .venv/bin/python
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1
# Three files of tests at a time, since each waits a quarter of its time for its peers;
# ARGS="-n 0" runs one after the other, for a debugger.
SIDE_BY_SIDE := -n 3 --dist loadfile --no-loadscope-reorder
.PHONY: setup setup-dev demo test test-long check bench docs lock clean help

help:            ## This list.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

.venv/runtime.stamp: requirements.lock
	@test -x $(PY) || python3 -m venv .venv
	@echo "installing the locked runtime (once)..."
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@touch $@

.venv/dev.stamp: requirements-dev.lock
	@test -x $(PY) || python3 -m venv .venv
	@echo "installing the locked development tools (once)..."
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch $@ .venv/runtime.stamp

# `accord show`, `accord trace`: runs from this checkout, wherever it is called from.
.venv/bin/accord: Makefile
	@mkdir -p .venv/bin
	@printf '#!/bin/sh\n# Written by `make setup`.\nPYTHONPATH="%s" exec "%s/.venv/bin/python" -P -m deployments.door "$$@"\n' '$(CURDIR)' '$(CURDIR)' > $@
	@chmod 755 $@

setup: .venv/runtime.stamp .venv/bin/accord  ## Virtual environment with the locked runtime.
setup-dev: .venv/dev.stamp .venv/bin/accord  ## ... and the development tools.

demo: setup      ## The main job on one machine; KEEP=1 leaves it up.
	@$(PY) -m deployments.demo $(if $(KEEP),--keep,)

test: setup-dev  ## The tests (about 15 minutes on two cores; more on slow ones).
	@$(PY) -m pytest -m "not long" -q $(SIDE_BY_SIDE) $(ARGS)

test-long: setup-dev  ## The long suites.
	@$(PY) -m pytest -m long -q --timeout=1500 -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup-dev  ## Format, lint, types, imports, docs; counts failures, stops at none.
	@$(PY) -m deployments.check

bench: setup-dev  ## Figures against goals; ONLY=prefix chooses.
	@$(PY) -m bench $(if $(ONLY),--only $(ONLY),)

docs: setup-dev   ## docs/processes from tests/spec.
	@$(PY) -m tests.spec.manual

lock: setup-dev   ## Resolve again; writes names, versions and hashes only.
	@$(PY) -m uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --extra sandbox -o requirements.lock pyproject.toml
	@$(PY) -m uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --extra sandbox --group dev -c requirements.lock -o requirements-dev.lock pyproject.toml

clean:           ## Remove what the commands above made.
	@rm -rf .venv .run .mypy_cache .ruff_cache .hypothesis
