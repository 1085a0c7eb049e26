# Twee opdrachten: `make demo` en `make test`. Alleen Python >= 3.11 en make zijn nodig.

PYTHON ?= python3
PORT ?=
FRESH ?=
BIN := .venv/bin
STAMP := .venv/.stamp
BROWSER_STAMP := .venv/.stamp-browser
DEPLOY_STAMP := .venv/.stamp-deploy
DIST := service/web/static/dist
PIP := --quiet --disable-pip-version-check --no-warn-script-location
UV ?= build/uv/bin/uv
SOAK := -m soak tests/soak tests/web/test_model.py -n 2 --dist worksteal -rP --durations=0
PG15 ?= /usr/lib/postgresql/15/bin

# Bytecode is kept, or each of the programs that the tests start would compile all of itself anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup assets demo test soak load fuzz lint bench lock sbom talen browser deploy ci clean

help: ## deze lijst
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: $(STAMP) assets ## alles klaarzetten (gebeurt vanzelf bij demo en test)

# Only when the lock changed. A venv that works is kept; one that is broken or half-made is made anew.
$(STAMP): requirements.lock
	@$(PYTHON) deploy/check_python.py
	@echo "De omgeving wordt klaargezet. Dat duurt de eerste keer een paar minuten."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install $(PIP) --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install $(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# What the browser gets; again only when something of it changed.
assets: $(DIST)/manifest.json

$(DIST)/manifest.json: $(STAMP) package-lock.json deploy/assets.py $(wildcard service/web/static/*.*)
	@$(BIN)/python deploy/assets.py

# exec: make is then the parent of the program, which stops when make is gone.
demo: setup ## het loket met een verzonnen regio; PORT=8001 andere poort, FRESH=1 opnieuw beginnen
	@exec $(BIN)/python -m service.cli demo --ouder $$PPID $(if $(PORT),--port $(PORT)) $(if $(filter-out 0,$(FRESH)),--opnieuw)

# One worker per core, each with its own servers. To look into a failure: .venv/bin/python -m pytest, in one process.
test: setup ## alle tests die niets anders nodig hebben
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist worksteal

# TEST_SEED=… plays the same again. Two at a time, because who kills, mostly waits; what they say comes at the end.
soak: setup ## lang: duizenden stappen tegen het model, 200 tegelijk, kill -9 overal (hooguit 40 minuten)
	$(BIN)/python -m pytest $(SOAK)

# TEST_SEED, TEST_FUZZ_REQUESTS and TEST_FUZZ_SHEETS; what went wrong is kept in build/fuzz, to be sent again.
fuzz: setup ## 100.000 kapotte verzoeken en 10.000 kapotte rekenbladen aan een echt proces (hooguit 15 minuten)
	$(BIN)/python -m tests.fuzz

# One stage: .venv/bin/python -m tests.load figures. What it says is only worth something on a computer that does nothing else.
load: setup ## het loket onder druk, op de grootte van het land, naar build/load.json (hooguit 20 minuten)
	$(BIN)/python -m tests.load

lint: setup ## stijl, types, pijlen, beveiliging en migraties
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy service matcher
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r service matcher deploy
	$(BIN)/squawk deploy/migrations/*.sql

bench: setup ## snelheid en geheugen naar build/bench.json
	$(BIN)/python -m tests.bench

lock: ## requirements.lock opnieuw maken uit pyproject.toml, met de nieuwste versies
	@test "$(UV)" != build/uv/bin/uv || test -x $(UV) || { $(PYTHON) -m venv build/uv && build/uv/bin/pip install $(PIP) uv; }
	UV_PYTHON_DOWNLOADS=never $(UV) lock --upgrade
	UV_PYTHON_DOWNLOADS=never $(UV) export -q --frozen --no-emit-project --no-header --group dev -o requirements.lock
	UV_PYTHON_DOWNLOADS=never $(UV) export -q --frozen --no-emit-project --no-header --only-group browser -o requirements-browser.lock
	UV_PYTHON_DOWNLOADS=never $(UV) export -q --frozen --no-emit-project --no-header --only-group deploy -o requirements-deploy.lock
	UV_PYTHON_DOWNLOADS=never $(UV) export -q --frozen --no-emit-project --no-header --no-default-groups -o requirements-run.lock
	UV_PYTHON_DOWNLOADS=never $(UV) export -q --frozen --no-emit-project --no-header --only-group build -o requirements-build.lock

talen: setup ## wat er in een andere taal te zeggen is, en wat daarvan nog niet vertaald is (docs/vertalen.md)
	$(BIN)/python deploy/talen.py --bijwerken

sbom: setup ## wat het loket van anderen gebruikt, in CycloneDX naar build/sbom.json
	$(BIN)/python deploy/sbom.py

browser: setup $(BROWSER_STAMP) ## de schermen in een echte browser (heeft Chromium nodig)
	$(BIN)/python deploy/assets.py --dev
	$(BIN)/python -m pytest -m browser tests/browser -n 2 --dist loadfile -rP

$(BROWSER_STAMP): requirements-browser.lock $(STAMP)
	@$(BIN)/python -m pip install $(PIP) --require-hashes -r requirements-browser.lock
	@touch $@

# What can be proved of deploy/ without a container engine; docs/uitrollen.md says what cannot.
deploy: setup $(DEPLOY_STAMP) ## image, compose, kubernetes en alarmen nakijken (heeft kubectl en promtool nodig)
	@command -v kubectl >/dev/null && command -v promtool >/dev/null || \
		{ echo "kubectl of promtool ontbreekt. Op Debian: apt-get install kubernetes-client prometheus"; exit 1; }
	$(BIN)/python -m pytest -m deploy tests/deploy

$(DEPLOY_STAMP): requirements-deploy.lock $(STAMP)
	@$(BIN)/python -m pip install $(PIP) --require-hashes -r requirements-deploy.lock
	@touch $@

# With one seed: a landing is not refused for what a new one finds. To look for that are make fuzz and make soak.
ci: lint browser sbom deploy ## alles wat meer nodig heeft: browser, alle vragen van Schemathesis, PostgreSQL 15, ../shared
	TEST_SCHEMATHESIS_PHASES=examples,coverage,fuzzing,stateful $(BIN)/python -m pytest -m ci tests/web/test_schemathesis.py
	TEST_PG_BIN=$(PG15) $(BIN)/python -m pytest tests/schema -n 2
	$(BIN)/python -m pytest -m "shared or node or ci" --ignore tests/web/test_schemathesis.py -n 2 --dist worksteal
	TEST_SEED=8 TEST_FUZZ_REQUESTS=2000 TEST_FUZZ_SHEETS=200 $(BIN)/python -m tests.fuzz
	TEST_SEED=8 TEST_STEPS=500 TEST_ROUNDS=2 TEST_EVERY=10 $(BIN)/python -m pytest $(SOAK) -k "(test_model and not any_planted) or test_races or halfway or by_itself or test_load"

clean: ## alles weg wat gemaakt is, behalve de gegevens van de demo (.loket)
	rm -rf .venv build node_modules service/web/static/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
