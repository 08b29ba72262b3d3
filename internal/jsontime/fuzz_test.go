package jsontime

import (
	"encoding/json"
	"testing"
	"time"
)

// FuzzTime: every point in time goes through JSON, as itself or as null.
func FuzzTime(f *testing.F) {
	for _, seconds := range []int64{0, -1 << 62, 1 << 62, 253402300799, 253402300800, -62167219200, -62167219201} {
		f.Add(seconds, int64(0), 0)
		f.Add(seconds, int64(999_999_999), 14*3600)
	}
	f.Fuzz(func(t *testing.T, seconds, nanoseconds int64, zone int) {
		when := time.Unix(seconds, nanoseconds).In(time.FixedZone("", zone%(24*3600)))
		text, err := json.Marshal(New(when))
		if err != nil {
			t.Fatal(err)
		}
		var again Time
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if Fits(when) != again.Equal(when) && !when.IsZero() {
			t.Errorf("%v became %s", when, text)
		}
	})
}
