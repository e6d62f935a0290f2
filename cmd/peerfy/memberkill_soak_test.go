//go:build soak

package main

import "testing"

func TestManyServeKills(t *testing.T) { serveKills(t, 200) }
