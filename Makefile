# Everything a person or CI does here, by name. `make` alone lists the targets.
#
#   PYTHON=...    another Python 3.9+         LIBTORCH=...  an installed PyTorch 2.11.x instead of the download
#   SWIFT=...     another swift               ARGS=...      more options for `make quickstart`

PYTHON ?= python3
SWIFT ?= swift
ARGS ?=
KILLS ?= 100
FUZZ ?= 10000

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The module walls (Package.swift): an import that no dependency declares is an error.
WALLS := --explicit-target-dependency-import-check error

# libgomp's threads spin while they wait, which on a busy machine makes small parallel regions ten times slower.
PATIENT := OMP_WAIT_POLICY=passive

FORMATTED = $(wildcard Sources Tests Benchmarks Examples Package.swift)

.PHONY: help setup build quickstart test test-slow torture fuzz sanitize client bench bench-quick bench-test fixtures tensorboard-check lint format clean distclean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

setup: ## fetch LibTorch, the chart library and Fashion-MNIST into .deps (seconds when they are there)
	@$(PYTHON) scripts/bootstrap

build: setup ## build everything, optimised
	$(SWIFT) build -c release $(WALLS)

quickstart: setup ## build, train two spiking networks, attack them, write a report
	$(SWIFT) build -c release --product spikeguard $(WALLS)
	.build/release/spikeguard quickstart $(ARGS)

test: setup ## prove the parts: the set-up scripts, a client package, the Swift tests
	$(PYTHON) -B -m unittest discover scripts/tests
	$(SWIFT) build --build-tests $(WALLS)
	$(MAKE) --no-print-directory client
	$(PATIENT) $(SWIFT) test --skip-build

test-slow: setup ## train every regime on a part of Fashion-MNIST to a stated accuracy (about 10 minutes)
	$(SWIFT) build --build-tests $(WALLS)
	$(PATIENT) SPIKEGUARD_SLOW=1 $(SWIFT) test --skip-build --filter SlowTests

torture: setup ## kill training runs of three recipes 100 times and compare their ends with uncut runs' (KILLS=... for another number, SPIKEGUARD_SEED=... for the same moments)
	$(SWIFT) build --build-tests $(WALLS)
	$(PATIENT) SPIKEGUARD_KILLS=$(KILLS) $(SWIFT) test --skip-build --filter InterruptionTests

fuzz: setup ## feed 10,000 damaged files to each reader (FUZZ=... for another number)
	$(SWIFT) build --build-tests $(WALLS)
	$(PATIENT) SPIKEGUARD_FUZZ=$(FUZZ) $(SWIFT) test --skip-build --filter Fuzz

# Left out are tests of memory, which a sanitizer keeps; the engine's own requests for too much are to fail as ever.
sanitize: setup ## run the tests of tensors, kernels and optimisers under an address sanitizer (about 6 minutes)
	$(SWIFT) build --build-tests $(WALLS) --sanitize address --scratch-path .build-sanitize
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 $(PATIENT) $(SWIFT) test --skip-build \
	  --sanitize address --scratch-path .build-sanitize \
	  --filter '^(TorchTests|SpikingTests|LayersTests|OptimizationTests)\.|FastPathTests' --skip MemoryTests

client: setup ## build and run a package that depends on this one, without LD_LIBRARY_PATH
	$(SWIFT) build --package-path Examples/Client --scratch-path .build-client
	@printed="$$(env -u LD_LIBRARY_PATH .build-client/debug/Client)"; \
	if [ "$$printed" != 9.0 ]; then echo "error: Examples/Client printed '$$printed', not 9.0" >&2; exit 1; fi; \
	echo "Examples/Client printed $$printed, as it should"

bench: setup ## measure against the plain compositions and the peers, side by side: about 40 minutes
	Benchmarks/run --json bench.json

bench-quick: setup ## the same with fewer rounds and settings and without curvature, in under 5 minutes after building
	Benchmarks/run --quick --json bench-quick.json

bench-test: setup ## prove the benchmarks' own arithmetic
	$(SWIFT) test --package-path Benchmarks

fixtures: ## generate the peers' answers that the tests compare with
	scripts/fixtures/generate

tensorboard-check: setup ## have TensorBoard's own reader read what we write, and keep its answer as a fixture
	scripts/fixtures/tensorboard-check

lint: ## check the Swift sources' format
	$(SWIFT) format lint --strict --recursive --parallel $(FORMATTED)

format: ## format the Swift sources in place
	$(SWIFT) format format --in-place --recursive --parallel $(FORMATTED)

clean: ## remove what was built
	rm -rf .build .build-client .build-sanitize Benchmarks/.build Examples/Client/.build

distclean: clean ## remove what was fetched, too
	rm -rf .deps
