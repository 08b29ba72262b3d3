package keys

import (
	"encoding/hex"
	"testing"
)

// TestMD2 compares with the digests of RFC 1319 (A.5), written at once and byte
// by byte.
func TestMD2(t *testing.T) {
	const letters, digits = "abcdefghijklmnopqrstuvwxyz", "1234567890"
	for message, want := range map[string]string{
		"":               "8350e5a3e24c153df2275c9f80692773",
		"a":              "32ec01ec4a6dac72c0ab96fb34c0b5d1",
		"abc":            "da853b0d3f88d99b30283a69e6ded6bb",
		"message digest": "ab4f496bfb2a530b219ff33031fe06b0",
		letters:          "4e8ddff3650292ab5a4108c3aa47940b",
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ" + letters + "0123456789":                 "da33def2a42df13975352846c30338cd",
		digits + digits + digits + digits + digits + digits + digits + digits: "d5976f79d83d3a0dc9806c3c66f3efd8",
	} {
		h := NewMD2()
		h.Write([]byte("something else"))
		h.Reset()
		for i := range len(message) {
			h.Write([]byte(message[i : i+1]))
			h.Sum(nil)
		}
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%q, byte by byte: %s, want %s", message, got, want)
		}
		h = NewMD2()
		h.Write([]byte(message))
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%q: %s, want %s", message, got, want)
		}
	}
}
