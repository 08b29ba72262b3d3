package commands

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gokeytool/internal/atomicfile"
	"gokeytool/internal/shell"
	"gokeytool/store"
	"gokeytool/store/entry"
	"gokeytool/x509util"
)

// caPath is the keystore in which the CA is kept for reuse.
func (d *developer) caPath() string {
	return filepath.Join(d.userDirectory("XDG_DATA_HOME", ".local", "share"), "dev-ca.p12")
}

// openCA opens the CA, or makes it the first time and when it
// comes to its end.
func (d *developer) openCA(ctx context.Context) error {
	path := d.caPath()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fileError(path, pathCause(err))
	}
	lock, err := d.lock(ctx, path)
	if err != nil {
		return err
	}
	defer lock.Unlock()
	if err := d.trustCA(path); err != nil {
		return err
	}
	password := []byte(tomcatPassword) // the mode of the file protects the key
	ks, err := store.Open(path, store.Options{Password: password})
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return withHint(fmt.Errorf("the development CA does not open: %v", err), "to begin with a new one, move this file away; browsers have to trust the new one then")
	default:
		kept := &keystore{Store: ks, path: path, password: password}
		if d.ca, err = d.openIssuer(kept, "ca", password); err != nil {
			return fmt.Errorf("%s, the development CA: %v", path, err)
		}
		if d.ca.certificate.NotAfter.After(d.Now().AddDate(0, 0, int(d.options.days))) {
			d.out().Printf("Development CA: %s, kept in %s\n", d.ca.name.CommonName(), path)
			return nil
		}
	}
	if err := d.createCA(path, password, ks != nil); err != nil {
		return err
	}
	d.out().Printf("Development CA: %s, new, kept in %s\n", d.ca.name.CommonName(), path)
	return nil
}

// trustCA refuses a CA that others could have read, or put there: who has its
// key can be any server to the browsers that trust it.
func (d *developer) trustCA(path string) error {
	file, err := openTrusted(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	refusal := func(why string, hints ...string) error {
		return withHint(fmt.Errorf("%s, the development CA, is not used: %s", path, why), append(hints,
			"move the file away for a new CA to be made; browsers have to trust the new one then, and no longer the old one")...)
	}
	if refused, ok := errors.AsType[*atomicfile.RefusedError](err); ok {
		return refusal(refused.Reason)
	}
	if err != nil {
		return fileError(path, pathCause(err))
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fileError(path, pathCause(err))
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil {
		return fileError(filepath.Dir(path), pathCause(err))
	}
	chmod := "if nobody else has been on this machine: " + shell.Line("chmod", "go=", shell.File(filepath.Dir(path)), shell.File(path))
	switch {
	case anothers(info): // who is root has one of his own
		return refusal("it belongs to another user, who has its key")
	case anothers(dir):
		return refusal("its directory belongs to another user, who may have put it there")
	case othersMay(info, 0o077):
		return refusal(fmt.Sprintf("others than its owner can use it (mode %04o), and so may have its key", info.Mode().Perm()), chmod)
	case othersMay(dir, 0o002):
		return refusal("everybody can write its directory, and so may have put it there", chmod)
	}
	return nil
}

func (d *developer) createCA(path string, password []byte, replace bool) error {
	key, spki, err := d.newKey()
	if err != nil {
		return err
	}
	id, err := x509util.KeyID(spki)
	if err != nil {
		return err
	}
	// Two CAs of one name confuse those who trust both.
	name, err := x509util.ParseDName("CN=" + devCA + " " + hex.EncodeToString(id[:4]))
	if err != nil {
		return err
	}
	certificate, err := d.issue(name, spki, devCADays, &issuerKey{signer: key, name: name}, "BC:c=ca:true,pathlen:0", "KU:c=keyCertSign,cRLSign")
	if err != nil {
		return err
	}
	d.ca = &issuerKey{alias: "ca", signer: key, name: name, certificate: certificate, chain: []entry.Certificate{entry.X509(certificate.Raw)}}
	_, err = d.saveKey(path, "ca", key, d.ca.chain, password, replace)
	return err
}
