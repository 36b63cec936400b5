# vidnet: `make demo` shows it, `make test` proves it. Both set up everything that they need.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
DEVICES ?=

# GStreamer's RTSP server, with its encoders and the system Python's bindings, is the camera not written by us.
RTSP_PACKAGES := gir1.2-gst-rtsp-server-1.0 python3-gi $(addprefix gstreamer1.0-plugins-,base good ugly bad)
TEST_PACKAGES := openssl postgresql prometheus prometheus-alertmanager mosquitto iproute2 chromium fonts-noto-cjk \
	$(RTSP_PACKAGES)
BENCH_PACKAGES := mosquitto nginx prometheus-blackbox-exporter

.PHONY: charts screenshots demo test check format bench soak lock clean dashboards

CHARTS := monitor/adapters/web/static/charts.js

## demo: watch a simulated city (DEVICES=2000 by default, up to 250000)
demo: .venv/.ready $(CHARTS)
	$(BIN)/vidnet demo $(if $(DEVICES),--devices $(DEVICES) --dir var/demo-$(DEVICES))

## test: set everything up, then format, lint, types, contracts and all tests
test: check .venv/.apt-test $(CHARTS)
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

## check: format, lint, types, contracts
check: .venv/.ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

## dashboards: build Grafana's boards and the recording rules anew
dashboards: .venv/.ready
	$(BIN)/python -W ignore::DeprecationWarning -m grafana

## bench: measure speed and memory against nginx as the fleet and blackbox_exporter as the peer
bench: .venv/.ready .venv/.apt-bench
	$(BIN)/python -m bench $(ARGS)

## charts: build what the page draws its trend with (npm's echarts by esbuild); without npm the page has a plainer line
charts: $(CHARTS)

$(CHARTS): tools/charts.entry.js node_modules/.ready
	if [ -x node_modules/.bin/esbuild ]; then node_modules/.bin/esbuild $< --bundle --minify --format=esm --target=es2022 \
		--legal-comments=linked --log-level=warning --outfile=$@; fi

## screenshots: the page's pictures of the README, taken from a running demo
screenshots: .venv/.ready .venv/.apt-test $(CHARTS)
	$(BIN)/python -m tools.screenshots docs/pictures

## soak: the long tests
soak: .venv/.ready .venv/.apt-test
	$(BIN)/pytest -m soak $(ARGS)

## lock: pin every dependency anew
lock: .venv/.ready
	$(BIN)/python -m pip install -q pip-tools
	$(BIN)/pip-compile -q --upgrade --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-header \
		--annotation-style=line --generate-hashes --strip-extras --extra dev -o requirements.lock pyproject.toml

clean:
	rm -rf .venv node_modules build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || tools/apt-install python3-venv
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	touch $@

.venv/.apt-test: .venv/.ready Makefile
	tools/apt-install $(TEST_PACKAGES)
	touch $@

.venv/.apt-bench: .venv/.ready Makefile
	tools/apt-install $(BENCH_PACKAGES)
	touch $@

node_modules/.ready: package.json
	command -v npm >/dev/null || tools/apt-install npm
	if command -v npm >/dev/null; then npm install --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error; fi
	mkdir -p node_modules && touch $@
