# make demo       install, train on the sample, show answers
# make            lint, types and the whole suite: all that has to pass (make check)
# make test       install, run the whole suite;  make test-fast: its quick half
# make format     mend what ruff can mend
# make reference  write docs/commands.md, the man pages and the completions anew, from the commands themselves
# make signatures  write which kernels there are to compile, and for what, anew: after a change of one's arguments
# make docs       the site, into site/, with the pictures that the commands of its pages draw; a broken link is an error
# make picture    draw the picture of the README anew
# make dist       sdist and wheel, checked, and tried in an environment of their own
# make bench      benchmarks (see benchmarks/README.md)
# make fuzz       damaged files before every command, for MINUTES=10 (see tests/fuzz/__init__.py)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo
SAMPLE := sample_data/state-of-the-union.txt.xz
# make bench: a corpus of your own, one with case and punctuation, the folder of GloVe's compiled programs, and fastText's program
CORPUS ?=
RAW_CORPUS ?=
GLOVE_BUILD ?=
FASTTEXT ?=
# make fuzz: for how long, and from which case on: others each time, but for FIRST=0
MINUTES ?= 10
FIRST ?= $(shell date +%s)
# make test-fast: what needs no training of a minute; the rest is the commands and the trainers
FAST := tests/test_layers.py tests/text tests/vocabulary tests/vectors tests/queries tests/docs/test_pages.py

# the program of the map's page: what checks it comes from npm, and a browser tries it
PAGE_TESTS := tests/show
PAGE_TOOLS := $(PAGE_TESTS)/node_modules

.DEFAULT_GOAL := check
# The tests start some thousand commands, each of which would compile the sources anew: a third of its time.
unexport PYTHONDONTWRITEBYTECODE
.PHONY: check lint lint-page browser types test test-fast format reference signatures docs picture dist bench fuzz demo clean

check: lint types test

lint: $(VENV)/.tests-installed lint-page
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lint-page:
	@if command -v npm > /dev/null; then $(MAKE) --no-print-directory $(PAGE_TOOLS)/.installed && \
	$(PAGE_TOOLS)/.bin/tsc -p $(PAGE_TESTS) && \
	$(PAGE_TOOLS)/.bin/eslint --config $(PAGE_TESTS)/eslint.config.mjs wordvec_cli/show/page; \
	else echo "no npm here: the program of the map's page is not checked"; fi

$(PAGE_TOOLS)/.installed: $(PAGE_TESTS)/package-lock.json
	npm ci --silent --no-audit --no-fund --prefix $(PAGE_TESTS)
	touch $@

# Where there is none, tests of the page are skipped.
browser:
	@command -v chromedriver > /dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
	chromium chromium-driver fonts-dejavu-core > /dev/null || echo "no chromium-driver: the map's page is not tried"; \
	else echo "no chromedriver: the map's page is not tried; on Debian: apt install chromium chromium-driver"; fi

types: $(VENV)/.tests-installed
	$(BIN)/mypy

test: $(VENV)/.tests-installed browser
	$(BIN)/python -m wordvec_cli --compile  # or each of the tests' processes would, what it needs
	$(BIN)/python -m pytest

test-fast: $(VENV)/.tests-installed
	$(BIN)/python -m pytest $(FAST)

format: $(VENV)/.tests-installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

reference: $(VENV)/.tests-installed
	$(BIN)/python -m tests.docs.reference

signatures: $(VENV)/.tests-installed
	NUMBA_CACHE_DIR=$$(mktemp -d) $(BIN)/python -m tests.kernels.commands

docs: $(VENV)/.tests-installed browser
	$(BIN)/python -m tests.docs.pictures
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "site/index.html"

picture: $(VENV)/.tests-installed
	$(BIN)/python -m tests.docs.pictures readme

dist: $(VENV)/.tests-installed
	rm -rf build dist
	$(BIN)/python -m build
	$(BIN)/twine check --strict dist/*
	$(PYTHON) -m venv --clear build/clean
	build/clean/bin/python -m pip install --quiet dist/*.whl
	build/clean/bin/python -I tests/smoke.py

bench: $(VENV)/.tests-installed
	$(BIN)/python -m benchmarks --corpus "$(CORPUS)" --raw-corpus "$(RAW_CORPUS)" \
		--glove-build "$(GLOVE_BUILD)" --fasttext "$(FASTTEXT)"

fuzz: $(VENV)/.tests-installed
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.fuzz --minutes $(MINUTES) --first $(FIRST)

demo: $(VENV)/.installed
	mkdir -p $(DEMO)
	$(BIN)/wordvec build-vocab $(SAMPLE) --tokenizer words --lowercase -o $(DEMO)/vocab.tsv
	head -n 5 $(DEMO)/vocab.tsv
	$(BIN)/wordvec train $(SAMPLE) --vocab $(DEMO)/vocab.tsv --epochs 15 -o $(DEMO)/vectors.safetensors
	$(BIN)/wordvec similar $(DEMO)/vectors.safetensors war freedom banks -k 5
	printf 'nation nations country\nmaking make taking\nmexico mexican spain\n' | $(BIN)/wordvec analogy $(DEMO)/vectors.safetensors -k 1
	$(BIN)/wordvec lookup $(DEMO)/vectors.safetensors peace | cut -c 1-76
	$(BIN)/wordvec info $(DEMO)/vectors.safetensors | head -n 8

clean:
	rm -rf $(VENV) $(DEMO) build dist site *.egg-info

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "$(PYTHON) is missing or older than 3.11; install Python 3.11 or newer, or name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) has no venv module; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.tests-installed: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	touch $@
