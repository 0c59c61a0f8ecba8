# Holdfast: every task has a script in tools/; this file is their index.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export CARGO_TARGET_DIR := $(CURDIR)/target

# Options for `holdfast serve`: make run ARGS="--listen 127.0.0.1:4000"
ARGS ?=

.PHONY: help run test watch server site size bench fmt lint sqlx clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## set up what is missing, build, and serve with a database of its own
	@tools/setup run
	@$(MAKE) --no-print-directory server site
	@exec target/release/holdfast serve $(ARGS)

test: ## every check, from formatting to a real browser
	@tools/test

watch: ## serve, rebuild and reload the page when a file is saved
	@tools/setup run
	@tools/setup-npm
	@exec node tools/watch.mjs $(ARGS)

server: ## build target/release/holdfast
	@echo "== server: cargo build --release" >&2
	@cargo build --release

site: ## build target/site, what browsers load
	@tools/build-site

size: ## what a first view transfers; URL=http://… adds that page
	@URL="$(URL)" tools/size

bench: ## speed against DuckDB, ClickHouse and Postgres; SCALE=0.1 for a smaller run
	@$(MAKE) --no-print-directory server site
	@SCALE="$(SCALE)" exec tools/bench $(ARGS)

fmt: ## format the code
	@cargo fmt --all

lint: ## formatting, invariants, clippy for the server and for the browser
	@cargo fmt --all --check
	@tools/check-invariants
	@cargo clippy --release --all-targets -- -D warnings
	@tools/lint-wasm

sqlx: ## write store/.sqlx anew, after a change of a query or a migration
	@tools/sqlx prepare

clean: ## remove all that was built here; tools of other clones stay
	@rm -rf target end2end/node_modules
