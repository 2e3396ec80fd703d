# The commands of this project. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
ARGS ?=
# Where cargo puts what it builds.
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

.PHONY: run
run: ## Build everything and start it: server, SQLite, one worker, a sample build
	@ci/packages run
	@$(MAKE) --no-print-directory web
	@$(CARGO) build --release --locked --package travis
	@exec $(TARGET)/release/travis up $(ARGS)

.PHONY: web
web: web/dist/index.html ## Build the web app

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/index.html: web/node_modules/.package-lock.json $(shell find web/src web/index.html web/vite.config.ts web/compress.ts web/public -type f 2>/dev/null)
	cd web && npm run build

.PHONY: api
api: ## Write the OpenAPI document and the web app's types from it
	TRAVIS_WRITE_OPENAPI=1 $(CARGO) test --locked --package travis-server openapi
	cd web && npm run api

.PHONY: fmt
fmt: web/node_modules/.package-lock.json ## Format everything
	$(CARGO) fmt --all
	cd web && npm run format

.PHONY: test
test: ## Run every check and every test; installs what they need
	@ci/packages test
	@ci/test

FORMATS ?= qcow2
PACKAGES ?=
IMAGE := target/image/travis-worker-amd64
.PHONY: image
image: ## Build the machine image of workers; FORMATS="qcow2 raw ova", PACKAGES="more packages", TRAVIS_BIN=program
	@ci/packages image
ifndef TRAVIS_BIN
	@$(MAKE) --no-print-directory web
	@$(CARGO) build --release --locked --package travis
endif
	@image/build --travis "$(or $(TRAVIS_BIN),$(TARGET)/release/travis)" --out $(IMAGE) --formats "$(FORMATS)" --packages "$(PACKAGES)"

.PHONY: image-check
image-check: ## Build the image twice from the same input and compare
	@ci/packages image
	@image/check "$(or $(TRAVIS_BIN),$(TARGET)/release/travis)"

.PHONY: test-image
test-image: ## Build the image with a debug program and boot it; about five minutes
	@ci/packages image
	@ci/test-image

.PHONY: conformance
conformance: ## Compare with what the original makes of the same files; ARGS=--differences lists what differs
	@$(CARGO) test --quiet --locked --package travis-config --test conformance -- $(ARGS)

.PHONY: bench
bench: ## Measure, beside the figures of others
	@ci/packages run
	@$(MAKE) --no-print-directory web
	@$(CARGO) build --release --locked --package travis --package travis-fake-forge --package travis-bench
	@$(TARGET)/release/travis-bench $(ARGS)

.PHONY: bench-web
bench-web: ## Measure the web app's budgets in Chromium; ARGS="--only log" does one part
	@ci/packages test
	@cd e2e && npm ci --no-audit --no-fund --silent
	@$(MAKE) --no-print-directory web
	@$(CARGO) build --release --locked --package travis
	@TRAVIS_BIN=$(TARGET)/release/travis node bench/web/main.mjs $(ARGS)

# Names stay in the program, so that what ran can be named; nothing else differs.
.PHONY: order
order: ## Write crates/travis/idle.ld anew: what an idle worker runs, put side by side; three minutes
	@ci/packages run
	@$(MAKE) --no-print-directory web
	@$(CARGO) build --release --locked --package travis --package travis-bench --config 'profile.release.package.travis.strip="none"'
	@$(TARGET)/release/travis-bench --order crates/travis/idle.ld

.PHONY: real
real: ## Build published projects with their own .travis.yml, unchanged
	@ci/packages run
	@$(MAKE) --no-print-directory web
	@$(CARGO) build --release --locked --package travis
	@TRAVIS_BIN=$(TARGET)/release/travis ci/real $(ARGS)

SECONDS ?= 60
.PHONY: fuzz
fuzz: ## Feed odd input to what reads .travis.yml; SECONDS=3600 for an hour each
	@$(CARGO) run --release --locked --package travis-fuzz -- --seconds $(SECONDS) $(ARGS)
