# `make repro` and `make test` are all that a fresh clone needs: Python 3.11 to 3.13, git and a C compiler.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Idle OpenMP threads must not spin: the machine may be shared.
export OMP_WAIT_POLICY ?= PASSIVE

.PHONY: setup repro legal-finance test test-cpu-kinds check smoke demo-check ci-metrics plots docs bench bench-gpu clean

# torch from an index of its own, such as that of its CPU-only builds: make setup TORCH_INDEX=URL
setup:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, this is %s: make setup PYTHON=python3.11" % sys.version.split()[0])'
	@$(PYTHON) scripts/set_up.py

repro: setup
	dvc repro
	@sunwi scores

# A reading-comprehension set of the SQuAD family (AI-Hub's law and finance, KorQuAD) to a tuned reranker:
#   make legal-finance FILES="train.json valid.json" [RECIPE=legal-finance-cpu]
RECIPE ?= legal-finance
TUNE_SHARE ?= 0.5
legal-finance: setup
	@test -n "$(FILES)" || { echo 'name the files: make legal-finance FILES="train.json valid.json"' >&2; exit 2; }
	sunwi import squad $(FILES) --tune-share $(TUNE_SHARE)
	sunwi recipe $(RECIPE)
	dvc repro
	@sunwi scores

# A test process that dies ends the run and is named: pytest-xdist would go on and wait for it without end.
# Files in their order and not those of many tests first: the slowest ones have few, and would come last.
PYTEST := pytest -n 2 --dist loadfile --max-worker-restart 0 --no-loadscope-reorder

test: setup
	$(PYTEST)

# The same rows and exports on CPUs with fewer instructions, played on this one by what its libraries may use:
# AVX2 alone, and AVX-512 without AMX. Where the CPU has no more itself, a run is what `make test` did.
CPU_KIND_TESTS := tests/models tests/train/sparse/test_export.py tests/cli/test_doctor.py
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

# What changed since BASE (a revision of git), and whether the headline fell for real.
BASE ?= HEAD
ci-metrics: setup
	bash scripts/ci_metrics.sh $(BASE)

# `dvc plots` without a CDN: its page with Vega from the wheel of vl-convert.
plots: setup
	python scripts/offline_plots.py .cache/plots_template.html
	dvc plots show --html-template .cache/plots_template.html

demo-check: setup
	python scripts/check_demo.py

# The site of docs/, the READMEs and the docstrings: build/site/index.html opens without a server.
docs: setup
	NO_MKDOCS_2_WARNING=1 mkdocs build --quiet
	@echo "open build/site/index.html"

# Every comparison side by side: make bench [BENCH="--quick"] [BENCH="--documents FILE --questions FILE"]
bench: setup
	python -m benchmarks.bench $(BENCH)
	python -m benchmarks.scale.sizing

bench-gpu: setup
	python -m benchmarks.bench_gpu $(BENCH)
