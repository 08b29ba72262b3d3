package argv

import (
	"fmt"
	"slices"
	"strings"
)

// Values are what an option may be, as far as that can be listed.
type Values struct {
	Names   []string // offered by completion; help and errors are made of them
	Silent  []string // taken as well, and shown nowhere; "" where an empty value means none
	AnyCase bool     // upper and lower case are the same

	// Refusal is what an error says behind "-option value" of a value that is
	// not listed. It is empty where others are taken too, or are judged with
	// the rest of a configuration, as those of Tomcat's attributes are.
	Refusal string
}

// ValuesOf are those of an option with the command, which may have its own.
func (c *Command) ValuesOf(o *Option) Values {
	values := o.Values
	if c != nil && c.Values[o.Name] != nil {
		values = c.Values[o.Name]
	}
	if values == nil {
		return Values{}
	}
	return *values
}

// Choose returns the value of a command's option as the table writes it. The
// error is that of a value that is not in the table. The names are canonical.
func (t *Table) Choose(command, option, value string) (string, error) {
	v := t.Command(command).ValuesOf(t.Option(option))
	for _, name := range slices.Concat(v.Names, v.Silent) {
		if name == value || v.AnyCase && strings.EqualFold(name, value) {
			return name, nil
		}
	}
	return "", fmt.Errorf("-%s %s%s", option, value, v.Refusal)
}

// profile is a set of parameters for PKCS12 files, with those who read them.
type profile struct{ name, readers string }

var (
	profiles = []profile{
		{"default", "Java 8u301 and later, OpenSSL 1.1.1"},
		{"java8", "every Java"},
		{"legacy", "everything"},
		{"openssl3", ""},
		{"java26", "with the MAC of FIPS"},
		{"passwordless", "truststores"},
	}
	profileNames = namesOf(profiles)

	// An export has another passwordless, which goes with the sets of go-pkcs12:
	// they have no room for an alias.
	exportProfiles   = profileNames[:len(profileNames)-1]
	exchangeProfiles = append([]string{"modern2023", "modern2026", "legacy-des", "legacy-rc2"}, profileNames[len(profileNames)-1])
)

func namesOf(profiles []profile) []string {
	var names []string
	for _, p := range profiles {
		names = append(names, p.name)
	}
	return names
}

// readersOf lists profiles with those who read them.
func readersOf(profiles []profile) string {
	var list []string
	for _, p := range profiles {
		if p.readers != "" {
			p.name += " (" + p.readers + ")"
		}
		list = append(list, p.name)
	}
	return commas(list)
}

// boolean shows the two values of an attribute.
var boolean = "<" + strings.Join(valuesBoolean.Names, "|") + ">"

// TargetTypes are the types that keystores are converted to.
var TargetTypes = append(slices.Clone(keystoreTypes), "pem")

const raw = "raw"

// SecretFormats are those of an export of a secret key: its bytes as they are, or
// as text.
var SecretFormats = append([]string{raw}, textFormats...)

var (
	textFormats   = []string{"hex", "base64"}
	fileFormats   = []string{"pem", "der", "p7b", "p12", "jks"}
	keystoreTypes = []string{"pkcs12", "jks", "jceks"}
	servers       = []string{"spring-boot", "kafka", "nginx"}
	protocols     = []string{"ftp", "imap", "ldap", "pop3", "postgres", "smtp"}
	trackings     = []string{"cookie", "tls"}
	accessLogs    = []string{"off", "common", "json"}
	shells        = []string{"bash", "zsh", "fish"}
	vias          = []string{"http-01", "tls-alpn-01", "dns-01"}
	reasons       = []string{"unspecified", "keyCompromise", "affiliationChanged", "superseded", "cessationOfOperation"}
)

