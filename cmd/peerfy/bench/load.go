package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// load sends n requests for path over conns kept-alive connections to a unix
// socket, and checks that every answer is whole and 200.
func load(socket, host, path string, conns, n int) error {
	errs := make([]error, conns)
	var wg sync.WaitGroup
	for i := range conns {
		wg.Go(func() { errs[i] = loadOne(socket, host, path, n/conns) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func loadOne(socket, host, path string, n int) error {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	request := []byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nAccept-Encoding: gzip\r\nAccept-Language: fr\r\n\r\n")
	r := bufio.NewReaderSize(c, 64<<10)
	for range n {
		if _, err := c.Write(request); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", path, resp.Status)
		}
	}
	return nil
}

// get fetches path once and returns the body as it came over the wire.
func get(socket, host, path string) ([]byte, error) {
	client := &http.Client{Transport: &http.Transport{
		DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	defer client.CloseIdleConnections()
	req, err := http.NewRequest("GET", "http://"+host+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	req.Header.Set("Accept-Language", "fr")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	return body, err
}

// cpu is the CPU time of a process and its children so far, from the kernel's
// clock of 10 ms ticks.
func cpu(pid int) (time.Duration, error) {
	var total time.Duration
	pids, err := descendants(pid)
	if err != nil {
		return 0, err
	}
	for _, p := range pids {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p))
		if err != nil {
			return 0, err
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		for _, f := range fields[11:13] {
			ticks, err := strconv.ParseInt(f, 10, 64)
			if err != nil {
				return 0, err
			}
			total += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	return total, nil
}

func descendants(pid int) ([]int, error) {
	all := []int{pid}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	for _, c := range strings.Fields(string(children)) {
		child, err := strconv.Atoi(c)
		if err != nil {
			return nil, err
		}
		below, err := descendants(child)
		if err != nil {
			return nil, err
		}
		all = append(all, below...)
	}
	return all, nil
}

// resident is the memory of a process in bytes.
func resident(pid int) (int64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(strings.Fields(string(statm))[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}

// server is a program that listens on a unix socket.
type server struct {
	cmd    *exec.Cmd
	socket string
}

// launch starts a program and returns when its socket answers.
func launch(ctx context.Context, socket, name string, args ...string) (*server, error) {
	if err := os.Remove(socket); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	s := &server{exec.CommandContext(ctx, name, args...), socket}
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(os.Interrupt) }
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(time.Minute); ; {
		c, err := net.Dial("unix", socket)
		if err == nil {
			return s, c.Close()
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(err, s.close())
		}
		time.Sleep(time.Millisecond) // a socket gives no event when it begins to listen
	}
}

func (s *server) close() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	s.cmd.Wait() // ended by our signal: its exit code says nothing
	return nil
}

// cost is the CPU time of one request, measured over n of them.
func (s *server) cost(host, path string, n int) (time.Duration, error) {
	before, err := cpu(s.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	if err := load(s.socket, host, path, 32, n); err != nil {
		return 0, err
	}
	after, err := cpu(s.cmd.Process.Pid)
	return (after - before) / time.Duration(n), err
}

func median[T int64 | float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// percentile is the value that p of 100 do not exceed.
func percentile(values []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)*p/100, len(sorted)-1)]
}
