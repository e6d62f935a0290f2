package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// progress shows long work on one line that is written over; where the words
// do not go to a terminal, each step gets one line when it begins.
type progress struct {
	w        io.Writer
	terminal bool

	mu    sync.Mutex // guards what follows: steps may report from several goroutines
	name  string
	begun time.Time
	shown time.Time
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	if !ok {
		return &progress{w: w}
	}
	info, err := f.Stat()
	return &progress{w: w, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// step reports that done of total units of the named step are finished.
func (p *progress) step(name string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if name != p.name {
		p.finish()
		p.name, p.begun = name, now
		if !p.terminal {
			fmt.Fprintf(p.w, "%s\n", name)
		}
	}
	if !p.terminal || (now.Sub(p.shown) < 100*time.Millisecond && done < total) {
		return
	}
	p.shown = now
	fmt.Fprintf(p.w, "\r\x1b[K%s %s", name, p.rest(now, done, total))
}

// rest says how far it is and how long it will still take.
func (p *progress) rest(now time.Time, done, total int64) string {
	if total <= 0 || done <= 0 {
		return ""
	}
	left := time.Duration(float64(now.Sub(p.begun)) * float64(total-done) / float64(done))
	return fmt.Sprintf("%d %%, %s left", done*100/total, left.Round(time.Second))
}

func (p *progress) finish() {
	if p.terminal && p.name != "" {
		fmt.Fprintf(p.w, "\r\x1b[K%s: done\n", p.name)
	}
	p.name = ""
}

// end closes the line.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finish()
}
