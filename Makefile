# Thin on purpose: README.md gives every command without make (for Windows, too).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
NOTEBOOKS := $(wildcard book/*.ipynb)
# One thread a process: two processes share the work, and numbers repeat.
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

.PHONY: book run test check slow pages notebooks experiments bench constraints clean

# --- the two commands -----------------------------------------------------------------------------
book: $(VENV)/.book
	$(BIN)/python book/tools/build.py

test: check slow notebooks pages

# --- the parts of make test -----------------------------------------------------------------------
check: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(PYTEST) tests --ignore=tests/book -m "not slow"

slow: $(VENV)/.test
	$(PYTEST) tests --ignore=tests/book -m slow

notebooks: $(VENV)/.test
	$(PYTEST) --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=600 \
	  --nbval-sanitize-with=tests/book/nbval_sanitize.cfg $(NOTEBOOKS)

pages: $(VENV)/.test
	$(BIN)/python tests/book/install_browser.py
	$(BIN)/python book/tools/build.py
	$(PYTEST) --dist loadfile tests/book

# --- everything else ------------------------------------------------------------------------------
# make run, or make run ONLY="02_two_sample_test"
run: $(VENV)/.book
	$(BIN)/python book/tools/run.py $(ONLY)

# trains what book/runs lacks of chapters 10, 12 and 14; resumes; make experiments MINUTES=30
# (the minutes bound chapters 10 and 12; chapter 14's runs come first and take about 15)
experiments: $(VENV)/.book
	for name in univariate covering activations modes digits; do \
	  OMP_NUM_THREADS=1 $(BIN)/python -m gan_lessons.experiments.fgan_$$name || exit 1; done
	OMP_NUM_THREADS=1 $(BIN)/python -m gan_lessons.experiments.modes_laptop $(MINUTES)

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks.two_sample
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.training

constraints: $(VENV)/.test
	$(PIP) uv
	$(BIN)/python book/tools/pin.py

clean:
	rm -rf $(VENV) _build .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(VENV)/.venv:
	$(PYTHON) -c "import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit('Python 3.11, 3.12 or 3.13 is needed, this is %d.%d; say make PYTHON=python3.12' % v)"
	$(PYTHON) -m venv $(VENV)
	touch $@

# torch comes first and alone, so that no open range can choose another build of it
$(VENV)/.book: pyproject.toml constraints.txt $(VENV)/.venv
	$(PIP) torch
	$(PIP) -e ".[book]"
	touch $@

$(VENV)/.test: $(VENV)/.book
	$(PIP) -e ".[test]"
	touch $@
