# Needs Python 3.11 or newer and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/.installed

.PHONY: train test lint docs clean

train: $(INSTALLED)  ## trains "young" on synthetic faces: minutes on two CPU cores
	$(VENV)/bin/python train.py --attr young

# Slow tests are in few files, so tests that wait are taken over one by one, not file by file.
test: $(INSTALLED)  ## all tests, on two processes
	$(VENV)/bin/python -m pytest --numprocesses 2 --dist worksteal

lint: $(INSTALLED)  ## format, lint and types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

docs: $(INSTALLED)  ## the pages that are made from the code
	$(VENV)/bin/python -m faceattr.training.flags > docs/settings.md

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache

$(INSTALLED): requirements.txt pyproject.toml setup.py
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement requirements.txt
	$(VENV)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@
