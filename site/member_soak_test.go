//go:build soak

package site_test

import "testing"

func TestManyLoginTimes(t *testing.T) { loginTimes(t, 20_000) }
