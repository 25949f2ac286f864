# Everything here needs python3 (3.11 or newer), pip and make; the rest is installed into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export MLFLOW_DISABLE_TELEMETRY = true

.PHONY: setup demo test check lab mlflow bench notebooks lock clean

setup: .venv/.setup

# uv installs the locked set in seconds; where it cannot be had, pip installs the same set in minutes.
.venv/.setup: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "collectlab needs Python 3.11 or newer"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages into $(VENV) (once)"
	@{ $(BIN)/python -m pip install --quiet "$$(grep -o '^uv==[0-9.]*' requirements.lock)" \
	   && $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; } \
	 || $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	@$(BIN)/collectlab demo

test: setup
	@$(BIN)/python -m pytest

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py

notebooks: setup
	$(BIN)/python -m pytest --nbmake --nbmake-timeout=600 notebooks

lab: setup
	$(BIN)/jupyter lab --ip=127.0.0.1 --ServerApp.root_dir=. --LabApp.extension_manager=readonly

mlflow: setup
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false $(BIN)/mlflow server --backend-store-uri sqlite:///runs/mlflow.db \
	  --artifacts-destination runs/artifacts --host 127.0.0.1 --port 5000 --workers 1

bench: setup
	$(BIN)/python -m benchmarks

# Re-resolve the lock; from an empty file, for uv keeps what an old one says.
lock: setup
	rm -f requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --fork-strategy fewest \
	  -q pyproject.toml --extra dev -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache
