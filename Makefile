# Everything that is done with the project, by name. Each target makes the environment that it needs.
PYTHON ?= python3
BIN := .venv/bin
LOCKED := --quiet --disable-pip-version-check --no-deps --require-hashes --requirement
export OMP_NUM_THREADS ?= 1

.PHONY: study test environments lint types tests long torch-tests locks vulnerabilities tracking-tests examples bench large calibration agreement psychometrics mutation fuzz reproductions usefulness trust schema clean help

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is %d.%d: make PYTHON=python3.12 ..." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	@touch $@

.venv/local: .venv/made pyproject.toml locks/study.txt
	$(BIN)/python -m pip install $(LOCKED) locks/study.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev: .venv/local locks/dev.txt locks/scorers.txt
	$(BIN)/python -m pip install $(LOCKED) locks/dev.txt
	@# Whose scorers ours must equal: the files alone, without torch and all that they would bring.
	$(BIN)/python -m pip install $(LOCKED) locks/scorers.txt
	@touch $@

.venv-locks/made: bench/requirements-locks.txt
	$(PYTHON) -m venv .venv-locks
	.venv-locks/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

locks: .venv-locks/made  ## lock the dependencies with hashes and list them (locks/); after a change of pyproject.toml or constraints.txt
	.venv-locks/bin/python bench/dependencies.py lock

vulnerabilities: .venv-locks/made  ## look the locked dependencies up among known vulnerabilities, where the list can be reached
	.venv-locks/bin/python bench/dependencies.py audit

.venv-peers/harnesses: locks/harnesses.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install $(LOCKED) $<
	@touch $@

.venv-peers/made: .venv-peers/harnesses bench/requirements-peers.txt
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement bench/requirements-peers.txt
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .venv-peers/squad transformers==4.57.6
	@touch $@

.venv-peers: .venv-peers/made

.venv-irt-peers/made: bench/requirements-irt-peers.txt
	$(PYTHON) -m venv .venv-irt-peers
	.venv-irt-peers/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv-irt-peers/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv-irt-peers: .venv-irt-peers/made

.venv-torch/made: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-torch
	.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0
	.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[local,ray]'
	.venv-torch/bin/python -m pip install --quiet --disable-pip-version-check transformers==5.23.0 pytest==9.2.0 pytest-asyncio==1.5.0
	@touch $@

.venv-tracking/made: pyproject.toml
	$(PYTHON) -m venv .venv-tracking
	.venv-tracking/bin/python -m pip install --quiet --disable-pip-version-check --editable . mlflow==3.17.2 wandb==0.31.0 pytest==9.2.0 pytest-asyncio==1.5.0
	@touch $@

study: .venv/local  ## run the starter study: a real model, a verdict, a report
	$(BIN)/acidtest run examples/assistant/study.yaml --run runs/assistant

test: environments lint types tests  ## lint, types and tests

environments:
	@# Both at once: making one leaves the other core idle.
	$(MAKE) --no-print-directory --jobs=2 .venv/dev .venv-peers/harnesses

lint: .venv/dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/dev
	$(BIN)/mypy

tests: .venv/dev .venv-peers/harnesses
	$(BIN)/pytest -n 2 --dist loadgroup

cluster: .venv/dev  ## test longer runs on a Ray cluster of two nodes, also with a local model; minutes, so not in `make test`
	$(BIN)/pytest -m cluster tests/executors

long: .venv/dev  ## test what takes longer: real models write benchmarks, many simulated studies; minutes
	$(BIN)/pytest -n 2 --dist loadgroup -m long

torch-tests: .venv-torch/made  ## test models of transformers (hf:) against transformers itself; two gigabytes of torch, so not in `make test`
	.venv-torch/bin/python -m pytest tests/torch_models

tracking-tests: .venv-tracking/made  ## test the loggers against MLflow (its server, its stores) and W&B (offline); a gigabyte, so not in `make test`
	.venv-tracking/bin/python -m pytest tests/tracking_tools

examples: .venv/local  ## run the studies on real data that docs/studies.md reports (needs ACIDTEST_DATA, ACIDTEST_MODELS)
	$(BIN)/acidtest run examples/snips/study.yaml --run runs/snips
	$(BIN)/acidtest run examples/politics/study.yaml --run runs/politics
	$(BIN)/acidtest run examples/similarity/study.yaml --run runs/similarity
	$(BIN)/acidtest run examples/condaqa/study.yaml --run runs/condaqa
	$(BIN)/python bench/example_studies.py runs docs/studies

bench: .venv/local .venv-peers/made  ## measure what a call, the statistics and scoring cost, beside others; writes docs/benchmarks.md
	$(BIN)/python bench/cost_of_a_call.py
	$(BIN)/python bench/cost_of_statistics.py
	$(BIN)/python bench/cost_of_scoring.py
	$(BIN)/python bench/cost_of_irt.py
	$(BIN)/python bench/cost_of_adaptive.py
	$(BIN)/python bench/memory_of_evaluation.py

large: .venv/local  ## measure an audit of two thousand million scores; writes its section of docs/benchmarks.md, minutes
	$(BIN)/python bench/large_audit.py

calibration: .venv/local  ## simulate studies whose truth is known; writes docs/calibration.md, an hour on two cores
	$(BIN)/python bench/calibration.py

agreement: .venv/local  ## simulate raters whose agreement is known; writes docs/agreement.md, some minutes
	$(BIN)/python bench/agreement_coverage.py

psychometrics: .venv/local .venv-irt-peers/made  ## simulate solvers and items whose truth is known; writes docs/psychometrics.md, some minutes
	$(BIN)/python bench/irt_coverage.py
	$(BIN)/python bench/flawed_items.py
	$(BIN)/python bench/irt_scale.py
	$(BIN)/python bench/small_tests.py
	$(BIN)/python bench/difficulty_from_text.py
	$(BIN)/python bench/model_fit.py

reproductions: .venv/local  ## recompute published figures; writes docs/reproductions.md (needs ACIDTEST_DATA)
	$(BIN)/python bench/reproductions.py docs/reproductions.md

usefulness: .venv/local  ## few real items and an alternative predict many; writes docs/usefulness.md, some minutes (needs ACIDTEST_DATA)
	$(BIN)/python bench/usefulness.py

mutation: .venv/dev  ## make small changes to the statistics and see whether tests notice; writes docs/mutation.md, an hour
	$(BIN)/python -m pip install --quiet --disable-pip-version-check cosmic-ray==8.7.0 coverage==7.17.3
	$(BIN)/python bench/mutation.py

trust: .venv/dev  ## kill runs at fifty random moments and look what they become; writes its section of docs/trust.md, some minutes
	$(BIN)/python bench/trust.py

fuzz: .venv/dev  ## broken files for every reader, guided by coverage for the binary ones; writes into docs/trust.md, half an hour
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt atheris
	ACIDTEST_FUZZ_ROUNDS=1000 $(BIN)/pytest tests/trust/test_hostile_readers.py tests/trust/test_hostile_study.py
	mkdir -p build/fuzz
	$(BIN)/python tests/trust/fuzz/coverage_guided.py all build/fuzz 150

schema: .venv/local  ## write docs/schema
	$(BIN)/python -m acidtest.study.published_schemas docs/schema

clean:  ## remove what was built
	rm -rf .venv .venv-peers .venv-irt-peers .venv-torch .venv-tracking .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
