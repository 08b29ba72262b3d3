package commands

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// lookAhead reads -within: a number of days, or one with the unit w, d, h or m.
func lookAhead(within optional[string]) (time.Duration, error) {
	if !within.given {
		return 0, nil
	}
	number, unit := within.value, 24*time.Hour
	for suffix, u := range map[string]time.Duration{"w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute} {
		if before, ok := strings.CutSuffix(within.value, suffix); ok {
			number, unit = before, u
		}
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil || n == 0 || time.Duration(n) > maxWithin/unit {
		return 0, fmt.Errorf("-within %q is no length of time: write 30d, 8w or 36h", within.value)
	}
	return time.Duration(n) * unit, nil
}

// maxWithin is as far as anybody can look ahead.
const maxWithin = 200 * 365 * 24 * time.Hour
