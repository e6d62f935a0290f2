package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"time"
)

// serve publishes the catalogue until it is told to stop.
func (e *env) serve(args []string) error {
	fs := e.flags()
	dir := fs.String("dir", "", "the co-operative's `folder`")
	tor := fs.String("tor", "", "`path` of tor, control:ADDR of one that runs, or none (default: looked up)")
	listen := fs.String("listen", "", "serve on 127.0.0.1:PORT or unix:PATH too")
	status := fs.String("status", "", "write the addresses as JSON to this `file`")
	keysOnHost := fs.Bool("keys-on-host", false, "serve although root, editor or treasurer keys lie on this machine")
	quiet := fs.Bool("quiet", false, "log errors only")
	if _, err := e.parse(fs, args, 0, "dir"); err != nil {
		return err
	}
	if *tor == "none" && *listen == "" {
		return usage("serve --tor none needs --listen")
	}
	if lying := keysOn(*dir); len(lying) > 0 && *tor != "none" && !*keysOnHost {
		return refused("move them to their holders, or add --keys-on-host",
			"%s: keys that must not lie on a web host; whoever breaks in could publish or change the rules", strings.Join(lying, ", "))
	}
	if lying := keysOn(*dir); len(lying) > 0 {
		e.say("not on a host that others can reach: %s", strings.Join(lying, ", "))
	}
	if err := harden(e.say); err != nil {
		return err
	}
	r, err := start(e.ctx, runConfig{dir: *dir, tor: *tor, listen: *listen, log: logger(e.stderr, *quiet)})
	if err != nil {
		return err
	}
	onionAddr := r.db.Charter().Onion
	if r.preview != "" {
		e.say("on this machine: http://%s", r.preview)
	}
	e.await(r)
	err = writeStatus(*status, map[string]any{"onion": onionAddr, "listen": r.preview, "vkey": r.db.Charter().Keys.Log})
	return errors.Join(err, e.untilStopped(r))
}

// await waits until tor has published the service, saying how far it is.
func (e *env) await(r *running) {
	if r.service.Load() == nil {
		return
	}
	e.say("tor is running; publishing the onion service…")
	ctx, cancel := context.WithTimeout(e.ctx, 3*time.Minute)
	defer cancel()
	go func() { // a server that fails ends the waiting
		select {
		case err := <-r.fail:
			r.fail <- err
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := r.service.Load().Ready(ctx); err != nil {
		e.say("not published yet (%v): it is tried again for as long as this runs", err)
		return
	}
	e.say("published: http://%s", r.service.Load().Address())
}

// untilStopped returns when the person stops the program or a part fails.
func (e *env) untilStopped(r *running) error {
	var failed error
	select {
	case <-e.ctx.Done():
		e.say("\nstopping…")
	case failed = <-r.fail:
	}
	return errors.Join(failed, r.close())
}

// keysOn lists the keys in dir that belong elsewhere.
func keysOn(dir string) (lying []string) {
	for _, role := range offline {
		if path := filepath.Join(dir, "keys"); hasKey(path, role) {
			lying = append(lying, filepath.Join(path, role))
		}
	}
	closing, _ := filepath.Glob(filepath.Join(dir, "keys", closingIdentity("*"))) // fails on bad patterns only
	return append(lying, closing...)
}

func logger(w io.Writer, quiet bool) *slog.Logger {
	level := slog.LevelWarn
	if quiet {
		level = slog.LevelError
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
