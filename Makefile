# `make help` lists what there is. Everything runs in .venv, which is made from pyproject.toml and constraints.txt.
# Extra words for pytest or JupyterLab go into ARGS:  make test ARGS="-k seal"   make lab ARGS="--no-browser"

ARGS ?=
JOBS ?= 2
FAULT_SCALE ?= 1

# The version that constraints.txt was tested with comes first; any newer one will do.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3 python; do \
	$$python -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

# By .gitattributes and this line in .git/config, git sees nothing of what a notebook printed.
STRIPPED := "$(CURDIR)/$(BIN)/nbstripout" --keep-id
HOOKS := --FileContentsManager.pre_save_hook=elastic_pinn.workbench.saved_notebook.without_versions \
	--FileContentsManager.post_save_hook=elastic_pinn.workbench.saved_notebook.compared_by_content

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-slow test-accuracy test-faults bench validate ablation lab check docs

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' Makefile

demo: .venv/base.stamp  ## lambda and mu of an aluminium block from its receivers, in about a minute (into runs/demo)
	$(BIN)/python -m elastic_pinn.workbench.demo

test: .venv/tools.stamp  ## the tests (ARGS="-k name" chooses some)
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadscope --durations 10 $(ARGS)

test-slow: .venv/tools.stamp  ## what make test would take too long for: browsers, kernels, whole notebooks, kills, panels that train
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m pytest -m slow -n $(JOBS) --dist loadscope --durations 10 $(ARGS)

test-accuracy: .venv/tools.stamp  ## the notebooks as they stand against the figures that they promise, in about 15 minutes
	$(BIN)/python -m pytest -m accuracy --durations 0 tests/accuracy $(ARGS)

test-faults: .venv/tools.stamp  ## kills, failing disks, power cuts, hostile files by the thousand, about 12 minutes (FAULT_SCALE=0.2: a part)
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 FAULT_SCALE=$(FAULT_SCALE) $(BIN)/python -m pytest -p tests.faults.report -n $(JOBS) --dist worksteal -m faults --durations 10 $(ARGS)

bench: .venv/bench.stamp  ## the tables of tests/benchmarks/README.md, measured anew on this machine
	for each in training_step network_steps inverse far_starts start save_and_load saving_while_training memory history_at_scale live_view compare_at_scale explore_frame headless run_size sweeps; do $(BIN)/python tests/benchmarks/$$each.py || exit 1; done
	$(BIN)/python -m tests.benchmarks.time_to_error

validate: .venv/base.stamp  ## exact fields: errors and times of every wall, shape, medium and source (ARGS=free-sv: some)
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.validate $(ARGS)

ablation: .venv/base.stamp  ## what samplers, balancers, networks and forms each do for a trained network: three hours, and it goes on where stopped
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m tests.benchmarks.ablation $(ARGS)

lab: .venv/base.stamp  ## JupyterLab, at the notebooks (ARGS="--no-browser" and the like go to it)
	@if git rev-parse --git-dir >/dev/null 2>&1; then git config filter.notebooks.clean '$(STRIPPED)'; fi
	$(BIN)/python -m jupyter lab --LabApp.default_url=/lab/tree/notebooks $(HOOKS) $(ARGS)

check: .venv/tools.stamp  ## lint and format of code and notebooks, types, who imports whom
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-logo

docs: .venv/tools.stamp  ## the API pages, from the docstrings (into docs/, docs/index.html)
	$(BIN)/python -m pdoc -d numpy --no-show-source -o docs elastic_pinn elastic_pinn.workbench.figures elastic_pinn.physics.data.processing elastic_pinn.physics.conditions.side elastic_pinn.physics.domains.shape

.venv/base.stamp: .venv/bin/python pyproject.toml constraints.txt
	$(PIP_INSTALL) -e .
	@echo "Compiling the network for this processor: once, 15 s to a minute."
	$(BIN)/python -c "from elastic_pinn.networks.dense import prepare; prepare()"
	@touch $@

.venv/tools.stamp: .venv/base.stamp
	$(PIP_INSTALL) -e ".[cluster,formats,reference,s3,azure,gcs,test,dev]"
	@touch $@

.venv/bench.stamp: .venv/base.stamp
	$(PIP_INSTALL) -e ".[bench,reference]"
	@touch $@

.venv/bin/python:
	@test -w . || { echo "$(CURDIR) is read-only, and the environment is made in it: copy it to where you may write" >&2; exit 1; }
	@test -n "$(PYTHON)" || { echo "elastic_pinn needs Python >= 3.11 with its venv module, and none was found on the PATH." \
		"Install one (Debian, Ubuntu: apt install python3 python3-venv) or name one: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Making the environment in .venv with $(PYTHON): once, a few minutes."
	"$(PYTHON)" -m venv --clear .venv
