package pkcs11_test

import (
	"fmt"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/pkcs11"
)

// BenchmarkSign is a signature on SoftHSM, as goroutines ask for them.
func BenchmarkSign(b *testing.B) {
	token := login(b, testtool.NewSoftHSM(b))
	for _, kind := range []string{"RSA", "EC"} {
		ref, public := makeKey(b, token, kind, kind)
		k := token.Key(ref, public)
		b.Run(kind, func(b *testing.B) {
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					if err := signs(k); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

// BenchmarkList finds a hundred objects and reads them.
func BenchmarkList(b *testing.B) {
	token := login(b, testtool.NewSoftHSM(b))
	do(b, token, func(s *pkcs11.Session) error {
		for i := range 100 {
			if _, err := s.Create(pkcs11.NewNumber(pkcs11.Class, pkcs11.DataObject), pkcs11.NewBool(pkcs11.OnToken, true),
				pkcs11.Attribute{Type: pkcs11.Label, Value: fmt.Append(nil, "object ", i)},
				pkcs11.Attribute{Type: pkcs11.Value, Value: make([]byte, 1000)}); err != nil {
				return err
			}
		}
		return nil
	})
	for b.Loop() {
		do(b, token, func(s *pkcs11.Session) error {
			objects, err := s.Find()
			if err != nil || len(objects) != 100 {
				return fmt.Errorf("%d objects, %w", len(objects), err)
			}
			for _, o := range objects {
				if _, err := s.Get(o, pkcs11.Class, pkcs11.Label, pkcs11.ID, pkcs11.Value, pkcs11.KeyType); err != nil {
					return err
				}
			}
			return nil
		})
	}
}
