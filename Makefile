# Deedbook. `make demo` sells a flat on four nodes; `make test` checks everything.

# Outside the clone, so that RocksDB is built once a machine and not once a clone.
export CARGO_TARGET_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/deedbook/target
# One profile everywhere: another one would build RocksDB again.
CARGO_FLAGS := --release --locked
TESTNET := $(CARGO_TARGET_DIR)/release/deedbook-testnet

# Breaks the law in every small way and looks whether a test says so. Its trees are copies with
# target folders of their own, which hold the law alone.
MUTANTS_VERSION := 27.1.0
MUTANTS := $(abspath $(CARGO_TARGET_DIR)/../cargo-mutants-$(MUTANTS_VERSION))

.PHONY: help demo up test mutations bench bench-audit replay replay-dressed mutants build lint prepare

help:
	@echo "make demo            a house sale, end to end, on four nodes; writes demo-out/"
	@echo "make test            formatting, lints and every test"
	@echo "make mutations       every flipped bit and 100,000 mutations past three verifiers"
	@echo "make bench           throughput, finality, size and memory beside this machine's limits"
	@echo "make bench-audit     the audit of a million records beside its signatures alone; RECORDS=100000 for fewer"
	@echo "make up              leave a network of four nodes running"
	@echo "make replay FILE=F   replay real sales (HM Land Registry Price Paid CSV)"
	@echo "make replay-dressed FILE=F   the same with marriages, mortgages and powers"
	@echo "make mutants         what of the law no test holds; FILE=power.rs for one file of it"

demo: build
	$(TESTNET) demo --out demo-out

up: build
	$(TESTNET) up

bench: build
	$(TESTNET) bench

RECORDS ?= 1000000

bench-audit: build
	$(TESTNET) bench --dir audit-data --audit $(RECORDS)

replay: build
	$(TESTNET) replay $(FILE)

replay-dressed: build
	$(TESTNET) replay --dressed $(FILE)

mutants: $(MUTANTS)/bin/cargo-mutants
	env -u CARGO_TARGET_DIR DEEDBOOK_HISTORIES=8 $< mutants -p deedbook-registry -j 2 --output $(MUTANTS) \
		$(addprefix --file node/registry/src/,$(FILE))

$(MUTANTS)/bin/cargo-mutants:
	cargo install cargo-mutants --version $(MUTANTS_VERSION) --locked --root $(MUTANTS)

build: prepare
	cargo build $(CARGO_FLAGS) --workspace --bins

test: lint
	@.ci/others
	@.ci/python
	@.ci/web
	PATH="$(CARGO_TARGET_DIR)/../python/bin:$$PATH" cargo test $(CARGO_FLAGS) --workspace

mutations:
	@.ci/python
	@.ci/web
	DEEDBOOK_MUTATIONS=full PATH="$(CARGO_TARGET_DIR)/../python/bin:$$PATH" \
		cargo test $(CARGO_FLAGS) --workspace --test verifiers -- flipped structural --test-threads=1

lint: build
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

prepare:
	@.ci/prepare
