package endpoint

import (
	"testing"
	"time"

	"gokeytool/identity/identitytest"
)

// Whoever asks again is told what was found before, for a minute.
func TestExaminedOnce(t *testing.T) {
	id, err := newServed(identitytest.New(t, "p256", "localhost"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	first := id.examine(now)
	if len(first) == 0 {
		t.Fatal("nothing was found")
	}
	for after, again := range map[time.Duration]bool{0: false, time.Second: false, 59 * time.Second: false, time.Minute: true, -time.Second: true} {
		id.checks, id.examined = first, now
		if made := &id.examine(now.Add(after))[0] != &first[0]; made != again {
			t.Errorf("after %v examined again: %v", after, made)
		}
	}
	if facts := id.facts(); &facts[0] != &id.facts()[0] || facts[0].PEM != "" {
		t.Error("the certificates are described again, or with what /api/certificates adds")
	}
}
