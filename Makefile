# A fresh clone needs only `make repro` and `make test`, with Python 3.11.5 to 3.14, git and a C compiler.
# It is read by GNU make 3.81 too, which macOS has.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A shell that is not the default one: without it make 3.81 runs simple commands by its own PATH, not by the next line's.
SHELL := /bin/bash
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Idle OpenMP threads must not spin, because other jobs may share the machine.
export OMP_WAIT_POLICY ?= PASSIVE
# Where it is set, as in many images, every process of a run compiles the sources of torch again: seconds each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup repro baseline legal-finance test test-heavy test-frameworks test-cpu-kinds check smoke platforms demo-check ci-metrics plots docs bench bench-cold gpu-check clean

# To take torch from another index, for example a CPU-only build: make setup TORCH_INDEX=URL
setup:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11, 5) or sys.exit("Python 3.11.5 or newer is needed, this is %s: make setup PYTHON=python3.11" % sys.version.split()[0])'
	@$(PYTHON) scripts/set_up.py

# `sunwi params` names faults of params.yaml; DVC alone ends with "unexpected error" at an empty data.source.
# `sunwi dvc` is DVC in less time: the same stages and the same dvc.lock.
# What search gives without any training, scored and on a page, in minutes: data/baseline/index.html
baseline: setup
	@sunwi params > /dev/null
	sunwi dvc repro baseline

repro: setup
	@sunwi params > /dev/null
	sunwi dvc repro
	@sunwi scores

# From a reading-comprehension set of the SQuAD family (AI-Hub's law and finance, KorQuAD) to a tuned reranker:
#   make legal-finance FILES="train.json valid.json" [RECIPE=legal-finance-cpu]
RECIPE ?= legal-finance
TUNE_SHARE ?= 0.5
legal-finance: setup
	@test -n "$(FILES)" || { echo 'name the files: make legal-finance FILES="train.json valid.json"' >&2; exit 2; }
	sunwi import squad $(FILES) --tune-share $(TUNE_SHARE)
	sunwi recipe $(RECIPE)
	@sunwi params > /dev/null
	sunwi dvc repro
	@sunwi scores

# --max-worker-restart 0: a test process that dies ends the run with its name; otherwise pytest-xdist waits without end.
# --no-loadscope-reorder: files keep their order; otherwise the slowest files, which have few tests, run last.
PYTEST := pytest -n 2 --dist loadfile --max-worker-restart 0 --no-loadscope-reorder

# tests/conftest.py puts the longest file first.
test: setup
	$(PYTEST) src tests

# Tests that break processes of Ray, and a second run of the tiny pipeline: some minutes, not in CI.
test-heavy: setup
	pytest -n 0 -m heavy tests

# The retrievers of docs/serve.md in LangChain and LlamaIndex, from an environment of their own.
test-frameworks: setup
	$(PYTHON) -m venv .venv/frameworks
	.venv/frameworks/bin/python -m pip install --quiet -r tests/serve/frameworks.txt
	SUNWI_FRAMEWORKS_PYTHON=$(CURDIR)/.venv/frameworks/bin/python pytest -n 0 -m frameworks tests/serve/test_frameworks.py

# The same tests as on CPUs with fewer instructions: environment variables limit the libraries to AVX2, and to AVX-512
# without AMX. If this CPU has no more than that, a run repeats `make test`.
CPU_KIND_TESTS := tests/models/cpu tests/models/test_encoder.py tests/models/test_pair_models.py tests/models/test_precision.py \
	tests/models/test_encode_alike.py tests/models/test_bert_file.py \
	tests/train/sparse/test_export.py tests/cli/test_doctor.py
test-cpu-kinds: setup
	ONEDNN_MAX_CPU_ISA=AVX2 ATEN_CPU_CAPABILITY=avx2 MKL_ENABLE_INSTRUCTIONS=AVX2 $(PYTEST) $(CPU_KIND_TESTS)
	ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16 $(PYTEST) $(CPU_KIND_TESTS)

check: setup
	ruff check src stages tests scripts
	ruff format --check src stages tests scripts
	mypy
	lint-imports
	$(PYTEST) --cov --cov-report=term

smoke: setup
	bash scripts/smoke.sh

# Resolves the dependencies for each platform and Python without installing them; asks the registry, 3 minutes.
platforms: setup
	python scripts/platforms.py

# Shows what changed since BASE (a git revision), and fails if the headline variant fell beyond chance.
BASE ?= HEAD
ci-metrics: setup
	bash scripts/ci_metrics.sh $(BASE)

# `dvc plots` without a CDN: its page uses Vega from the wheel of vl-convert.
plots: setup
	python scripts/offline_plots.py .cache/plots_template.html
	dvc plots show --html-template .cache/plots_template.html

demo-check: setup
	python scripts/check_demo.py

# Builds the site from docs/, the READMEs and the docstrings; build/site/index.html opens without a server.
docs: setup
	NO_MKDOCS_2_WARNING=1 mkdocs build --quiet
	@echo "open build/site/index.html"

# All benchmarks, side by side: make bench [BENCH="--quick"] [BENCH="--documents FILE --questions FILE"]
bench: setup
	python -m benchmarks.bench $(BENCH)
	python -m benchmarks.scale.sizing

# Runs from nothing (baseline, whole, one passage changed), CPU seconds a stage: half an hour on the demo.
#   make bench-cold [BENCH="--documents FILE --questions FILE --dialogues FILE"]
bench-cold: setup
	python -m benchmarks.pipeline.cold $(BENCH)

# What a GPU does, compared with the CPU; without a GPU its cells say "not run". Some minutes.
#   make gpu-check [BENCH="--page docs/results/gpu_check.md"]
gpu-check: setup
	python -m benchmarks.gpu_check $(BENCH)
