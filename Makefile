# `make demo` and `make test` are all that a fresh clone needs: Python >= 3.11, git and make.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# Whatever environment this is called from, the one in .venv is used, and nothing else.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PYTHONNOUSERSITE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PYTHON ?= python3
# A line of its own, as each index has another build of it. For another one than pip's usual index:
# make demo TORCH_ARGS="--index-url <an index with CPU builds>"
TORCH ?= torch==2.13.0
TORCH_ARGS ?=
UV ?= uv
# What `make bench-serving` measures.
PARTS ?= start warm size wire transform peers
# What Lambda will run, for `make build`: the layers' wheels are chosen for it.
RUNTIME ?= python3.14
ARCHITECTURE ?= x86_64

py := .venv/bin/python
sam_home := build/tools/sam
sam := env PATH="$(CURDIR)/$(sam_home)/bin:$$PATH" SAM_CLI_TELEMETRY=0 AWS_MAX_ATTEMPTS=1 \
  AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none AWS_DEFAULT_REGION=us-east-1 sam
one_thread := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1
sources := layers/core/python/lepton functions trainer devcloud cli examples tests

.PHONY: help bench-serving demo test up setup lint types format lock build test-template test-conformance ci clean bench-capacity

help: ## what there is
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 24

demo: .venv/.ready ## the whole loop on real data, in a local cloud, without an account
	@$(py) -m examples.demo

test: .venv/.ready ## unit, integration, e2e and house tests
	@begin=$$SECONDS; env $(one_thread) AWS_EC2_METADATA_DISABLED=true \
	  $(py) -m pytest tests/unit tests/integration tests/e2e tests/house --durations=8 --durations-min=2 $(ARGS); \
	  echo "tests took $$((SECONDS - begin)) s"

up: .venv/.ready ## the local cloud, until Ctrl-C
	@$(py) -m devcloud $(ARGS)

setup: .venv/.ready ## only the environment in .venv
	@:

lint: .venv/.ready ## ruff
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types: .venv/.ready ## mypy, strict
	@.venv/bin/mypy

format: .venv/.ready ## write the code as ruff does
	@.venv/bin/ruff check --fix-only . && .venv/bin/ruff format .

lock: ## resolve all dependencies again (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or make lock UV=<path>" >&2; exit 1; }
	UV=$(UV) requirements/lock.sh

build: $(sam_home)/.ready ## sam build, for RUNTIME=python3.14 and ARCHITECTURE=x86_64
	@LEPTON_PYTHON=$(RUNTIME:python%=%) LEPTON_ARCHITECTURE=$(ARCHITECTURE) $(sam) build \
	  --parameter-overrides PythonRuntime=$(RUNTIME) Architecture=$(ARCHITECTURE) $(ARGS)

test-template: .venv/.ready $(sam_home)/.ready ## sam validate, sam build, and what came of it
	@begin=$$SECONDS; $(sam) validate --lint; \
	  local="$$($(py) -c 'import sys; print("%d.%d" % sys.version_info[:2])')"; \
	  for version in $(RUNTIME:python%=%) "$$local"; do \
	    echo "sam build for python$$version"; \
	    $(MAKE) build RUNTIME="python$$version" ARGS="--build-dir build/sam/python$$version" >build/sam.log 2>&1 \
	      || { cat build/sam.log >&2; exit 1; }; \
	  done; \
	  $(py) -m pytest tests/template; \
	  echo "template checks took $$((SECONDS - begin)) s"

test-conformance: .venv/.ready ## every case of the Open Inference Protocol, asked of our own server
	@env $(one_thread) AWS_EC2_METADATA_DISABLED=true $(py) -m benchmarks.serving.conformance

bench-serving: .venv/.ready ## the bars of serving; PARTS="start warm size" for some, peers makes environments of gigabytes
	@mkdir -p build/bars; rm -f build/bars/bench-serving.jsonl; failed=; for part in $(PARTS); do \
	  echo "== $$part"; env $(one_thread) AWS_EC2_METADATA_DISABLED=true $(py) -m benchmarks.serving.$$part || failed="$$failed $$part"; \
	done; test -z "$$failed" || { echo "a bar does not hold in:$$failed" >&2; exit 1; }

bench-capacity: .venv/.ready ## the scale advisor's bars; BENCH_DATA=DIR for series of your own
	@env $(one_thread) BENCH_DATA=$(BENCH_DATA) $(py) -m benchmarks.capacity

ci: ## everything that the server checks, as it does
	@.ci/run

clean: ## all that was made here, the environment too
	rm -rf .venv build .aws-sam .lepton .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

.venv/.ready: requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Lepton needs Python >= 3.11; $(PYTHON) is $$($(PYTHON) --version 2>&1). Another one: make PYTHON=python3.13" >&2; exit 1; }
	@echo "setting up .venv (once, 1.8 GB, some minutes)"
	@$(PYTHON) -m venv .venv || { echo "no venv module: apt-get install python3-venv" >&2; exit 1; }
	@echo "  $$(grep -cE '^[a-z0-9_.-]+==' requirements/dev.lock) packages of requirements/dev.lock"
	@$(py) -m pip install -qq --no-deps --require-hashes -r requirements/dev.lock
	@echo "  $(TORCH)"
	@$(py) -m pip install -qq $(TORCH_ARGS) $(TORCH)
	@$(py) -m pip install -qq --no-deps --no-build-isolation -e .
	@touch $@
	@echo "  .venv is ready"

$(sam_home)/.ready: requirements/sam.lock
	@echo "setting up $(sam_home) (once, 340 MB)"
	@$(PYTHON) -m venv $(sam_home)
	@$(sam_home)/bin/python -m pip install -qq --no-deps --require-hashes -r requirements/sam.lock
	@touch $@
