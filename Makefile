# Everything here needs python3 (3.11 or newer), pip and make; the rest is installed into .venv.
PYTHON ?= python3
STATE  := $(or $(COLLECTLAB_STATE),runs)
PORT   ?= 5000
VENV   := .venv
BIN    := $(VENV)/bin
export COLLECTLAB_STATE := $(STATE)
export MLFLOW_DISABLE_TELEMETRY = true
export PIP_DISABLE_PIP_VERSION_CHECK = 1
unexport PYTHONDONTWRITEBYTECODE  # or every command compiles a thousand modules anew

.PHONY: help setup demo test fuzz check notebooks bench lab mlflow portfolio lock clean

help:
	@echo "make demo       compare six strategies on the embedded portfolio, and write a report"
	@echo "make test       the tests"
	@echo "make fuzz       20,000 spoiled files: each is read, or refused in one sentence"
	@echo "make check      ruff, mypy --strict, import floors"
	@echo "make notebooks  execute the notebooks"
	@echo "make bench      speed and memory beside peers, in one run"
	@echo "make lab        JupyterLab on 127.0.0.1"
	@echo "make mlflow     MLflow on 127.0.0.1, port $(PORT)"
	@echo "make portfolio  generate data/synthetic again"
	@echo "make setup      install .venv (the others do it when needed)"

setup: $(VENV)/.setup

# uv, itself installed with its hash checked, installs the locked set in seconds; where it cannot, pip does in minutes.
$(VENV)/.setup: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "collectlab needs Python 3.11 or newer"; exit 1; }
	@$(BIN)/python -m pip --version > /dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV) 2> /dev/null \
	  || { $(PYTHON) -m venv --clear --without-pip $(VENV) && $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }
	@echo "Installing the locked packages into $(VENV) (once)"
	@awk '/^uv==/ {on = 1; print; next} /^[^ ]/ {on = 0} on' requirements.lock > $(VENV)/uv.lock
	@{ $(BIN)/python -m pip install --quiet --require-hashes -r $(VENV)/uv.lock \
	   && $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock; } \
	 || $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

demo: setup
	@$(BIN)/collectlab demo

test: setup
	@$(BIN)/python -m pytest -n auto --dist loadfile

fuzz: setup
	@$(BIN)/python -m tests.fuzzer --cases $(or $(CASES),20000)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/test_architecture.py

notebooks: setup
	$(BIN)/python -m pytest --nbmake --nbmake-timeout=600 notebooks

bench: setup
	@$(BIN)/python -m benchmarks

lab: setup
	$(BIN)/jupyter lab --ip=127.0.0.1 --ServerApp.root_dir=. --LabApp.extension_manager=readonly \
	  $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_FLAGS)

# One worker and no job runners: two processes and half a gigabyte instead of ten and two and a half.
mlflow: setup
	@mkdir -p $(STATE)
	MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false $(BIN)/mlflow server --backend-store-uri sqlite:///$(STATE)/mlflow.db \
	  --artifacts-destination $(STATE)/artifacts --host 127.0.0.1 --port $(PORT) --workers 1

portfolio: setup
	$(BIN)/python -m sim

# Re-resolve the lock; from an empty file, for uv keeps what an old one says.
lock: setup
	rm -f requirements.lock
	$(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --fork-strategy fewest \
	  -q pyproject.toml --extra dev -o requirements.lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
