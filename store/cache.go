package store

import (
	"container/list"
	"sync"

	"p2p.legal/peerfy/store/catalog"
)

// manifestCache keeps parsed manifests, the last used first, up to a number of
// bytes of their canonical form.
type manifestCache struct {
	mu    sync.Mutex // guards what follows
	byID  map[string]*list.Element
	order list.List // of *cached
	bytes int
	epoch int // grows with every clear, so that nothing read before is put after
}

type cached struct {
	id   string
	m    *catalog.Manifest
	size int
}

const manifestCacheBytes = 4 << 20

func (c *manifestCache) get(id string) *catalog.Manifest {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cached).m
}

func (c *manifestCache) now() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch
}

func (c *manifestCache) put(id string, m *catalog.Manifest, size, epoch int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch != c.epoch || c.byID[id] != nil {
		return
	}
	if c.byID == nil {
		c.byID = map[string]*list.Element{}
	}
	c.byID[id] = c.order.PushFront(&cached{id, m, size})
	for c.bytes += size; c.bytes > manifestCacheBytes; {
		last := c.order.Remove(c.order.Back()).(*cached)
		delete(c.byID, last.id)
		c.bytes -= last.size
	}
}

func (c *manifestCache) clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.byID, c.bytes = nil, 0
	c.order.Init()
	c.epoch++
}
