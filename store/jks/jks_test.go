package jks

import (
	"bytes"
	"errors"
	"testing"

	"gokeytool/store/entry"
)

func TestSealUnseal(t *testing.T) {
	for _, pw := range []string{"", "changeit", "pässwört", "ლ(ಠ益ಠლ)", "鍵🔑", "\xff\xfe"} {
		t.Run(pw, func(t *testing.T) {
			for _, n := range []int{1, 20, 33, 1200} {
				plain := bytes.Repeat([]byte{7}, n)
				sealed, err := Seal(entry.Key{PKCS8: plain}, []byte(pw), nil)
				if err != nil {
					t.Fatal(err)
				}
				e := &entry.Entry{Kind: entry.PrivateKey, Sealed: sealed}
				k, err := Unseal(e, []byte(pw), entry.DefaultLimits)
				if err != nil || !bytes.Equal(k.PKCS8, plain) {
					t.Fatal(err, k)
				}
				for _, wrong := range []string{"wrong", "間違い"} {
					if _, err := Unseal(e, []byte(wrong), entry.DefaultLimits); !errors.Is(err, entry.ErrPassword) {
						t.Fatal(err)
					}
				}
			}
		})
	}
}
