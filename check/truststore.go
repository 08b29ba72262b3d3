package check

import (
	"fmt"
	"path/filepath"

	"gokeytool/finding"
	"gokeytool/internal/shell"
	"gokeytool/internal/text"
	"gokeytool/store"
	"gokeytool/store/pkcs12"
)

// truststore looks at the store as a program in Java takes it that is started
// with -Djavax.net.ssl.trustStore: what is asked for by Options.Truststore, and
// noted of every PKCS12 file that holds nothing but trusted certificates. Java
// sees no encrypted certificate without -Djavax.net.ssl.trustStorePassword, and
// says nothing of it.
func (x *examination) truststore(keys, certificates int) {
	p, ok := x.store.Params()
	hidden := ok && p.CertAlgorithm != pkcs12.None
	both := "without its password (-Djavax.net.ssl.trustStorePassword) Java sees no certificate in it, and says: the trustAnchors parameter must be non-empty"
	switch {
	case !x.java:
		if hidden && certificates > 0 && keys == 0 {
			x.find(finding.Info, "java-truststore", "", "as a truststore: "+both, x.javaLine())
		}
	case x.Type.Unprotected():
		x.find(finding.Error, "store-type", "", fmt.Sprintf("Java takes no file in %s for a truststore (problem accessing trust store)", x.Type),
			shell.Keystore{Path: "NEW.p12"}.Line([]string{"import", "-bundle", x.Path}))
	case x.Type.Foreign():
		x.find(finding.Error, "store-type", "", fmt.Sprintf("Java takes no %s file for a truststore by itself (problem accessing trust store)", x.Type),
			x.keystore().Operand([]string{"convert"}, "NEW.p12"))
	case x.Type == store.JCEKS:
		x.find(finding.Error, "store-type", "", "Java takes a truststore for JKS or PKCS12 where it is not told that it is JCEKS (problem accessing trust store)",
			x.javaLine("javax.net.ssl.trustStoreType=JCEKS"))
	case hidden && x.o.Password == nil:
		x.find(finding.Error, "java-truststore", "", both, x.javaLine())
	case certificates > 0:
		x.find(finding.Info, "java-truststore", "", fmt.Sprintf("Java trusts %s in it", text.Count(certificates, "certificate", "certificates")), x.javaLine())
	case keys > 0:
		x.find(finding.Warning, "no-trust-anchors", "", "there are only keys in it: TLS in Java trusts their own certificates, other code in Java says: the trustAnchors parameter must be non-empty",
			x.keystore().Line([]string{"export", "-rfc", "-alias", x.Serves, "-file", "CERTIFICATE"})+" && "+
				shell.Keystore{Path: "NEW.p12"}.Line([]string{"import", "-bundle", "CERTIFICATE"}))
	}
}

// javaLine starts a program in Java with the file as its truststore. Its path is
// from the root: one that is not right is no error to Java.
func (x *examination) javaLine(properties ...string) string {
	k := x.keystore()
	if path, err := filepath.Abs(k.Path); err == nil {
		k.Path = path
	}
	return k.Java(x.Password != PasswordNone, string(x.password), properties...)
}
