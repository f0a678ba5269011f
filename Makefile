# make demo   set up, start everything, serve with demo data     FRESH=1 starts over, PORT=8001
# make test   set up, run the whole suite                        ARGS="tests/config -k socket"
# make stop   stop the embedded PostgreSQL
# make pictures   take those of the README again                 TO=docs/pictures
# make lint, make e2e, make bench, make portable, make lock

PYTHON ?= python3
PORT ?= 8000
ARGS ?=
PY := .venv/bin/python
# Half of the suite waits: for locks, for processes. A file stays together, with what it has set up.
PARALLEL := -n 3 --dist loadfile
COMPILE := $(PY) -m uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11

.PHONY: setup setup-e2e demo test e2e pictures lint bench portable stop lock

setup:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed here. Install Python 3.11 or newer, or name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -I config/install.py dev

setup-e2e: setup
	@$(PYTHON) -I config/install.py e2e

demo: setup
	@$(PY) manage.py demo --port $(PORT) $(if $(FRESH),--fresh)

test: setup
	$(PY) -m pytest --ignore=tests/browser --ignore=tests/portable $(PARALLEL) $(ARGS)

e2e: setup-e2e
	$(PY) -m pytest tests/browser -p playwright $(ARGS)

pictures: setup-e2e
	$(PY) -m tests.browser.pictures $(TO)

lint: setup
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy .
	$(PY) -c "from importlinter.cli import lint_imports_command as lint; lint()"
	git ls-files -z '*.html' | xargs -0 .venv/bin/djade --check --target-version 5.2
	git ls-files -z '*.html' | xargs -0 $(PY) -m djhtml --check --tabwidth 4
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) -m pytest --quiet tests/test_repository.py

bench: setup
	$(PY) -m benchmarks $(ARGS)

portable: setup
	$(PY) -m pytest tests/portable $(ARGS)

stop:
	@test ! -x $(PY) || $(PY) manage.py embedded_postgres stop

lock: setup
	$(COMPILE) --extra site -o requirements.txt pyproject.toml
	$(COMPILE) --extra dev -o requirements-dev.txt pyproject.toml
	$(COMPILE) --extra e2e -o requirements-e2e.txt pyproject.toml
	echo "setuptools>=77" | $(COMPILE) -o requirements-wheel.txt pyproject.toml -
	echo uv | $(COMPILE) -o requirements-uv.txt -
