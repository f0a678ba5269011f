# make demo   set up, start everything, serve with demo data     FRESH=1 starts over, PORT=8001
# make test   set up, run the suite, with a part of each drill   ARGS="tests/config -k socket"
# make drill  set up, run all of each drill                      ARGS=tests/drill/test_wizard.py
# make storm  set up, kill and freeze real workers               STORM_SECONDS=60 longer, STORM_SEED=1 once more
# make stop   stop the embedded PostgreSQL
# make pictures   take those of the README again                 TO=docs/pictures
# make lint, make e2e, make bench, make portable, make lock

PYTHON ?= python3
PORT ?= 8000
ARGS ?=
PY := .venv/bin/python
# Programs and tests start many times here: what one has compiled, the next only reads.
export PYTHONDONTWRITEBYTECODE :=
ELSEWHERE := --ignore=tests/browser --ignore=tests/portable --ignore=tests/storm
# Half of the suite waits: for locks, for processes. A file stays together, with what it has set up,
# and those that take long begin first (tests/conftest.py). A worker that ended over a test that hung
# isn't replaced: the next one would be given the same test.
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder --max-worker-restart 0
# In seconds, for one test: all of a drill, an environment with its packages, a storm as long as asked for.
PATIENT := -o faulthandler_timeout=900
COMPILE := $(PY) -m uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11

.PHONY: setup setup-e2e setup-bench demo test drill storm e2e pictures lint bench portable stop lock

setup:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not installed here. Install Python 3.11 or newer, or name one: make setup PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -I config/install.py dev

setup-e2e: setup
	@$(PYTHON) -I config/install.py e2e

demo: setup
	@$(PY) manage.py demo --port $(PORT) $(if $(FRESH),--fresh)

test: setup
	$(PY) -m pytest $(ELSEWHERE) $(PARALLEL) $(ARGS)

drill: setup
	DRILL=every $(PY) -m pytest -m drill $(ELSEWHERE) $(PARALLEL) $(PATIENT) $(ARGS)

storm: setup
	$(PY) -m pytest tests/storm $(if $(STORM_SECONDS),-o faulthandler_timeout=0) -rP --durations=10 $(ARGS)

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

setup-bench: setup
	@$(PY) -m benchmarks.peers.install

bench: setup-bench
	$(PY) -m benchmarks $(ARGS)

portable: setup
	$(PY) -m pytest tests/portable $(PATIENT) $(ARGS)

stop:
	@test ! -x $(PY) || $(PY) manage.py embedded_postgres stop

lock: setup
	$(COMPILE) --extra site -o requirements.txt pyproject.toml
	$(COMPILE) --extra dev -o requirements-dev.txt pyproject.toml
	$(COMPILE) --extra e2e -o requirements-e2e.txt pyproject.toml
	$(COMPILE) --extra bench -o requirements-bench.txt pyproject.toml
	echo "setuptools>=77" | $(COMPILE) -o requirements-wheel.txt pyproject.toml -
	echo uv | $(COMPILE) -o requirements-uv.txt -
