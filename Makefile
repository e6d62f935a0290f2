# Every target sets up what it needs. See README.md.

TOOLS := $(CURDIR)/.tools
export CGO_ENABLED := 0

# Packages that start tor or a browser run one at a time, on one private
# network that is started once and resumed by each.
SLOW := ./onion/... ./cmd/peerfy/...
export PEERFY_TESTNET ?= $(TOOLS)/testnet

.PHONY: demo build test soak bench lint generate clean

## demo: a co-operative of your own on a private Tor network; Ctrl-C ends it
demo: build
	./peerfy demo $(ARGS)

## build: the program, in this folder
build:
	@.ci/need tor ffmpeg
	go build -trimpath -o peerfy ./cmd/peerfy

## test: everything, under ten minutes on two cores
test:
	@.ci/need tor ffmpeg firefox-esr chromium aria2 torsocks planetblupi-music-ogg fonts-dejavu-core
	@.ci/part "build" go build ./...
	@.ci/part "core, store, site" go test $$(go list ./... | grep -v -e '/onion' -e '/cmd/peerfy')
	@.ci/part "tor and browser" go test -p 1 $(SLOW)

## soak: the exhaustive tiers (every byte, repeated starts, kill loops, fuzzing); about an hour
soak:
	@.ci/need tor ffmpeg firefox-esr chromium aria2 torsocks planetblupi-music-ogg fonts-dejavu-core strace
	@.ci/part "exhaustive tiers" go test -tags soak -p 1 -timeout 90m ./...
	@.ci/part "fuzzing" .ci/fuzz 20s

## bench: ratios against known programs, in one run
bench: build
	@.ci/need tor nginx-light
	go run ./cmd/peerfy/bench

## lint: format, vet, staticcheck, generated code current, known holes
lint: $(TOOLS)/staticcheck-v0.7.0 $(TOOLS)/templ-v0.3.977 $(TOOLS)/govulncheck-v1.8.0
	@.ci/part "gofmt" sh -c 'out=$$(gofmt -l $$(git ls-files -co --exclude-standard "*.go")); test -z "$$out" || { echo "not formatted: $$out"; exit 1; }'
	@.ci/part "vet" go vet ./... 
	@.ci/part "vet (soak)" go vet -tags soak ./...
	@.ci/part "staticcheck" $(TOOLS)/staticcheck-v0.7.0 ./...
	@.ci/part "templ is current" .ci/templ-current $(TOOLS)/templ-v0.3.977
	@.ci/part "govulncheck" .ci/vuln $(TOOLS)/govulncheck-v1.8.0

## generate: the templates' Go code
generate: $(TOOLS)/templ-v0.3.977
	$(TOOLS)/templ-v0.3.977 generate -path templates

clean:
	rm -rf $(TOOLS) peerfy

# Tools are built once into an ignored folder; the version is in the name.
$(TOOLS)/staticcheck-v0.7.0:
	@.ci/tool honnef.co/go/tools/cmd/staticcheck v0.7.0 $@
$(TOOLS)/templ-v0.3.977:
	@.ci/tool github.com/a-h/templ/cmd/templ v0.3.977 $@
$(TOOLS)/govulncheck-v1.8.0:
	@.ci/tool golang.org/x/vuln/cmd/govulncheck v1.8.0 $@
