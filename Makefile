# The tasks of the workshop; each is one line that works without make, too.
.PHONY: install test lint types sanitize page docs oldest bench

install:            ## this checkout, changes taking effect at once, with all tools
	python -m pip install -e ".[dev]"

test:               ## everything that must hold
	python -m pytest

lint:               ## style, order of imports, floors
	ruff check .
	ruff format --check .
	lint-imports

types:              ## strict types
	mypy

sanitize:           ## the tests of the C++ core and of the engines under sanitizers
	native/sanitize.sh

page:               ## the workbench's page: types, unit tests, bundle
	cd frontend && npm ci --ignore-scripts && npm run check && npm test && npm run build

docs:               ## examples in the documents run; public names are documented
	python -m pytest -n0 tests/docs

oldest:             ## the tests with the oldest versions of what is used, in an environment of their own
	.ci/oldest

bench:              ## speed, peers side by side (minutes)
	python benchmarks/fit_against_sklearn.py
	python benchmarks/native/steps.py
	python benchmarks/native/whole_trainings.py
