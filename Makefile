# make run | test | check | bench | generate; everything else is a detail of these.

GO ?= go
BIN := $(CURDIR)/.bin
MODELS ?= ../shared/aws-models/botocore
GOFUMPT_VERSION := v0.12.0
GOLANGCI_VERSION := v2.15.0
export CGO_ENABLED ?= 0

.PHONY: run build test check lint fmt generate bench fuzz clean deps

## run: build, start stagedoor with the example API, print URLs to try
run: build
	@examples/petstore/run.sh $(BIN)/stagedoor

build:
	@mkdir -p $(BIN)
	$(GO) build -trimpath -ldflags="-s -w" -o $(BIN)/stagedoor ./cmd/stagedoor

## test: install what the tests need, run all of them with the race detector
test: deps
	CGO_ENABLED=1 $(GO) test -race -timeout 20m ./...
	STAGEDOOR_ENGINE=goroutine $(GO) test -timeout 20m . ./internal/gateway
	$(GO) test -tags loopcheck ./internal/transport

deps:
	@test/deps.sh

## check: what every commit passes, in about a minute
check: $(BIN)/gofumpt $(BIN)/golangci-lint
	@test -z "$$($(BIN)/gofumpt -l $$(git ls-files '*.go' | grep -v _gen.go))" || { $(BIN)/gofumpt -l $$(git ls-files '*.go' | grep -v _gen.go); echo "run make fmt"; exit 1; }
	$(GO) vet ./...
	$(BIN)/golangci-lint run ./...
	@if [ -d "$(MODELS)" ]; then $(MAKE) --no-print-directory generate && git diff --exit-code --stat -- '*_gen.go' docs/coverage.md; else echo "generate: no models at $(MODELS), skipped"; fi
	$(GO) test -short ./...

fmt: $(BIN)/gofumpt $(BIN)/golangci-lint
	$(BIN)/golangci-lint fmt ./...

## generate: the wire tables and docs/coverage.md, from the API models
generate:
	$(GO) run ./tools/wiregen -models $(MODELS)
	$(GO) run ./tools/coverage

## bench: CPU per request against nginx and haproxy, in the same rounds
bench: build
	@bench/run.sh

## fuzz: every fuzz target for FUZZTIME each
FUZZTIME ?= 20s
fuzz:
	@test/fuzz.sh $(FUZZTIME)

$(BIN)/gofumpt:
	GOBIN=$(BIN) $(GO) install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)

$(BIN)/golangci-lint:
	GOBIN=$(BIN) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)

clean:
	rm -rf $(BIN) .stagedoor
