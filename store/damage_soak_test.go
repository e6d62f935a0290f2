//go:build soak

package store_test

import "testing"

func TestManyTruncations(t *testing.T) { truncations(t, 2_000) }

func TestManyFlips(t *testing.T) { flips(t, 1_000) }