// The values of the table's options.
var (
	valuesTo = Values{
		Names: TargetTypes, Silent: []string{"CaseExactJKS"}, AnyCase: true,
		Refusal: " is not known: it is one of " + commas(TargetTypes),
	}
	valuesMigrateTo = Values{ // pem is refused with a hint
		Names: keystoreTypes, Silent: []string{"pem", "CaseExactJKS"}, AnyCase: true, Refusal: valuesTo.Refusal,
	}
	valuesProfile = Values{
		Names: profileNames, AnyCase: true,
		Refusal: " is not known: it is one of " + commas(profileNames),
	}
	valuesExportProfile = Values{
		Names: slices.Concat(profileNames, exchangeProfiles[:len(exchangeProfiles)-1]), Silent: []string{""},
		Refusal: " is not known: it is one of " + commas(slices.Concat(exchangeProfiles, exportProfiles)),
	}
	valuesFormat = Values{
		Names:   slices.Concat(fileFormats, textFormats, []string{raw}),
		Refusal: " is not known: it is one of " + commas(fileFormats) + "; of a secret key " + commas(SecretFormats),
	}
	valuesServer = Values{
		Names: servers, Silent: []string{"", "tomcat"}, AnyCase: true,
		Refusal: ": there are tomcat, " + and(servers),
	}
	valuesStarttls  = Values{Names: protocols, Silent: []string{""}, Refusal: ": known are " + commas(protocols)}
	valuesTracking  = Values{Names: trackings, Silent: []string{"", "ssl"}, Refusal: ": sessions can hang on a cookie or on the TLS session: " + commas(trackings)}
	valuesAccessLog = Values{Names: accessLogs, Silent: []string{""}, Refusal: ": " + and(accessLogs) + " are known"}

	// Of acme.
	valuesDirectory = Values{Names: []string{"letsencrypt", "letsencrypt-staging", "zerossl", "google", "google-staging", "sslcom", "sslcom-rsa", "actalis"}}
	valuesVia       = Values{Names: vias, Silent: []string{""}, Refusal: ": names are proved by " + or(vias)}
	valuesReason    = Values{
		Names: reasons, Silent: []string{""}, AnyCase: true,
		Refusal: " is not known: it is one of " + commas(reasons),
	}
	valuesACMEKeyalg = Values{Names: []string{"EC", "RSA"}}
	valuesACMEGroup  = Values{Names: []string{"secp256r1", "secp384r1", "secp521r1"}}

	// Attributes of Tomcat's connector.
	valuesBoolean      = Values{Names: []string{"true", "false"}}
	valuesClientAuth   = Values{Names: []string{"false", "want", "true"}}
	valuesVerification = Values{Names: []string{"none", "optional", "required"}}
	valuesOpenSSL      = Values{Names: []string{"none", "optional", "require"}}

	// The usual ones of what may be much else.
	valuesStoretype = Values{Names: []string{"PKCS12", "JKS", "JCEKS"}}
	valuesKeyalg    = Values{Names: []string{"RSA", "EC", "Ed25519", "Ed448", "EdDSA", "RSASSA-PSS", "DSA", "DH", "X25519", "X448", "XDH",
		"ML-DSA", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "ML-KEM", "ML-KEM-512", "ML-KEM-768", "ML-KEM-1024"}}
	valuesSecretKeyalg   = Values{Names: []string{"AES", "DESede", "DES", "HmacSHA256", "HmacSHA384", "HmacSHA512", "HmacSHA1", "Blowfish", "ARCFOUR", "ChaCha20"}}
	valuesPasswordKeyalg = Values{Names: []string{"PBE", "PBEWithHmacSHA256AndAES_128", "PBEWithHmacSHA256AndAES_256", "PBEWithHmacSHA512AndAES_256"}}
	valuesKeysize        = Values{Names: []string{"2048", "3072", "4096"}}
	valuesSecretKeysize  = Values{Names: []string{"128", "192", "256"}}
	valuesGroupname      = Values{Names: []string{"secp256r1", "secp384r1", "secp521r1", "Ed25519", "Ed448", "X25519", "X448",
		"ML-DSA-44", "ML-DSA-65", "ML-DSA-87", "ML-KEM-512", "ML-KEM-768", "ML-KEM-1024"}}
	valuesSigalg = Values{Names: []string{"SHA256withRSA", "SHA384withRSA", "SHA512withRSA", "RSASSA-PSS", "SHA256withECDSA", "SHA384withECDSA",
		"SHA512withECDSA", "Ed25519", "Ed448", "SHA256withDSA", "SHA1withRSA", "SHA1withECDSA", "SHA1withDSA", "ML-DSA"}}
	valuesExt = Values{Names: []string{"san=dns:", "san=ip:", "bc:c", "bc=ca:true", "bc=ca:false", "ku=digitalSignature", "ku=keyCertSign,cRLSign",
		"eku=serverAuth", "eku=clientAuth", "eku=codeSigning"}}
	valuesGrantedExt = Values{Names: append(slices.Clone(valuesExt.Names), "honored=all")}
)

func commas(names []string) string { return strings.Join(names, ", ") }

// list writes what a clause lists, with a word before the last.
func list(names []string, word string) string {
	last := len(names) - 1
	return commas(names[:last]) + " " + word + " " + names[last]
}

func and(names []string) string { return list(names, "and") }

func or(names []string) string { return list(names, "or") }
