# MoE-Fusion. `make demo` and `make test` do all they need, the set-up included; see `make help`.

# onedl: the maintained OneDL distribution of mmengine, mmcv and mmdet; original: OpenMMLab's
MMSTACK ?= onedl
VENV ?= .venv$(if $(filter-out onedl,$(MMSTACK)),-$(MMSTACK))
# Interpreter of the environment; without it uv takes one that fits, or fetches one
PYTHON ?=

RUN := $(VENV)/bin/python
STAMP := $(VENV)/.setup-done
UV := .uv/bin/uv
PYTEST_ARGS ?=
DEMO_ARGS ?=

# uv knows pip's settings under other names
comma := ,
space := $() $()
ifdef PIP_FIND_LINKS
# without folders that are not there, which pip passes over and uv does not
links := $(foreach link,$(PIP_FIND_LINKS),$(if $(findstring ://,$(link)),$(link),$(wildcard $(link))))
export UV_FIND_LINKS ?= $(subst $(space),$(comma),$(strip $(links)))
endif
ifdef PIP_CERT
export SSL_CERT_FILE ?= $(PIP_CERT)
endif
ifdef PIP_NO_INDEX
export UV_NO_INDEX ?= 1
endif
ifdef PIP_INDEX_URL
export UV_DEFAULT_INDEX ?= $(PIP_INDEX_URL)
endif
ifdef PIP_EXTRA_INDEX_URL
export UV_INDEX ?= $(PIP_EXTRA_INDEX_URL)
export UV_INDEX_STRATEGY ?= unsafe-best-match
endif

# An environment knows its checkout: one that was moved, copied or interrupted is made anew,
# as is one of another Python than the one asked for
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): FORCE
else ifneq ($(PYTHON),)
ifneq ($(shell $(PYTHON) -V),$(shell $(RUN) -V))
$(STAMP): FORCE
endif
endif

.DEFAULT_GOAL := help
.PHONY: help setup lock demo test test-fast lint docs clean distclean FORCE

help:
	@echo 'make demo       set up, then render a small data set, train, test and draw one picture'
	@echo 'make test       set up, then run every test      (PYTEST_ARGS="tests/test_fusion -x")'
	@echo 'make test-fast  the same without the slow ones'
	@echo 'make lint       set up, then format, rules, types and the examples in docstrings'
	@echo 'make docs       set up, then the documentation site, in build/docs'
	@echo 'make setup      only make the environment, $(VENV)'
	@echo 'make lock       pin requirements/*.in anew       (LOCK_ARGS=--upgrade)'
	@echo 'make clean      remove caches and build leftovers'
	@echo 'make distclean  remove the environments and the wheels built for them, too'
	@echo
	@echo 'PYTHON=python3.11     interpreter for the environment (3.10, 3.11 or 3.12)'
	@echo 'MMSTACK=original      mmengine 0.10.7, mmcv 2.1.0, mmdet 3.3.0, in .venv-original'
	@echo 'PIP_FIND_LINKS="A B"  folders with wheels that are looked into first'
	@echo 'MAX_JOBS=1            compilers at a time, where mmcv has to be built'
	@echo 'FORCE_CUDA=1          build mmcv for CUDA on a machine without a GPU'

setup: $(STAMP)

# The environment is made in one go, at each change of what it is made from: uv's cache makes that
# a matter of seconds. One set-up at a time; who waited looks again whether there is still need.
# make must not take away the mark of an environment that is ours when it is interrupted.
.PRECIOUS: $(STAMP)
$(STAMP): $(wildcard requirements/*) setup.py tools/install_mmcv.py
ifndef LOCKED
	@flock .setup.lock $(MAKE) --no-print-directory LOCKED=1 $@
else
	@test -e $@ || ! test -e $(VENV) || \
	    { echo '$(VENV) is not of this set-up: remove it, or name another one, make VENV=...'; false; }
	@$(MAKE) -s $(UV)
	@echo '[1/4] an empty $(VENV)'
	@$(UV) venv -q --clear --python '$(or $(PYTHON),>=3.10$(comma)<3.13)' $(VENV) && : > $@
	@echo '[2/4] PyTorch (0.2 GB for the CPU, several GB for CUDA), MMDetection and what they import'
	@$(UV) pip install --python $(RUN) --excludes requirements/excluded.txt \
	    -r requirements/pinned.txt -r requirements/$(MMSTACK).in
	@echo '[3/4] mmcv with its compiled ops'
	@$(RUN) tools/install_mmcv.py requirements/$(MMSTACK).in
	@echo '[4/4] moefusion'
	@$(UV) pip install -q --python $(RUN) --no-deps --no-build-isolation -e .
	@$(RUN) -W ignore -c 'import mmdet.registry; from moefusion.versions import *; check_versions()'
	@echo '$(CURDIR)' > $@
endif

$(UV): requirements/uv.txt
	@rm -rf .uv .uv.part
	@$(or $(PYTHON),python3) -m venv .uv.part
	@.uv.part/bin/python -m pip install -q --disable-pip-version-check -r requirements/uv.txt
	@mv .uv.part .uv && touch $@

# One list of pins serves both stacks, every Python and PyTorch's builds for CPU and CUDA
lock: $(UV)
	@env -u UV_FIND_LINKS $(UV) pip compile -q --universal --python-version 3.10 --no-annotate \
	    --custom-compile-command 'make lock' --excludes requirements/excluded.txt \
	    --excludes requirements/unpinned.txt $(addprefix --no-emit-package ,mmengine mmdet \
	    onedl-mmengine onedl-mmdetection) $(LOCK_ARGS) requirements/*.in -o requirements/pinned.txt

demo: $(STAMP)
	@$(RUN) tools/demo.py $(DEMO_ARGS)

test: $(STAMP)
	@$(RUN) -m pytest $(PYTEST_ARGS)

test-fast: $(STAMP)
	@$(RUN) -m pytest -m 'not slow' $(PYTEST_ARGS)

lint: $(STAMP)
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@$(RUN) -m mypy
	@$(RUN) -m pytest -q --doctest-modules projects

docs: $(STAMP)
	@$(RUN) -m sphinx -q -W --keep-going -b html docs build/docs
	@echo 'build/docs/index.html'

clean:
	rm -rf build dist projects/moefusion.egg-info .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .venv-original .uv .setup.lock .wheels
