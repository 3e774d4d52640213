# make install | data | train | compare | test | lint | format
PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

METHODS := $(addsuffix _synthetic,hmr hmr_adversarial spin host_cliff pare hybrik) cliff_open mroi_open

EXTRAS := .venv-extras
NUMPY1 := .venv-numpy1

.PHONY: help install data train compare test test-extras test-numpy1 lint format all-checks clean

help:
	@echo "make install   environment in $(VENV)   (PYTHON=$(PYTHON), TORCH=$(TORCH))"
	@echo "make train     data, training, test, pictures and a table from nothing"
	@echo "make data      the synthetic images alone"
	@echo "make compare   all methods, five epochs each, side by side"
	@echo "make test      the test suite;  make test-extras  of view, demo and loggers;"
	@echo "               make test-numpy1  of reading, with numpy 1"
	@echo "make lint      style, spelling, imports;  make format  fixes the style"

install: $(INSTALLED)

$(INSTALLED): setup.py requirements/runtime.txt requirements/dev.txt requirements/host.txt requirements/build.txt requirements/transformers.txt
	$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(None if (3, 9) <= v <= (3, 12) else "Python 3.9 - 3.12 is needed, %s is %d.%d: make install PYTHON=python3.11" % (sys.executable, *v))'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q "$(TORCH)"
	$(BIN)/pip install -q -r requirements/runtime.txt -r requirements/dev.txt
	$(BIN)/pip install -q -r requirements/build.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -r requirements/host.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	# torch before 2.3 cannot exchange arrays with numpy 2
	$(BIN)/python -W ignore -c 'import torch; torch.zeros(1).numpy()' 2>/dev/null || $(BIN)/pip install -q numpy==1.26.4
	if $(BIN)/python -W ignore -c 'import sys, torch; sys.exit(tuple(map(int, torch.__version__.split(".")[:2])) < (2, 1))'; \
		then $(BIN)/pip install -q -r requirements/transformers.txt; fi
	touch $@

data: install
	$(BIN)/python tools/make_data.py

train: install
	$(BIN)/python tools/quickstart.py

compare: data
	$(BIN)/python tools/compare.py $(METHODS) --epochs 5 --out work_dirs/comparison

test: install
	$(BIN)/python -m pytest -n 3

# An environment on top of the other one.
$(EXTRAS)/bin/python $(NUMPY1)/bin/python: $(INSTALLED)
	$(BIN)/python -m venv $(@D)/..
	$(BIN)/python -c 'import site; print(f"import site; site.addsitedir({site.getsitepackages()[0]!r})")' \
		> $$($@ -c 'import site; print(site.getsitepackages()[0])')/base.pth

# The extras "viewer" and "demo" ask for other releases of what transformers needs.
test-extras: $(EXTRAS)/bin/python
	$(EXTRAS)/bin/pip install -q -r requirements/extras.txt
	$(EXTRAS)/bin/python -m pytest -q tests/commands/test_view.py tests/commands/test_demo.py tests/engine/hooks/test_mesh_visualization_hook.py

# Environments of mmhuman3d often have numpy 1, which takes no texts in some of its functions.
test-numpy1: $(NUMPY1)/bin/python
	$(NUMPY1)/bin/pip install -q numpy==1.26.4
	$(NUMPY1)/bin/python -m pytest -q -n 3 tests/datasets/test_index*.py tests/datasets/test_annotation*.py \
		tests/datasets/test_square_boxes.py tests/datasets/test_cached_maps.py tests/utils/test_array_pickles.py \
		tests/utils/test_torch_files.py tests/utils/test_hostile_pickles.py

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/python -m pytest -q tests/test_structure.py

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

all-checks: lint test

clean:
	rm -rf $(VENV) $(EXTRAS) $(NUMPY1) build dist *.egg-info
