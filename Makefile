# MoE-Fusion. `make demo` and `make test` do all they need, the set-up included; see `make help`.

# onedl: the maintained OneDL distribution of mmengine, mmcv and mmdet; original: OpenMMLab's
MMSTACK ?= onedl
ifeq ($(MMSTACK),onedl)
VENV ?= .venv
else
VENV ?= .venv-$(MMSTACK)
endif
# Interpreter to build the environment with; without it the first one that fits is taken
PYTHON ?=

RUN := $(VENV)/bin/python
STAMP := $(VENV)/.setup-done
PYTEST_ARGS ?=
DEMO_ARGS ?=

# The environment knows where its checkout is; one that was moved or copied is set up again
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
$(STAMP): FORCE
endif

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast lint clean distclean FORCE

help:
	@echo 'make demo       set up, then render a small data set, train, test and draw one picture'
	@echo 'make test       set up, then run every test      (PYTEST_ARGS="tests/test_fusion -x")'
	@echo 'make test-fast  the same without the slow ones'
	@echo 'make lint       set up, then ruff'
	@echo 'make setup      only make the environment, $(VENV)'
	@echo 'make clean      remove caches and build leftovers'
	@echo 'make distclean  remove the environments and the wheels built for them, too'
	@echo
	@echo 'PYTHON=python3.11     interpreter for the environment (3.10, 3.11 or 3.12)'
	@echo 'MMSTACK=original      mmengine 0.10.7, mmcv 2.1.0, mmdet 3.3.0, in .venv-original'
	@echo 'PIP_FIND_LINKS="A B"  folders with wheels that pip looks into first'
	@echo 'MAX_JOBS=1            compilers at a time, where mmcv has to be built'
	@echo 'FORCE_CUDA=1          build mmcv for CUDA on a machine without a GPU'

setup: $(STAMP)

$(STAMP): $(wildcard requirements/*.txt) setup.py $(wildcard tools/setup/*)
	@python=$$(sh tools/setup/find_python.sh $(PYTHON)) && \
	exec "$$python" tools/setup/install.py --venv $(VENV) --stamp $(STAMP) \
	    --stack $(MMSTACK) $(if $(PYTHON),--replace)

demo: $(STAMP)
	@$(RUN) tools/demo.py $(DEMO_ARGS)

test: $(STAMP)
	@$(RUN) -m pytest $(PYTEST_ARGS)

test-fast: $(STAMP)
	@$(RUN) -m pytest -m 'not slow' $(PYTEST_ARGS)

lint: $(STAMP)
	@$(RUN) -m ruff check .

clean:
	rm -rf build dist projects/moefusion.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf .venv .venv.lock .venv-original .venv-original.lock .wheels
