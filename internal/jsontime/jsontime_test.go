package jsontime

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

func TestTime(t *testing.T) {
	east := time.FixedZone("east", 15*3600+1)
	for _, c := range []struct {
		time time.Time
		want string
	}{
		{time.Date(2026, 11, 29, 1, 2, 3, 0, time.UTC), `"2026-11-29T01:02:03Z"`},
		{time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), `"9999-12-31T23:59:59Z"`},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "null"},
		{time.Date(10000, 1, 1, 0, 0, 0, 0, east), `"9999-12-31T08:59:59Z"`},
		{time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC), `"0000-01-01T00:00:00Z"`},
		{time.Date(-1, 12, 31, 23, 59, 59, 0, time.UTC), "null"},
		{time.UnixMilli(math.MaxInt64), "null"},
		{time.UnixMilli(math.MinInt64), "null"},
	} {
		for _, value := range []any{Time{c.time}, &Time{c.time}, New(c.time)} {
			got, err := json.Marshal(value)
			if err != nil || string(got) != c.want {
				t.Errorf("%s: %s, %v; want %s", c.time, got, err, c.want)
			}
		}
		var back Time
		if err := json.Unmarshal([]byte(c.want), &back); err != nil || c.want != "null" && !back.Equal(c.time) || c.want == "null" && !back.IsZero() {
			t.Errorf("%s: read back as %s, %v", c.time, back, err)
		}
	}
}
