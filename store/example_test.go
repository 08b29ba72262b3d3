package store_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"gokeytool/store"
	"gokeytool/store/entry"
)

// Adding an entry to a keystore that may not be there yet, while other
// processes may do the same.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keystore.p12")
	password := []byte("changeit")

	if err := addKey(context.Background(), path, password); err != nil {
		log.Fatal(err)
	}

	s, err := store.Open(path, store.Options{Password: password})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range s.Sorted() {
		fmt.Printf("%s, %s, %d certificate\n", s.JavaAlias(e), e.Kind, len(e.Chain))
	}
	_, err = s.Key("Tomcat", []byte("wrong password"))
	fmt.Println("wrong password:", errors.Is(err, entry.ErrPassword))
	// Output:
	// tomcat, PrivateKeyEntry, 1 certificate
	// wrong password: true
}

func addKey(ctx context.Context, path string, password []byte) error {
	lock, err := store.Lock(ctx, path)
	if err != nil {
		return err
	}
	defer lock.Unlock()

	s, err := store.Open(path, store.Options{Password: password})
	if errors.Is(err, fs.ErrNotExist) {
		s = store.New(store.PKCS12)
	} else if err != nil {
		return err
	}
	pkcs8, certificate, err := selfSigned()
	if err != nil {
		return err
	}
	key := entry.Key{PKCS8: pkcs8}
	defer key.Wipe()
	chain := []entry.Certificate{entry.X509(certificate)}
	if err := s.SetKey("tomcat", key, password, chain, time.Now()); err != nil {
		return err
	}
	return s.Save(path, password)
}

func selfSigned() (pkcs8, certificate []byte, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "localhost"},
		NotAfter:     time.Now().AddDate(0, 3, 0),
	}
	certificate, err = x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	pkcs8, err = x509.MarshalPKCS8PrivateKey(key)
	return pkcs8, certificate, err
}

// Which key would Tomcat serve that has been told none?
func ExampleStore_JavaOrder() {
	s := store.New(store.JKS)
	for _, alias := range []string{"zeta", "tomcat", "alpha", "server", "m1"} {
		certificate := entry.X509([]byte(alias))
		if err := s.SetCertificate(alias, certificate, time.Now()); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Print("listed:    ")
	for _, e := range s.Sorted() {
		fmt.Print(" ", e.Alias)
	}
	fmt.Print("\nenumerated:")
	for _, e := range s.JavaOrder() {
		fmt.Print(" ", e.Alias)
	}
	// Output:
	// listed:     alpha m1 server tomcat zeta
	// enumerated: zeta m1 tomcat server alpha
}

// A file that is no keystore says what it is.
func ExampleDetect() {
	_, err := store.Detect([]byte("-----BEGIN CERTIFICATE-----\nMIIB..."))
	fmt.Println(err)
	// Output:
	// not a keystore: this is a certificate in PEM
}
