# The commands that a person types.
.DEFAULT_GOAL := help
.PHONY: help env book preview serve pdf epub lab test elsewhere lint format outputs messages requirements repository newest oldest bench clean

# A reader's own settings of Python are not the book's; tools/environment.py has those of the kernels.
unexport PYTHONHOME PYTHONPATH PYTHONOPTIMIZE PYTHONSTARTUP PYTHONWARNINGS

# make book PYTHON=python3.12 names a Python; UV= makes the environment with pip even where uv is.
PYTHON ?=
UV ?= $(shell command -v uv)
PORT ?= 8000
BIN := .venv/bin

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

env: .venv/ready ## create the environment of requirements.txt in .venv

# An environment holds the path of its folder, and runs what lies there: a copied or renamed clone
# needs its own. The second line names the Python that was asked for.
made := $(strip $(shell cat .venv/ready 2>/dev/null))
ifneq "$(made)" "$(strip $(shell pwd -P) $(or $(PYTHON),$(shell sed -n 2p .venv/ready 2>/dev/null)))"
.PHONY: .venv/ready
endif

.venv/ready: requirements.txt
	@sh tools/env.sh "$(UV)" "$(PYTHON)"

book: env ## run the chapters that changed and build both editions of the site in _build/html
	@$(BIN)/python tools/build.py

serve: book ## build the site and serve it at http://localhost:8000 (PORT=...)
	@$(BIN)/python tools/serve.py $(PORT)

# Only as an argument of make: many systems set a variable of this name for their own messages.
LANGUAGES := $(if $(filter command,$(origin LANGUAGE)),"$(LANGUAGE)",en zh)

preview: env ## show one page without running it: make preview PAGE=2_3_loss (LANGUAGE=zh)
	@for language in $(LANGUAGES); do \
	  $(BIN)/python tools/preview.py "$(PAGE)" "$$language" || exit 1; done

pdf: env ## make PDFs of the built site in _build/paper (LANGUAGE=zh for one edition)
	@$(BIN)/python tools/paper.py pdf $(LANGUAGES)

epub: env ## make ePubs of the built site in _build/paper (LANGUAGE=zh for one edition)
	@$(BIN)/python tools/paper.py epub $(LANGUAGES)

lab: env ## open copies of the chapters in JupyterLab (LANGUAGE=zh, LAB="--no-browser ...")
	@$(BIN)/python tools/lab.py $(firstword $(LANGUAGES)) $(LAB)

# One BLAS thread for each of the two workers: more of them wait for one another.
test: export OPENBLAS_NUM_THREADS ?= 1
test: book lint ## run everything that proves the book: the chapters that changed, lint and all tests
	@$(BIN)/python -m pytest tests -n 2 --dist loadscope --no-loadscope-reorder --cov --costs

elsewhere: env ## repeat every chapter with the arithmetic of another processor
	@$(BIN)/python tools/recorder.py elsewhere

lint: env ## check style and format of code and notebooks
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

format: env ## rewrite code and notebooks in the project's format
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

outputs: env ## execute the chapters and store the outputs that the tests compare
	@$(BIN)/python tools/notebooks.py outputs

messages: env ## bring the Chinese edition's catalogs up to date with the pages
	@$(BIN)/python tools/translation.py messages

repository: env ## set the repository's address: make repository URL=https://github.com/you/book
	@$(BIN)/python tools/notebooks.py repository "$(URL)"

# --no-strip-extras: pip before 25 takes the newest release for an extra that a pin does not name,
# and then refuses it for want of a hash.
requirements: ## resolve requirements.in into requirements.txt (needs uv); UPGRADE=1 takes the newest
	@uv pip compile --quiet --universal $(if $(UPGRADE),--upgrade) --python-version 3.11 --generate-hashes \
	  --no-strip-extras --no-annotate --no-emit-index-url --custom-compile-command "make requirements" \
	  requirements.in -o requirements.txt

newest: ## repeat page 4 and seven test files on Python 3.13, on the stand-in
	@sh tools/newest.sh "$(UV)"

oldest: ## test dlcore with the lowest versions that pyproject.toml allows
	@sh tools/oldest.sh

bench: env ## time our formulas and models against Keras (BENCH="image_gan --minutes 1" for a part)
	@$(BIN)/python benchmarks/bench.py $(BENCH)

clean: ## remove what was built (the environment stays)
	rm -rf _build .pytest_cache .hypothesis .ruff_cache .coverage
