# make setup   creates .venv with .venv/bin/amika, amika-agent and amika-tray
# make run     runs the main job on the embedded local workspace     ARGS="--yes --once" are flags of `amika up`
# make test    runs every check and every test                       ARGS="-k sign_in" are flags of pytest
# make lint    runs the checks alone
# make bench   prints the table of measurements                      ARGS="--quick"
# make screenshots   takes the pictures of the documents anew, on a virtual desktop
# make bundle  builds dist/amika: the three programs in one folder that needs no Python
# make release KEY=FILE   packs and signs that folder: docs/releasing.md
# make lock    locks the newest allowed versions again (hashes, no addresses)
# make clean   removes what these commands made
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
BIN := .venv/bin
ARGS ?=
KEY ?=
# tests that start desktops and processes share one worker ("serial" in tests/conftest.py), the others use the rest
WORKERS := $(shell n=$$(nproc 2>/dev/null || echo 2); echo $$((n < 2 ? 2 : n > 4 ? 4 : n)))
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url --upgrade

.PHONY: help setup dev desktop run test lint bench bundle release screenshots lock clean
.NOTPARALLEL:

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

setup:
	@requirements/venv.sh run

dev:
	@requirements/venv.sh dev

# the tray's libraries are asked for only where there is a display to show it on
run: setup
	@[ "$$(command -v amika)" -ef $(BIN)/amika ] || echo "run: the command \`amika\` is $(BIN)/amika here" >&2; \
	tray=; \
	if [ -n "$${DISPLAY:-}$${WAYLAND_DISPLAY:-}" ] && ! requirements/system.sh -r requirements/system-tray.txt; then \
		echo "run: going on without the tray"; tray=--no-tray; \
	fi; \
	exec $(BIN)/amika up --local $$tray $(ARGS)

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# first of all, so that whoever has to install something by hand is told everything in one line
desktop:
	@requirements/system.sh -r requirements/system-tray.txt requirements/system-test.txt

test: desktop lint
	@NPM_CONFIG_UPDATE_NOTIFIER=false $(BIN)/python tests/process/install_oidc_provider.py || \
		echo "test: the certified authorization server could not be fetched by npm; its tests will be skipped" >&2
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

bench: dev
	@$(BIN)/python -m tests.benchmarks $(ARGS)

screenshots: desktop dev
	$(BIN)/python -m tests.desktop.screenshots

bundle:
	@requirements/system.sh binutils libpython3-dev
	@packaging/bundle.sh

release: bundle
	@requirements/system.sh openssh-client
	@packaging/release.sh "$(KEY)"

lock: dev
	$(COMPILE) requirements/bootstrap.in -o requirements/bootstrap.txt
	$(COMPILE) pyproject.toml --extra tray --group build --group dev -o requirements/dev.txt
	$(COMPILE) pyproject.toml --extra tray --group build -c requirements/dev.txt -o requirements/run.txt
	$(COMPILE) pyproject.toml --extra tray --group build --group bundle -c requirements/dev.txt -o requirements/bundle.txt

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist tests/output
	find agent shared tray tests packaging -name __pycache__ -type d -prune -exec rm -rf {} +
