package check_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gokeytool/check"
	"gokeytool/jdk"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
	"gokeytool/x509util/keys"
)

// BenchmarkFiles checks a thousand JKS keystores, each of one key with its
// certificate, as services have them.
func BenchmarkFiles(b *testing.B) {
	for _, algorithm := range []string{"EC", "RSA"} {
		b.Run(algorithm, func(b *testing.B) {
			dir := b.TempDir()
			data := selfSigned(b, algorithm)
			for i := range 1000 {
				if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.jks", i)), data, 0o600); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				n := 0
				for v := range check.Files(b.Context(), []string{dir}, check.Options{}) {
					if v.Status != check.Healthy {
						b.Fatalf("%+v", v)
					}
					n++
				}
				if n != 1000 {
					b.Fatalf("%d verdicts", n)
				}
			}
		})
	}
}

// selfSigned is a JKS keystore with a key of 2048 bits, or on secp256r1.
func selfSigned(b *testing.B, algorithm string) []byte {
	size := map[string]int{"EC": 256, "RSA": 2048}[algorithm]
	key, err := keys.Generate(keys.Spec{Algorithm: algorithm, Size: size}, jdk.Default)
	if err != nil {
		b.Fatal(err)
	}
	pkcs8, err := keys.MarshalPrivate(key)
	if err != nil {
		b.Fatal(err)
	}
	name, err := x509util.ParseDName("CN=localhost")
	if err != nil {
		b.Fatal(err)
	}
	spki, err := keys.MarshalPublic(key.Public())
	if err != nil {
		b.Fatal(err)
	}
	extensions, err := x509util.BuildExtensions([]string{"san=dns:localhost", "eku=serverAuth"}, x509util.ExtensionContext{SubjectKey: spki})
	if err != nil {
		b.Fatal(err)
	}
	der, err := x509util.CreateCertificate(x509util.Template{
		Issuer: name, Subject: name, SPKI: spki, Extensions: extensions,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
	}, key, map[string]string{"EC": "SHA256withECDSA", "RSA": "SHA256withRSA"}[algorithm], jdk.Default)
	if err != nil {
		b.Fatal(err)
	}
	s := store.New(store.JKS)
	if err := s.SetKey("tomcat", entry.Key{PKCS8: pkcs8}, []byte("changeit"), []entry.Certificate{entry.X509(der)}, time.Now()); err != nil {
		b.Fatal(err)
	}
	data, err := s.Bytes([]byte("changeit"))
	if err != nil {
		b.Fatal(err)
	}
	return data
}
