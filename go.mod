module p2p.legal/peerfy

go 1.26.0

toolchain go1.26.8

require (
	filippo.io/age v1.3.2 // royalty/seal: notices and statements, sealed
	filippo.io/torchwood v0.9.0 // tests only: an independent client reads our log
	github.com/a-h/templ v0.3.977 // templates: typed pages, escaped by construction
	github.com/blevesearch/bleve/v2 v2.5.7 // store/search: the index
	github.com/blevesearch/bleve_index_api v1.2.11 // store/search: types of bleve’s index
	github.com/cespare/webtest v0.3.0 // tests only: page journeys as scripts
	github.com/cloudflare/circl v1.6.4 // royalty/pass/blind: blind RSA, the member’s side
	github.com/cretz/bine v0.2.0 // onion: the control protocol of tor
	github.com/rogpeppe/go-internal v1.16.0 // tests only: command lines as scripts
	go.etcd.io/bbolt v1.4.3 // store: the one database file
	go.senan.xyz/taglib v0.12.0 // store/media: tags, in a sandbox
	golang.org/x/mod v0.42.0 // store/ledger: signed notes and tile hashes
	golang.org/x/net v0.62.0 // onion: SOCKS5; tests: an HTML parser
	golang.org/x/sys v0.49.0 // store: the lock and sync of the database file
	golang.org/x/text v0.43.0 // store/publish, store/search: Unicode forms
)

require (
	filippo.io/hpke v0.4.0 // indirect
	github.com/RoaringBitmap/roaring/v2 v2.4.5 // indirect
	github.com/bits-and-blooms/bitset v1.22.0 // indirect
	github.com/blevesearch/geo v0.2.4 // indirect
	github.com/blevesearch/go-faiss v1.0.26 // indirect
	github.com/blevesearch/go-porterstemmer v1.0.3 // indirect
	github.com/blevesearch/mmap-go v1.0.4 // indirect
	github.com/blevesearch/scorch_segment_api/v2 v2.3.13 // indirect
	github.com/blevesearch/segment v0.9.1 // indirect
	github.com/blevesearch/snowballstem v0.9.0 // indirect
	github.com/blevesearch/upsidedown_store_api v1.0.2 // indirect
	github.com/blevesearch/vellum v1.1.0 // indirect
	github.com/blevesearch/zapx/v11 v11.4.2 // indirect
	github.com/blevesearch/zapx/v12 v12.4.2 // indirect
	github.com/blevesearch/zapx/v13 v13.4.2 // indirect
	github.com/blevesearch/zapx/v14 v14.4.2 // indirect
	github.com/blevesearch/zapx/v15 v15.4.2 // indirect
	github.com/blevesearch/zapx/v16 v16.2.8 // indirect
	github.com/golang/snappy v0.0.4 // indirect
	github.com/json-iterator/go v0.0.0-20171115153421-f7279a603ede // indirect
	github.com/mschoch/smat v0.2.0 // indirect
	github.com/tetratelabs/wazero v1.11.1-0.20260428013916-2bbd517b7633 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/tools v0.51.0 // indirect
)
