//go:build soak

package main

import (
	"testing"
	"time"
)

func TestGreatFlood(t *testing.T) {
	flood{idle: 10_000, logins: 500, joins: 50, hold: 70 * time.Second}.run(t)
}
