package site

import (
	"container/list"
	"errors"
	"sync"
)

// cache keeps finished answers of one state of the catalogue, the least recently used making room. Nobody
// waits for another's page: only for the same one, which is then made once.
type cache struct {
	limit int64

	mu    sync.Mutex // guards the fields below
	epoch uint64
	size  int64
	items map[string]*item
	order list.List // of *item with an answer, last used first
}

// item is an answer that is there, or being made.
type item struct {
	key    string
	ready  chan struct{} // closed when made
	answer *answer
	err    error
	cost   int64 // of the answer, in bytes
	place  *list.Element
}

func newCache(limit int64) *cache { return &cache{limit: limit, items: map[string]*item{}} }

// get is the answer called key in that epoch, made by make when it is not there. Errors are not kept. A later
// epoch drops everything of earlier ones.
func (c *cache) get(epoch uint64, key string, make func() (*answer, error)) (*answer, error) {
	it, mine := c.claim(epoch, key)
	if mine {
		c.fill(epoch, it, make)
	}
	<-it.ready
	return it.answer, it.err
}

// fill makes the item's answer. Whoever waits for it is let go even when make panics, and gets an error.
func (c *cache) fill(epoch uint64, it *item, make func() (*answer, error)) {
	it.err = errUnmade
	defer func() {
		if it.err == nil {
			it.cost = it.answer.size() + 2*int64(len(it.key))
		}
		close(it.ready)
		c.settle(epoch, it)
	}()
	it.answer, it.err = make()
}

var errUnmade = errors.New("the answer could not be made")

// claim finds the item, or puts down an empty one that the caller must fill.
func (c *cache) claim(epoch uint64, key string) (it *item, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if epoch > c.epoch {
		c.epoch, c.size = epoch, 0
		clear(c.items)
		c.order.Init()
	}
	if it, ok := c.items[key]; ok && epoch == c.epoch {
		if it.place != nil {
			c.order.MoveToFront(it.place)
		}
		return it, false
	}
	it = &item{key: key, ready: make(chan struct{})}
	if epoch == c.epoch {
		c.items[key] = it
	}
	return it, true
}

// settle gives a filled item its place, or forgets it.
func (c *cache) settle(epoch uint64, it *item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items[it.key] != it {
		return // a later epoch has begun
	}
	if it.err != nil || it.cost > c.limit/4 {
		delete(c.items, it.key)
		return
	}
	it.place = c.order.PushFront(it)
	c.size += it.cost
	for c.size > c.limit {
		oldest := c.order.Remove(c.order.Back()).(*item)
		delete(c.items, oldest.key)
		c.size -= oldest.cost
	}
}

// held is how many bytes are kept, and in how many answers.
func (c *cache) held() (bytes int64, answers int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.size, c.order.Len()
}
