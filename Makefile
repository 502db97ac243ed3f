# Needs Python 3.11 or newer and make; everything else goes into .venv.
PYTHON ?= python3
VENV := .venv
INSTALLED := $(VENV)/.installed
BULK := .venv-bulk

.PHONY: train test test_bulk extra browsers page site pages wheel lint docs notebook clean

train: $(INSTALLED)  ## trains "young" on synthetic faces: minutes on two CPU cores
	$(VENV)/bin/python train.py --attr young --model shared_gan

# Tests that share what their file or class makes once run in one process, see tests/conftest.py
# for the order.
test: $(INSTALLED)  ## all tests, on two processes
	$(VENV)/bin/python -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder $(PYTEST)

# Apache Beam takes neither Pillow 13 nor protobuf 7, which all else is tested with.
test_bulk: $(BULK)/.installed  ## the tests that need Apache Beam, in an environment of its own
	$(BULK)/bin/python -m pytest tests/editing/test_bulk_beam.py

# From pyproject.toml's ranges, not from what requirements.txt pins.
extra:  ## one extra, such as EXTRA=heif, installed alone in an environment of its own, and tried
	rm -rf build/extra
	$(PYTHON) -m venv build/extra
	build/extra/bin/python -m pip install --quiet '.[$(EXTRA)]'
	build/extra/bin/python tests/try_extra.py $(EXTRA)

# The tests of the page are skipped where there is no browser.
browsers:  ## installs Chromium and Firefox where they are missing: Debian and its like, as root
	@if command -v chromium && command -v firefox-esr; then exit; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get; then \
		apt-get -qq update && apt-get -qq install --yes --no-install-recommends chromium firefox-esr; \
	else echo "install Chromium and Firefox, as your system does it"; fi

page: $(INSTALLED)  ## the page that edits photos in the browser, on this machine
	$(VENV)/bin/python -m serving.page

site: $(INSTALLED)  ## the same as a folder, build/site, that any static host takes
	rm -rf build/site
	$(VENV)/bin/python -m serving.page --out build/site

wheel: site  ## an sdist and a wheel in dist/, with what the page takes from npm
	rm -rf dist
	$(VENV)/bin/python -m build

lint: $(INSTALLED)  ## format, lint and types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy

docs: $(INSTALLED)  ## the documentation as a site, build/docs; a link that leads nowhere fails
	$(VENV)/bin/python -m faceattr.training.flags > docs/settings.md
	rm -rf build/docs
	$(VENV)/bin/python -m sphinx --quiet --fail-on-warning --fresh-env -d build/doctrees -c docs . build/docs

notebook: $(INSTALLED)  ## runs docs/quickstart.ipynb anew and keeps what it shows
	cd docs && ../$(VENV)/bin/jupyter execute --inplace quickstart.ipynb

pages: docs  ## what GitHub Pages shows: the documentation, and the page in its folder page
	rm -rf build/docs/page
	$(VENV)/bin/python -m serving.page --out build/docs/page

clean:
	rm -rf $(VENV) $(BULK) .npm .npm-* .mypy_cache .pytest_cache .ruff_cache

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
