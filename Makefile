# make demo      build, start the service, ask it for a plan, print the plan, stop
# make test      every test
# make lint      formatting
# make examples  write the answers in openapi.yaml anew
# make bench     speed against others, side by side, on this machine
# make sanitize  every test under AddressSanitizer and ThreadSanitizer
# The first two install what is missing (Debian or Ubuntu, root or sudo).

SWIFT ?= swift
RELEASE ?= .build-release
BINARY = $(RELEASE)/release/stagewright

.PHONY: demo test lint build examples bench sanitize clean

demo: build
	@.ci/install curl ca-certificates
	@.ci/demo $(BINARY)

# One program with the Swift runtime inside.
build:
	@.ci/install
	$(SWIFT) build -c release --scratch-path $(RELEASE) --product stagewright --static-swift-stdlib

test:
	@.ci/install
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

lint:
	$(SWIFT) format lint --strict -r Sources Tests Package.swift

examples:
	STAGEWRIGHT_WRITE_EXAMPLES=1 $(SWIFT) test --filter SpecificationTests

clean:
	rm -rf .build .build-*
