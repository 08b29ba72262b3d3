package store

import (
	"testing"

	"gokeytool/store/entry"
	"gokeytool/store/jceks"
	"gokeytool/store/pkcs12"
	"gokeytool/store/storetest"
)

func TestConformance(t *testing.T) {
	for _, typ := range []Type{JKS, JCEKS, PKCS12} {
		t.Run(string(typ), func(t *testing.T) {
			c := typ.codec()
			codec := storetest.Codec{
				Decode: c.decode, Encode: c.encode, Seal: c.seal, Unseal: c.unseal,
				SecretKeys: typ.secrets(),
			}
			switch typ {
			case PKCS12:
				codec.KeysFirst, codec.Encrypted, codec.Iterations = true, true, true
				codec.New = func() *entry.File {
					p := pkcs12.Default
					p.CertIterations, p.KeyIterations, p.MACIterations = 1, 1, 1
					return pkcs12.NewFile(p)
				}
			case JCEKS:
				codec.CertificateDates, codec.Iterations = true, true
				codec.New = func() *entry.File { return &entry.File{Origin: &jceks.Params{Iterations: 1}} }
			default:
				codec.CertificateDates = true
			}
			storetest.Run(t, codec)
		})
	}
}
