# Every command that a person or CI runs. `make` alone lists them.
#
# Needs Rust (the version in Cargo.toml or newer) with a C compiler, Node and Python 3 for the clients
# that tests use, and for `make test` PostgreSQL and Redis, which scripts/with-servers finds, installs or runs in containers.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# What `make bench BENCH_ARGS="…"` and `make run ARGS="…"` hand on.
ARGS ?=
BASE ?=
BENCH_ARGS ?=
# Cases for each property test of `make fuzz`, and seconds for each cargo-fuzz target.
CASES ?= 20000
SECONDS_EACH ?= 60
IMAGE ?= calldocker

CARGO_TARGET_DIR ?= target
GENERATED := $(CARGO_TARGET_DIR)/generated
NODE_MODULES := tests/node/node_modules/.package-lock.json
CONTRACT_MODULES := tests/contract/node_modules/.package-lock.json

.PHONY: help
help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# ---- Every day

.PHONY: run
run: ## Build and start the server; settings come from the environment (api/settings.default.toml)
	@cargo run --locked -p calldocker --bin calldocker -- serve $(ARGS)

.PHONY: test
test: ## Everything that CI checks, the quick checks first
	@scripts/check

.PHONY: bench
bench: ## Load through the look-alike, beside a PostgreSQL that syncs; BENCH_ARGS are handed on
	cargo build --locked --release -p bench -p calldocker
	scripts/with-servers --durable cargo run --locked --release -q -p bench -- $(BENCH_ARGS)

.PHONY: clean-data
clean-data: ## Forget what `make run` has stored: the SQLite file, secrets and recordings under data/
	rm -rf data

# ---- The stages of `make test`, each by itself

.PHONY: fmt
fmt: ## Format the code
	cargo fmt --all

.PHONY: fmt-check
fmt-check: ## Fail when the code is not formatted
	cargo fmt --all --check

.PHONY: lint
lint: ## Clippy, warnings are errors
	cargo clippy --locked --workspace --all-targets -- -D warnings

.PHONY: deny
deny: ## Licences, bans and sources of the dependencies (deny.toml)
	@DENY_LOG_LEVEL=error scripts/deny check

.PHONY: advisories
advisories: ## Known vulnerabilities of the dependencies; needs github.com
	@scripts/deny advisories

.PHONY: node
node: $(NODE_MODULES) ## Official npm clients that tests hold the server against

$(NODE_MODULES): tests/node/package.json tests/node/package-lock.json
	cd tests/node && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

$(CONTRACT_MODULES): tests/contract/package.json tests/contract/package-lock.json
	cd tests/contract && npm ci --no-audit --no-fund --ignore-scripts --loglevel=error
	@touch $@

.PHONY: servers
servers: ## See that the tests' PostgreSQL, Redis and Chromium can be had; installs them where it may
	@scripts/with-servers --browser true

.PHONY: test-build
test-build: ## Compile the tests
	cargo test --locked --workspace --no-run

.PHONY: test-run
test-run: node ## Run the tests beside a throwaway PostgreSQL and Redis; ARGS are handed on
	INSTA_UPDATE=no scripts/with-servers --browser cargo test --locked --workspace $(ARGS)

# With the binary that the tests' build has made: built by itself, it would bring other features of its dependencies, and
# with them a second build of nearly everything.
.PHONY: generated
generated: test-build ## Fail when a generated file that is checked in is stale
	@mkdir -p $(GENERATED)
	@$(CARGO_TARGET_DIR)/debug/calldocker openapi >$(GENERATED)/openapi.yaml
	@diff -u openapi.yaml $(GENERATED)/openapi.yaml >$(GENERATED)/openapi.diff || { \
	  head -n 40 $(GENERATED)/openapi.diff; echo 'openapi.yaml is stale: run `make openapi` and read the change'; exit 1; }

.PHONY: contract
contract: test-build $(CONTRACT_MODULES) ## What clients rely on: linters, generated clients, made-up requests; BASE=REVISION tells breaking changes
	@scripts/contract $(BASE)

# ---- Now and then

.PHONY: openapi
openapi: ## Write openapi.yaml from the code
	@mkdir -p $(GENERATED)
	@cargo run --locked -p calldocker --bin calldocker -- openapi >$(GENERATED)/openapi.yaml
	@mv $(GENERATED)/openapi.yaml openapi.yaml

.PHONY: fuzz
fuzz: ## Property tests with CASES cases each, then cargo-fuzz targets where there are any (nightly)
	PROPTEST_CASES=$(CASES) cargo test --locked --workspace --exclude calldocker
	@for dir in $(patsubst %/Cargo.toml,%,$(wildcard fuzz/Cargo.toml */fuzz/Cargo.toml)); do \
	  command -v cargo-fuzz >/dev/null || { echo 'cargo-fuzz is missing: cargo install --locked cargo-fuzz'; exit 1; }; \
	  for fuzz_target in $$(cargo +nightly fuzz list --fuzz-dir "$$dir"); do \
	    cargo +nightly fuzz run --fuzz-dir "$$dir" "$$fuzz_target" -- -max_total_time=$(SECONDS_EACH); \
	  done; \
	done

.PHONY: image
image: ## Build the container image (docker/Dockerfile), named by IMAGE
	DOCKER_BUILDKIT=1 docker build --file docker/Dockerfile --tag $(IMAGE) .

.PHONY: tools
tools: ## Install what checks need and cargo does not bring: cargo-deny, under target/tools
	@scripts/deny install
