# Needs Python 3.11 or newer and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/.installed
BULK := .venv-bulk

.PHONY: train test test_bulk lint docs clean

train: $(INSTALLED)  ## trains "young" on synthetic faces: minutes on two CPU cores
	$(VENV)/bin/python train.py --attr young

# Tests that share what their file or class makes once run in one process, see tests/conftest.py
# for the order.
test: $(INSTALLED)  ## all tests, on two processes
	$(VENV)/bin/python -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder $(PYTEST)

# Apache Beam takes neither Pillow 13 nor protobuf 7, which all else is tested with.
test_bulk: $(BULK)/.installed  ## the tests that need Apache Beam, in an environment of its own
	$(BULK)/bin/python -m pytest tests/editing/test_bulk_beam.py

lint: $(INSTALLED)  ## format, lint and types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

docs: $(INSTALLED)  ## the pages that are made from the code
	$(VENV)/bin/python -m faceattr.training.flags > docs/settings.md

clean:
	rm -rf $(VENV) $(BULK) .mypy_cache .pytest_cache .ruff_cache

$(INSTALLED): requirements.txt pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement requirements.txt
	$(VENV)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

$(BULK)/.installed: requirements-bulk.txt pyproject.toml setup.py
	$(PYTHON) -m venv $(BULK)
	$(BULK)/bin/python -m pip install --quiet --requirement requirements-bulk.txt
	$(BULK)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@
