package commands

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gokeytool/store/entry"
)

// tomcatPassword is the password Tomcat tries where none is configured.
const tomcatPassword = "changeit"

// defaultPort is Tomcat's usual port for HTTPS.
const defaultPort = 8443

// openServed opens a keystore as Tomcat does: with the password changeit where
// none is given. Only if that one is wrong the user is asked. On a token, where a wrong
// PIN costs a try, it is not tried.
func (s *session) openServed(ctx context.Context) error {
	asked := s.opt.storepass == nil
	err := s.openKeystore(ctx, access{asks: asksOnce, password: []byte(tomcatPassword)})
	if s.ks != nil && s.ks.token != nil {
		return err
	}
	if asked && err == nil && s.opt.keypass == nil && !fits(s.ks.Store, s.ks.password) {
		err = entry.ErrPassword // of the keys only
	}
	if asked && errors.Is(err, entry.ErrPassword) {
		err = s.openKeystore(ctx, access{asks: asksOnce, keys: s.opt.keypass == nil})
	}
	return err
}

// errKeyless is what Tomcat says of a keystore that has no private key.
func (k *keystore) errKeyless() error {
	return withHint(java("java.io.IOException", "No aliases for private keys found in key store"),
		fmt.Sprintf("%s holds no private key, only %d certificates: a server needs the keystore in which the key was made", k.path, k.Len()))
}

// checkTomcat refuses a -tomcat that is no version.
func checkTomcat(version optional[int64]) error {
	if version.given && (version.value < 7 || version.value > 12) {
		return fmt.Errorf("-tomcat %d: from 7 to 12 (8 is 8.5)", version.value)
	}
	return nil
}

// noProperty refuses a value in which a server would look for a property. There is
// no way to write it that means itself.
func noProperty(server, what, value string) error {
	if strings.Contains(value, "${") {
		return fmt.Errorf("%s %s has %q in it, which %s takes for a property", what, value, "${", server)
	}
	return nil
}
