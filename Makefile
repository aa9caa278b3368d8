# make demo              build, start the service, ask it for a plan, print the plan, stop
# make test              every test
#
# make build             the program, with the Swift runtime inside
# make lint              formatting
# make bench             speed against others, side by side, on this machine
# make bench-planner     the search's own speed, and its growth as a picture
# make sanitize          every test under AddressSanitizer and ThreadSanitizer
# make test-page         click through the page in a headless Chromium (a part of make test)
# make schemathesis      try every route with requests that meet openapi.yaml and that break it
# make validate-exports  hold exports against the launchers' own code (from the Python package index)
# make validate          errors of predictions on published runs, by source; RUNS=FILE for others,
#                        FOLDS=5 also fits anew without each fifth of the sources, then of the models
# make check-deploy      check Deploy and the Dockerfile with the tools they are written for
#
# make examples          write the answers in openapi.yaml anew
# make readme            run the commands that the READMEs show, and show what they print
# make page              write the page that is served from the files it is written in
#
# All install what is missing (Debian or Ubuntu, root or sudo).

SWIFT ?= swift
RELEASE ?= .build-release
BINARY = $(RELEASE)/release/stagewright

.PHONY: demo test test-page page lint build examples validate validate-exports schemathesis readme check-deploy bench bench-planner sanitize clean

demo: build
	@.ci/install curl ca-certificates
	@.ci/demo $(BINARY)

# A megabyte of relocations packed into some kilobytes, where the C library unpacks them (glibc 2.36).
GLIBC = $(lastword $(shell getconf GNU_LIBC_VERSION))
PACKED = $(if $(filter 2.36,$(firstword $(shell printf '%s\n' 2.36 $(GLIBC) | sort -V))),-Xlinker -z -Xlinker pack-relative-relocs)

# The few functions of libstdc++ that the runtime calls, and not all of it, which would take a megabyte
# of memory to load.
STDCXX = $(addprefix -Xlinker --remap-inputs=*/libstdc++.so=,$(filter /%,$(shell clang -print-file-name=libstdc++.a)))

# One program with the Swift runtime inside.
build:
	@.ci/install
	$(SWIFT) build -c release --scratch-path $(RELEASE) --product stagewright --static-swift-stdlib \
	  $(PACKED) $(STDCXX)

test:
	@.ci/install
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build
	@$(MAKE) --no-print-directory test-page

test-page:
	@.ci/install chromium chromium-driver python3
	$(SWIFT) build --product stagewright
	python3 Tests/Page/test_page.py .build/debug/stagewright

page:
	.ci/embed-page

lint:
	$(SWIFT) format lint --strict -r Sources Tests Package.swift

examples:
	STAGEWRIGHT_WRITE_EXAMPLES=1 $(SWIFT) test --filter SpecificationTests

validate-exports: build
	.ci/validate-exports $(BINARY)

schemathesis: build
	@.ci/install python3 python3-venv
	Tests/Schemathesis/run $(BINARY)

check-deploy:
	@.ci/install prometheus systemd python3 python3-venv
	@command -v kubectl >/dev/null || .ci/install kubernetes-client
	Deploy/check

readme: build
	@.ci/install curl python3
	.ci/readme $(BINARY)

bench: build
	@.ci/install wrk gcc libc6-dev binutils python3 python3-venv
	@Benchmarks/run $(BINARY)
	@Benchmarks/galvatron $(BINARY)

sanitize:
	@.ci/install
	@.ci/sanitize address
	@.ci/sanitize thread

# RUNS are lines of JSON, or a table as the project's own.
RUNS ?= Tests/ValidatingTests/published-runs.json
FOLDS ?= 0
validate:
	@if [ -f "$(RUNS)" ]; then $(SWIFT) build -c release --scratch-path $(RELEASE) --product validate \
	  && $(RELEASE)/release/validate --folds $(FOLDS) "$(RUNS)"; \
	else echo "make validate: there is no file $(RUNS); RUNS names one"; fi

clean:
	rm -rf .build .build-*

bench-planner:
	$(SWIFT) build -c release --scratch-path $(RELEASE) --product PlannerBenchmarks
	$(RELEASE)/release/PlannerBenchmarks
	$(RELEASE)/release/PlannerBenchmarks growth Benchmarks/growth.svg
