package argv

import "strings"

// TableDefault is the table of the program. Its slices are shared by all
// callers and not to be changed.
func TableDefault() *Table {
	return &Table{
		Program:  "gokeytool",
		Title:    "Java keystores and certificates, and an HTTPS endpoint to try them on",
		Tasks:    tasks,
		Commands: commands,
		Options:  options,
		Topics:   topics,
	}
}

// The headings of the general help, in its order.
const (
	taskKeys   = "Keys and certificates"
	taskSign   = "Requests and signing"
	taskStore  = "Inside a keystore"
	taskMove   = "Between keystores"
	taskLook   = "Look at files and servers"
	taskServe  = "Try a keystore out"
	taskAround = "Help"
)

var tasks = []string{taskKeys, taskSign, taskStore, taskMove, taskLook, taskServe, taskAround}

// options are known to every command. keytool takes several names for one thing
// (-keystore and -destkeystore, -alias and -srcalias): they are synonyms here.
var options = []Option{
	{Name: "alias", Synonyms: []string{"srcalias"}, Kind: Text},
	{Name: "keystore", Synonyms: []string{"destkeystore"}, Kind: Text},
	{Name: "storepass", Synonyms: []string{"deststorepass"}, Kind: Password},
	{Name: "storetype", Synonyms: []string{"deststoretype"}, Kind: Text, Values: &valuesStoretype},
	{Name: "keypass", Kind: Password},
	{Name: "cacerts", Kind: Flag},
	{Name: "v", Kind: Flag, Global: true},
	{Name: "rfc", Kind: Flag},
	{Name: "file", Kind: Text},
	{Name: "noprompt", Kind: Flag},
	{Name: "trustcacerts", Kind: Flag},
	{Name: "keyalg", Kind: Text, Values: &valuesKeyalg},
	{Name: "keysize", Kind: Int, Values: &valuesKeysize},
	{Name: "groupname", Kind: Text, Values: &valuesGroupname},
	{Name: "sigalg", Kind: Text, Values: &valuesSigalg},
	{Name: "dname", Kind: Text},
	{Name: "startdate", Kind: Text},
	{Name: "validity", Kind: Long},
	{Name: "ext", Kind: List, Values: &valuesExt},
	{Name: "signer", Kind: Text},
	{Name: "signerkeypass", Kind: Password},
	{Name: "infile", Kind: Text},
	{Name: "outfile", Kind: Text},
	{Name: "new", Kind: Password},
	{Name: "destalias", Synonyms: []string{"dest"}, Kind: Text},
	{Name: "destkeypass", Kind: Password},
	{Name: "srckeystore", Kind: Text},
	{Name: "srcstorepass", Kind: Password},
	{Name: "srcstoretype", Kind: Text, Values: &valuesStoretype},
	{Name: "srckeypass", Kind: Password},
	{Name: "srcprotected", Kind: Flag},
	{Name: "srcprovidername", Kind: Text},
	{Name: "protected", Synonyms: []string{"destprotected"}, Kind: Flag},
	{Name: "sslserver", Kind: Text},
	{Name: "jarfile", Kind: Text},
	{Name: "id", Kind: List},
	{Name: "tls", Kind: Flag},
	{Name: "providername", Synonyms: []string{"destprovidername"}, Kind: Text},
	{Name: "addprovider", Kind: Provider},
	{Name: "providerclass", Synonyms: []string{"provider"}, Kind: Provider},
	{Name: "providerarg", Kind: ProviderArg},
	{Name: "providerpath", Kind: Text},
	{Name: "conf", Kind: Text, Global: true},
	{Name: "debug", Kind: Flag, Global: true},
	{Name: "nowarn", Kind: Flag, Global: true},

	{Name: "maxIterations", Kind: Int, Own: true},
	{Name: "lockTimeout", Kind: Text, Own: true},
	{Name: "backup", Kind: Flag, Own: true},
	{Name: "notforjava", Kind: Flag, Own: true},
	{Name: "keyfile", Kind: Text, Own: true},
	{Name: "keyfilepass", Kind: Password, Own: true},
	{Name: "ca", Kind: List, Own: true},
	{Name: "bundle", Kind: Text, Own: true},
	{Name: "to", Kind: Text, Own: true, Values: &valuesTo},
	{Name: "complete", Kind: Flag, Own: true},
	{Name: "leaf", Kind: Flag, Own: true},
	{Name: "storepass2", Kind: Password, Own: true},
	{Name: "same", Kind: Flag, Own: true},
	{Name: "key", Kind: Flag, Own: true},
	{Name: "chain", Kind: Flag, Own: true},
	{Name: "fullchain", Kind: Flag, Own: true},
	{Name: "encrypt", Kind: Flag, Own: true},
	{Name: "format", Kind: Text, Own: true, Values: &valuesFormat},
	{Name: "profile", Kind: Text, Own: true, Values: &valuesProfile},
	{Name: "force", Kind: Flag, Own: true},
	{Name: "once", Kind: Flag, Own: true},
	{Name: "starttls", Kind: Text, Own: true, Values: &valuesStarttls},
	{Name: "against", Kind: Text, Own: true},
	{Name: "fingerprint", Kind: Text, Own: true},
	{Name: "serverxml", Kind: Text, Own: true},
	{Name: "connector", Kind: Int, Own: true},
	{Name: "context", Kind: Text, Own: true},
	{Name: "tomcat", Kind: Int, Own: true},
	{Name: "tracking", Kind: Text, Own: true, Values: &valuesTracking},
	{Name: "accesslog", Kind: Text, Own: true, Values: &valuesAccessLog},
	{Name: "hsts", Kind: Text, Own: true},
	{Name: "redirectPort", Kind: Int, Own: true},
	{Name: "requests", Kind: Int, Own: true},
	{Name: "httpSessionTimeout", Kind: Int, Own: true},
	{Name: "maxActiveSessions", Kind: Int, Own: true},
	{Name: "proxy", Kind: List, Own: true},
	{Name: "ticketkey", Kind: Text, Own: true},
	{Name: "keylog", Kind: Text, Own: true},
	{Name: "clientAuth", Kind: Text, Own: true, Values: &valuesClientAuth},
	{Name: "certificateVerification", Kind: Text, Own: true, Values: &valuesVerification},
	{Name: "SSLVerifyClient", Kind: Text, Own: true, Values: &valuesOpenSSL},
	{Name: "certificateVerificationDepth", Synonyms: []string{"SSLVerifyDepth", "trustMaxCertLength"}, Kind: Text, Own: true},
	{Name: "truststore", Kind: Flag, Own: true},
	{Name: "truststoreFile", Kind: Text, Own: true},
	{Name: "truststorePassword", Synonyms: []string{"truststorePass"}, Kind: Password, Own: true},
	{Name: "truststoreType", Kind: Text, Own: true},
	{Name: "caCertificateFile", Synonyms: []string{"SSLCACertificateFile"}, Kind: Text, Own: true},
	{Name: "certificateRevocationListFile", Synonyms: []string{"crlFile", "SSLCARevocationFile"}, Kind: Text, Own: true},
	{Name: "protocols", Synonyms: []string{"sslEnabledProtocols", "SSLProtocol"}, Kind: Text, Own: true},
	{Name: "ciphers", Synonyms: []string{"SSLCipherSuite"}, Kind: Text, Own: true},
	{Name: "honorCipherOrder", Synonyms: []string{"SSLHonorCipherOrder", "useServerCipherSuitesOrder"}, Kind: Text, Own: true, Values: &valuesBoolean},
	{Name: "groups", Kind: Text, Own: true},
	{Name: "sessionTimeout", Kind: Text, Own: true},
	{Name: "sessionCacheSize", Kind: Text, Own: true},
	{Name: "disableSessionTickets", Synonyms: []string{"SSLDisableSessionTickets"}, Kind: Text, Own: true, Values: &valuesBoolean},
	{Name: "cipherSuites", Kind: Text, Own: true},
	{Name: "caCertificatePath", Synonyms: []string{"SSLCACertificatePath"}, Kind: Text, Own: true},
	{Name: "certificateRevocationListPath", Synonyms: []string{"SSLCARevocationPath"}, Kind: Text, Own: true},
	{Name: "revocationEnabled", Kind: Text, Own: true, Values: &valuesBoolean},
	{Name: "ocspEnabled", Kind: Text, Own: true, Values: &valuesBoolean},
	{Name: "ocspSoftFail", Kind: Text, Own: true, Values: &valuesBoolean},
	{Name: "ocspTimeout", Kind: Text, Own: true},
	{Name: "ocspVerify", Kind: Text, Own: true, Values: &valuesBoolean},
	{Name: "ocspVerifyFlags", Kind: Text, Own: true},
	{Name: "trustManagerClassName", Kind: Text, Own: true},
	{Name: "truststoreAlgorithm", Kind: Text, Own: true},
	{Name: "truststoreProvider", Kind: Text, Own: true},
	{Name: "keyManagerAlgorithm", Synonyms: []string{"algorithm"}, Kind: Text, Own: true},
	{Name: "keystoreProvider", Synonyms: []string{"certificateKeystoreProvider"}, Kind: Text, Own: true},
	{Name: "disableCompression", Synonyms: []string{"SSLDisableCompression"}, Kind: Text, Own: true, Values: &valuesBoolean},
	{Name: "insecureRenegotiation", Synonyms: []string{"SSLInsecureRenegotiation", "allowUnsafeLegacyRenegotiation"}, Kind: Text, Own: true, Values: &valuesBoolean},
	{Name: "strictSni", Kind: Text, Own: true, Values: &valuesBoolean},
	{Name: "defaultSSLHostConfigName", Kind: Text, Own: true},
	{Name: "certificateFile", Synonyms: []string{"SSLCertificateFile"}, Kind: Text, Own: true},
	{Name: "certificateKeyFile", Synonyms: []string{"SSLCertificateKeyFile"}, Kind: Text, Own: true},
	{Name: "certificateChainFile", Synonyms: []string{"SSLCertificateChainFile"}, Kind: Text, Own: true},
	{Name: "keystoreFile", Synonyms: []string{"certificateKeystoreFile"}, Kind: Text, Own: true},
	{Name: "keystorePass", Synonyms: []string{"certificateKeystorePassword"}, Kind: Password, Own: true},
	{Name: "keystoreType", Synonyms: []string{"certificateKeystoreType"}, Kind: Text, Own: true},
	{Name: "keyAlias", Synonyms: []string{"certificateKeyAlias"}, Kind: Text, Own: true},
	{Name: "certificateKeyPassword", Synonyms: []string{"SSLPassword"}, Kind: Password, Own: true},
	{Name: "port", Kind: Int, Own: true},
	{Name: "address", Kind: Text, Own: true},
	{Name: "portfile", Kind: Text, Own: true},
	{Name: "selfsigned", Kind: Flag, Own: true},
	{Name: "sni", Kind: Flag, Own: true},
	{Name: "also", Kind: List, Own: true},
	{Name: "for", Kind: Duration, Own: true},
	{Name: "host", Kind: List, Own: true},
	{Name: "client", Kind: List, Own: true},
	{Name: "server", Kind: Text, Own: true, Values: &valuesServer},
	{Name: "dir", Kind: Text, Own: true},
	{Name: "n", Kind: Int, Own: true},
	{Name: "sessionIdLength", Kind: Int, Own: true},
	{Name: "jvmRoute", Kind: Text, Own: true},
	{Name: "within", Kind: Text, Own: true},
	{Name: "json", Kind: Flag, Own: true},
	{Name: "prometheus", Kind: Text, Own: true},
	{Name: "quiet", Kind: Flag, Own: true},
	{Name: "newkey", Kind: Flag, Own: true},
	{Name: "signerkeystore", Kind: Text, Own: true},
	{Name: "signerstorepass", Kind: Password, Own: true},
	{Name: "strict", Kind: Flag, Own: true},
	{Name: "certfile", Kind: Text, Own: true},
	{Name: "acme", Kind: Flag, Own: true},
	{Name: "agree", Kind: Flag, Own: true},
	{Name: "contact", Kind: List, Own: true},
	{Name: "directory", Kind: Text, Own: true, Values: &valuesDirectory},
	{Name: "caFile", Kind: Text, Own: true},
	{Name: "eabKid", Kind: Text, Own: true},
	{Name: "eabKey", Kind: Password, Own: true},
	{Name: "preferredChain", Kind: Text, Own: true},
	{Name: "via", Kind: Text, Own: true, Values: &valuesVia},
	{Name: "webroot", Kind: Text, Own: true},
	{Name: "hook", Kind: Text, Own: true},
	{Name: "cleanupHook", Kind: Text, Own: true},
	{Name: "reusekey", Kind: Flag, Own: true},
	{Name: "exec", Kind: Text, Own: true},
	{Name: "watch", Kind: Flag, Own: true},
	{Name: "dryRun", Kind: Flag, Own: true},
	{Name: "acmeDir", Kind: Text, Own: true},
	{Name: "systemd", Kind: Flag, Own: true},
	{Name: "account", Kind: Flag, Own: true},
	{Name: "revoke", Kind: Flag, Own: true},
	{Name: "reason", Kind: Text, Own: true, Values: &valuesReason},
	{Name: "rollover", Kind: Flag, Own: true},
	{Name: "deactivate", Kind: Flag, Own: true},
}

var (
	docAddProvider      = Doc{"addprovider", "<name>", "add security provider by name (e.g. SunPKCS11)"}
	docAlias            = Doc{"alias", "<alias>", "alias name of the entry to process"}
	docCacerts          = Doc{"cacerts", "", "access the cacerts keystore"}
	docDestAlias        = Doc{"destalias", "<alias>", "destination alias"}
	docDestKeypass      = Doc{"destkeypass", "<arg>", "destination key password"}
	docDestKeystore     = Doc{"destkeystore", "<keystore>", "destination keystore name"}
	docDestProtected    = Doc{"destprotected", "", "destination keystore password protected"}
	docDestProviderName = Doc{"destprovidername", "<name>", "destination keystore provider name"}
	docDestStorepass    = Doc{"deststorepass", "<arg>", "destination keystore password"}
	docDestStoretype    = Doc{"deststoretype", "<type>", "destination keystore type"}
	docDname            = Doc{"dname", "<name>", "distinguished name"}
	docExt              = Doc{"ext", "<value>", "X.509 extension"}
	docFileIn           = Doc{"file", "<file>", "input file name"}
	docFileOut          = Doc{"file", "<file>", "output file name"}
	docGroupname        = Doc{"groupname", "<name>", "Group name. For example, an Elliptic Curve name."}
	docID               = Doc{"id", "<id:reason>", "Serial ID of cert to revoke"}
	docInfile           = Doc{"infile", "<file>", "input file name"}
	docJarfile          = Doc{"jarfile", "<file>", "signed jar file"}
	docKeyalg           = Doc{"keyalg", "<alg>", "key algorithm name"}
	docKeypass          = Doc{"keypass", "<arg>", "key password"}
	docKeysize          = Doc{"keysize", "<size>", "key bit size"}
	docKeystore         = Doc{"keystore", "<keystore>", "keystore name"}
	docNew              = Doc{"new", "<arg>", "new password"}
	docNoprompt         = Doc{"noprompt", "", "do not prompt"}
	docOutfile          = Doc{"outfile", "<file>", "output file name"}
	docProtected        = Doc{"protected", "", "password through protected mechanism"}
	docProviderClass    = Doc{"providerclass", "<class>", "add security provider by fully-qualified class name"}
	docProviderName     = Doc{"providername", "<name>", "provider name"}
	docProviderPath     = Doc{"providerpath", "<list>", "provider classpath"}
	docRfc              = Doc{"rfc", "", "output in RFC style"}
	docSigalg           = Doc{"sigalg", "<alg>", "signature algorithm name"}
	docSigner           = Doc{"signer", "<alias>", "signer alias"}
	docSignerKeypass    = Doc{"signerkeypass", "<arg>", "signer key password"}
	docSrcAlias         = Doc{"srcalias", "<alias>", "source alias"}
	docSrcKeypass       = Doc{"srckeypass", "<arg>", "source key password"}
	docSrcKeystore      = Doc{"srckeystore", "<keystore>", "source keystore name"}
	docSrcProtected     = Doc{"srcprotected", "", "source keystore password protected"}
	docSrcProviderName  = Doc{"srcprovidername", "<name>", "source keystore provider name"}
	docSrcStorepass     = Doc{"srcstorepass", "<arg>", "source keystore password"}
	docSrcStoretype     = Doc{"srcstoretype", "<type>", "source keystore type"}
	docSslserver        = Doc{"sslserver", "<server[:port]>", "SSL server host and port"}
	docStartdate        = Doc{"startdate", "<date>", "certificate validity start date/time"}
	docStorepass        = Doc{"storepass", "<arg>", "keystore password"}
	docStoretype        = Doc{"storetype", "<type>", "keystore type"}
	docTLS              = Doc{"tls", "", "Displays TLS configuration information"}
	docTrustCacerts     = Doc{"trustcacerts", "", "trust certificates from cacerts"}
	docV                = Doc{"v", "", "verbose output"}
	docValidity         = Doc{"validity", "<days>", "validity number of days"}

	docContext       = Doc{"context", "<path>", "whose sessions: /app or //host/app (default: /)"}
	docTomcat        = Doc{"tomcat", "<version>", "Tomcat's major version (default: a guess)"}
	docBackup        = Doc{"backup", "", "keep the keystore as it was as FILE.old"}
	docNotForJava    = Doc{"notforjava", "", "take certificates that Java can't read, for others"}
	docLockTimeout   = Doc{"lockTimeout", "<seconds>", "wait so long for others who change the keystore"}
	docMaxIterations = Doc{"maxIterations", "<number>", "key derivation rounds to bear with (default 1000000)"}

	docACMEDir         = Doc{"acmeDir", "<dir>", "where ACME's accounts and orders are kept"}
	docJSON            = Doc{"json", "", "print JSON"}
	docQuiet           = Doc{"quiet", "", "say nothing where all went well"}
	docJvmRoute        = Doc{"jvmRoute", "<name>", "node name put behind each id, as Tomcat does"}
	docSessionIDLength = Doc{"sessionIdLength", "<bytes>", "random bytes in a session id (default 16)"}
)

// commands are in keytool's order, its hidden ones next, ours last.
var commands = []Command{
	{
		Name: "certreq", Summary: "Generates a certificate request", Task: taskSign,
		Options: []Doc{docAlias, docSigalg, docFileOut, docKeypass, docKeystore, docDname, docExt, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra: []Doc{docQuiet, docMaxIterations},
		Long: "Writes a PKCS#10 request for the entry's key, to be signed by a certificate authority: " +
			"to the standard output unless -file names a file. Without a dash before the command it asks for the " +
			"SubjectAlternativeName, KeyUsage and ExtendedKeyUsage of the entry's certificate: " +
			"-ext asks for another in the place of one of them, -ext none for none.",
		Examples: []Example{
			{"a request for a CA, with the names of the certificate", "gokeytool certreq -alias tomcat -file tomcat.csr -keystore keystore.p12"},
			{"with another host name", "gokeytool certreq -alias tomcat -ext san=dns:localhost -file tomcat.csr -keystore keystore.p12"},
		},
	},
	{
		Name: "changealias", Summary: "Changes an entry's alias", Task: taskStore,
		Options: []Doc{docAlias, docDestAlias, docKeypass, docKeystore, docCacerts, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra: []Doc{docBackup, docLockTimeout, docMaxIterations},
		Examples: []Example{
			{"the entry 1 becomes tomcat", "gokeytool changealias -alias 1 -destalias tomcat -keystore keystore.p12"},
		},
	},
	{
		Name: "delete", Summary: "Deletes an entry", Task: taskStore,
		Options: []Doc{docAlias, docKeystore, docCacerts, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra: []Doc{{"noprompt", "", "destroy a key on a token without asking"}, docBackup, docLockTimeout, docMaxIterations},
		Examples: []Example{
			{"forget a certificate authority", "gokeytool delete -alias oldroot -keystore truststore.p12"},
		},
	},
	{
		Name: "exportcert", Aliases: []string{"export"}, Summary: "Exports certificate", Task: taskMove,
		Options: []Doc{docRfc, docAlias, docFileOut, docKeystore, docCacerts, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra: []Doc{
			{"key", "", "write the private or secret key"},
			{"chain", "", "write the certificates above its own"},
			{"fullchain", "", "write its own certificate and those above"},
			{"bundle", "<file>", "write all trusted certificates in PEM (- prints them)"},
			{"format", "<format>", "pem (the default here), " + or(fileFormats[1:]) + "; of a secret key " + commas(textFormats) + " or " + raw},
			{"encrypt", "", "write the key as encrypted PKCS#8"},
			{"keyfilepass", "<arg>", "password of what is written"},
			{"profile", "<name>", "who must be able to read the p12"},
			{"keypass", "<arg>", "key password, if it is not the keystore's"},
			{"noprompt", "", "replace a file without asking"},
			docQuiet, docMaxIterations,
		},
		Values: map[string]*Values{"profile": &valuesExportProfile},
		Long: "Writes the entry's own certificate, the first of its chain: DER, or PEM with -rfc. " +
			"With the options below the others it writes the key, the chain, or both, and files for other systems; " +
			"to the standard output unless -file names a file. A file with a key is for its owner alone. " +
			"Profiles are " + and(exportProfiles) + ", and for exchange, without alias, " + and(exchangeProfiles) + ".",
		Examples: []Example{
			{"a certificate as PEM, for curl --cacert", "gokeytool exportcert -rfc -alias tomcat -file tomcat.pem -keystore keystore.p12"},
			{"key and chain for nginx", "gokeytool export -alias tomcat -key -file key.pem -keystore keystore.p12 && gokeytool export -alias tomcat -fullchain -file fullchain.pem -keystore keystore.p12"},
			{"one entry for an old Windows", "gokeytool export -alias tomcat -format p12 -profile legacy-des -file tomcat.pfx -keystore keystore.p12"},
		},
	},
	{
		Name: "genkeypair", Aliases: []string{"genkey"}, Summary: "Generates a key pair", Task: taskKeys,
		Options: []Doc{docAlias, docKeyalg, docKeysize, docGroupname, docSigalg, docDname, docStartdate, docExt, docValidity,
			docKeypass, docKeystore, docSigner, docSignerKeypass, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra: []Doc{docBackup, docLockTimeout, docNotForJava, docQuiet, docMaxIterations},
		Long: "Makes a private key and a self-signed certificate for it, or one signed by the entry named with -signer. " +
			"A browser wants the host's name as an extension: -ext san=dns:NAME.",
		Examples: []Example{
			{"a key for Tomcat on this machine", "gokeytool genkeypair -alias tomcat -keyalg RSA -dname CN=localhost -ext san=dns:localhost,ip:127.0.0.1 -keystore keystore.p12"},
			{"a certificate authority of your own, for ten years", "gokeytool genkeypair -alias ca -keyalg EC -dname 'CN=My CA' -ext bc:c -validity 3650 -keystore ca.p12"},
		},
	},
	{
		Name: "genseckey", Summary: "Generates a secret key", Task: taskKeys,
		Options: []Doc{docAlias, docKeypass, docKeyalg, docKeysize, docKeystore, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra:  []Doc{docBackup, docLockTimeout, docQuiet, docMaxIterations},
		Values: map[string]*Values{"keyalg": &valuesSecretKeyalg, "keysize": &valuesSecretKeysize},
		Examples: []Example{
			{"an AES key", "gokeytool genseckey -alias aes -keyalg AES -keysize 256 -keystore keystore.p12"},
		},
	},
	{
		Name: "gencert", Summary: "Generates certificate from a certificate request", Task: taskSign,
		Options: []Doc{docRfc, docInfile, docOutfile, docAlias, docSigalg, docDname, docStartdate, docExt, docValidity, docKeypass, docKeystore,
			docStorepass, docStoretype, docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra:  []Doc{docNotForJava, docMaxIterations},
		Values: map[string]*Values{"ext": &valuesGrantedExt},
		Long: "Signs a request with the key of the entry -alias, which is the certificate authority. " +
			"Extensions that the request asks for are granted by -ext honored=all only; without a dash before the command " +
			"its SubjectAlternativeName, KeyUsage and ExtendedKeyUsage are, unless -ext honored= or -ext none says otherwise.",
		Examples: []Example{
			{"a year for a server", "gokeytool gencert -rfc -alias ca -infile tomcat.csr -outfile tomcat.pem -validity 365 -keystore ca.p12"},
		},
	},
	{
		Name: "importcert", Aliases: []string{"import"}, Summary: "Imports a certificate or a certificate chain", Task: taskSign,
		Options: []Doc{docNoprompt, docTrustCacerts, docProtected, docAlias, docFileIn, docKeypass, docKeystore, docCacerts, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV},
		Extra: []Doc{
			{"keyfile", "<file>", "private key to import with its certificates: PEM, DER or a keystore"},
			{"keyfilepass", "<arg>", "password of the key file"},
			{"ca", "<file>", "certificates to complete its chain with (may be repeated)"},
			{"bundle", "<source>", "trust all of a file, a directory, cacerts or system"},
			{"force", "", "trust it although its key is in the keystore"},
			{"json", "", "print what was done as JSON"},
			docBackup, docLockTimeout, docNotForJava, docQuiet, docMaxIterations,
		},
		Long: "If the alias names a key, the file is the certificate authority's reply to its request; " +
			"import the authority's own certificate first. Any other alias becomes a trusted certificate. " +
			"With -keyfile a private key that was made elsewhere is imported with its chain. " +
			"With -bundle all certificates of a file (PEM, DER, PKCS#7, a keystore with -keyfilepass) or directory become trusted ones, " +
			"named by their subjects; cacerts stands for Java's authorities, system for those of the system.",
		Examples: []Example{
			{"first the authority", "gokeytool importcert -alias root -file ca.pem -keystore keystore.p12"},
			{"then its reply", "gokeytool importcert -alias tomcat -file tomcat.pem -keystore keystore.p12"},
			{"a key and certificate in PEM", "gokeytool import -keyfile key.pem -file fullchain.pem -alias tomcat -keystore keystore.p12"},
			{"every authority of a bundle", "gokeytool import -bundle ca-bundle.pem -keystore truststore.p12"},
		},
	},
	{
		Name: "importpass", Aliases: []string{"importpassword"}, Summary: "Imports a password", Task: taskKeys,
		Options: []Doc{docAlias, docKeypass, docKeyalg, docKeysize, docKeystore, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra:  []Doc{docBackup, docLockTimeout, docQuiet, docMaxIterations},
		Values: map[string]*Values{"keyalg": &valuesPasswordKeyalg},
		Examples: []Example{
			{"keep a database password", "gokeytool importpass -alias db -keystore keystore.p12"},
		},
	},
	{
		Name: "importkeystore", Summary: "Imports one or all entries from another keystore", Task: taskMove,
		Options: []Doc{docSrcKeystore, docDestKeystore, docSrcStoretype, docDestStoretype, docSrcStorepass, docDestStorepass,
			docSrcProtected, docDestProtected, docSrcProviderName, docDestProviderName, docSrcAlias, docDestAlias, docSrcKeypass, docDestKeypass,
			docNoprompt, docAddProvider, docProviderClass, docProviderPath, docV},
		Extra: []Doc{{"json", "", "print what was done as JSON"}, docBackup, docLockTimeout, docNotForJava, docQuiet, docMaxIterations},
		Long:  "The same file as source and destination is converted in place; the old one is kept as FILE.old.",
		Examples: []Example{
			{"JKS to PKCS12", "gokeytool importkeystore -srckeystore old.jks -destkeystore new.p12 -deststoretype pkcs12"},
			{"one entry under another name", "gokeytool importkeystore -srckeystore bundle.p12 -srcalias 1 -destkeystore keystore.p12 -destalias tomcat"},
		},
	},
	{
		Name: "keypasswd", Summary: "Changes the key password of an entry", Task: taskStore,
		Options: []Doc{docAlias, docKeypass, docNew, docKeystore, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV},
		Extra: []Doc{
			{"same", "", "give all keys, or that of -alias, the keystore's password"},
			docBackup, docLockTimeout, docQuiet, docMaxIterations,
		},
		Long: "For JKS and JCEKS; the keys of a PKCS12 keystore have the keystore's password. " +
			"With -same every key, or the one of -alias, gets the keystore's password, which is the one that Tomcat tries.",
		Examples: []Example{
			{"asks for the passwords", "gokeytool keypasswd -alias tomcat -keystore keystore.jks"},
			{"Tomcat says: Cannot recover key", "gokeytool keypasswd -same -keystore keystore.jks"},
		},
	},
	{
		Name: "list", Summary: "Lists entries in a keystore", Task: taskStore,
		Options: []Doc{docRfc, docAlias, docKeystore, docCacerts, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra: []Doc{docJSON, docACMEDir, docMaxIterations},
		Examples: []Example{
			{"one line an entry", "gokeytool list -keystore keystore.p12"},
			{"everything about one", "gokeytool list -v -alias tomcat -keystore keystore.p12"},
		},
	},
	{
		Name: "printcert", Summary: "Prints the content of a certificate", Task: taskLook,
		Options: []Doc{docRfc, docFileIn, docSslserver, docJarfile, docKeystore, docStorepass, docStoretype, docTrustCacerts,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra: []Doc{docJSON},
		Examples: []Example{
			{"a file", "gokeytool printcert -file tomcat.pem"},
			{"what a server shows", "gokeytool printcert -sslserver localhost:8443"},
		},
	},
	{
		Name: "printcertreq", Summary: "Prints the content of a certificate request", Task: taskLook,
		Options: []Doc{docFileIn, docV},
		Extra:   []Doc{docJSON},
		Examples: []Example{
			{"before it is sent", "gokeytool printcertreq -file tomcat.csr"},
		},
	},
	{
		Name: "printcrl", Summary: "Prints the content of a CRL file", Task: taskLook,
		Options: []Doc{docFileIn, docKeystore, docStorepass, docStoretype, docTrustCacerts,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Extra: []Doc{docJSON},
		Examples: []Example{
			{"verified by the issuer in a keystore", "gokeytool printcrl -file ca.crl -keystore ca.p12"},
		},
	},
	{
		Name: "storepasswd", Summary: "Changes the store password of a keystore", Task: taskStore,
		Options: []Doc{docNew, docKeystore, docCacerts, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV},
		Extra: []Doc{{"same", "", "of JKS and JCEKS: the keys that have the same password get the new one, too"}, docBackup, docLockTimeout, docMaxIterations},
		Examples: []Example{
			{"asks for the passwords", "gokeytool storepasswd -keystore keystore.p12"},
			{"a JKS keystore for Tomcat, which knows only one password", "gokeytool storepasswd -same -keystore keystore.jks"},
		},
	},
	{
		Name: "showinfo", Summary: "Displays security-related information", Task: taskLook,
		Options: []Doc{docTLS, docV},
		Examples: []Example{
			{"protocols and cipher suites", "gokeytool showinfo -tls"},
		},
	},
	{
		Name: "version", Summary: "Prints the program version", Task: taskAround, Since: 18,
		Examples: []Example{
			{"which keytool is followed", "gokeytool version"},
		},
	},

	{
		Name: "keyclone", Summary: "Clones a key entry", Hidden: true,
		Options: []Doc{docAlias, docDestAlias, docKeypass, docNew, docStoretype, docKeystore, docStorepass,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV},
		Extra: []Doc{docLockTimeout},
		Examples: []Example{
			{"a copy of a key under another alias", "gokeytool keyclone -alias tomcat -dest copy -keystore keystore.p12"},
		},
	},
	{
		Name: "selfcert", Summary: "Generates a self-signed certificate", Hidden: true,
		Options: []Doc{docAlias, docSigalg, docDname, docStartdate, docExt, docValidity, docKeypass, docStoretype, docKeystore, docStorepass,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV},
		Extra: []Doc{docLockTimeout, docNotForJava},
		Examples: []Example{
			{"a new certificate for a key; renew does it with its extensions", "gokeytool selfcert -alias tomcat -validity 365 -keystore keystore.p12"},
		},
	},
	{
		Name: "gencrl", Summary: "Generates CRL", Hidden: true,
		Options: []Doc{docRfc, docFileOut, docID, docAlias, docSigalg, docKeypass, docKeystore, docStorepass, docStoretype,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV, docProtected},
		Examples: []Example{
			{"revoke two certificates, by their serial numbers", "gokeytool gencrl -id 1f3a -id 2b00:1 -alias ca -file ca.crl -keystore ca.p12"},
		},
	},
	{
		Name: "identitydb", Summary: "Imports entries from a JDK 1.1.x-style identity database", Hidden: true,
		Options: []Doc{docFileIn, docStoretype, docKeystore, docStorepass,
			docProviderName, docAddProvider, docProviderClass, docProviderPath, docV},
		Extra: []Doc{docNotForJava},
		Examples: []Example{
			{"what the JDK of 1998 left", "gokeytool identitydb -file identitydb.obj -keystore keystore.p12"},
		},
	},

	{
		Name: "serve", Summary: "Serves HTTPS from a keystore", Task: taskServe, Own: true,
		Options: []Doc{
			{"keystore", "<keystore>", "keystore name (default ~/.keystore, as in Tomcat)"},
			{"storepass", "<arg>", "keystore password (default changeit)"},
			docStoretype,
			{"alias", "<alias>", "serve this entry (default: the one Tomcat would)"},
			{"keypass", "<arg>", "key password, if it is not the keystore's"},
			{"port", "<port>", "port to listen on (default 8443; 0 for a free one)"},
			{"address", "<address>", "address to listen on (default 127.0.0.1)"},
			{"selfsigned", "", "serve a throw-away key for localhost instead"},
			{"acme", "", "get the certificate from a CA, and renew it"},
			{"sni", "", "serve every key, by the names in its certificate"},
			{"also", "<keystore>", "and those of this keystore, with the same password"},
			{"portfile", "<file>", "write the port to this file once it listens"},
			{"for", "<duration>", "stop after this time, such as 30s"},
			{"once", "", "stop after the first request"},
			{"requests", "<number>", "stop after so many requests"},
			{"force", "", "serve even what no client could use"},
			docSessionIDLength, docJvmRoute,
			{"tracking", "<how>", "HTTP sessions hang on: " + commas(trackings)},
			{"httpSessionTimeout", "<minutes>", "they end when not used so long (default 30)"},
			{"maxActiveSessions", "<number>", "how many of them (default 10000)"},
			{"accesslog", "<form>", "a line a request: " + commas(accessLogs)},
			{"hsts", "<value>", "Strict-Transport-Security, such as max-age=86400"},
			{"redirectPort", "<port>", "lead plain HTTP on this port to HTTPS"},
			{"proxy", "<address>", "believe this proxy Tomcat's SSLValve headers"},
			{"ticketkey", "<file>", "secret by which endpoints share their sessions"},
			{"keylog", "<file>", "TLS secrets, for debugging only"},
			{"host", "<name>", "with -acme: name to be certified (may be repeated)"},
			{"directory", "<url|name>", "and the CA's directory, or a name as letsencrypt"},
			{"caFile", "<file>", "and whom to trust as the CA's server, in PEM"},
			{"agree", "", "and agree to its terms of service"},
			{"contact", "<mail>", "and where it may write to (may be repeated)"},
			{"eabKid", "<id>", "and the key's name that it gave for a new account"},
			{"eabKey", "<arg>", "and that key"},
			{"via", "<how>", "and the proof: " + commas(valuesVia.Names)},
			{"webroot", "<dir>", "and what the server on port 80 serves at /"},
			{"hook", "<command>", "and what sets the TXT record of dns-01"},
			{"cleanupHook", "<command>", "and what removes it"},
			{"keyalg", "<alg>", "and the key algorithm: EC (default) or RSA"},
			{"groupname", "<name>", "and the curve (default secp256r1)"},
			{"keysize", "<size>", "and the key bit size of RSA (default 3072)"},
			{"reusekey", "", "and keep the key at renewals"},
			{"profile", "<name>", "and one of the CA's profiles"},
			{"preferredChain", "<name>", "and the issuer at the top of the chain"},
			{"within", "<time>", "and renew when 30d, 8w or 36h are left, or before"},
			{"exec", "<command>", "and what is run when the certificate has changed"},
			{"acmeDir", "<dir>", "and where accounts and orders are kept"},
			docLockTimeout,
			docV,
			{"serverxml", "<file>", "take everything from Tomcat's configuration"},
			{"connector", "<port>", "which connector (default: the first with TLS)"},
			docContext, docTomcat,
			{"keystoreFile", "<file>", "as -keystore; this and what follows are Tomcat's"},
			{"keystorePass", "<arg>", "as -storepass"},
			{"keystoreType", "<type>", "as -storetype"},
			{"keyAlias", "<alias>", "as -alias"},
			{"certificateKeyPassword", "<arg>", "as -keypass"},
			{"certificateFile", "<file>", "certificate in PEM, in place of a keystore"},
			{"certificateKeyFile", "<file>", "its key in PEM"},
			{"certificateChainFile", "<file>", "its chain in PEM"},
			{"protocols", "<list>", "TLSv1.2,TLSv1.3 or all, +, - (default: these two)"},
			{"ciphers", "<list>", "suites, by any names, for TLSv1.2 and below"},
			{"honorCipherOrder", boolean, "Go always chooses by itself"},
			{"groups", "<list>", "groups for the key exchange"},
			{"certificateVerification", "<how>", "clients' certificates: " + commas(valuesVerification.Names)},
			{"clientAuth", "<how>", "the same in older words: " + commas(valuesClientAuth.Names)},
			{"SSLVerifyClient", "<how>", "the same in OpenSSL's: " + commas(valuesOpenSSL.Names)},
			{"certificateVerificationDepth", "<number>", "intermediates a client may have (default 10)"},
			{"truststoreFile", "<file>", "who may have signed them (default: Java's cacerts)"},
			{"truststorePassword", "<arg>", "password of the truststore"},
			{"truststoreType", "<type>", "type of the truststore"},
			{"caCertificateFile", "<file>", "the same in PEM"},
			{"certificateRevocationListFile", "<file>", "which of them were revoked"},
			{"strictSni", boolean, "with -sni: Host goes with the name (default true)"},
			{"defaultSSLHostConfigName", "<name>", "with -sni: whose key all others get"},
			{"sessionTimeout", "<seconds>", "how long TLS sessions last (default 86400)"},
			{"sessionCacheSize", "<number>", "how many of them (default: no bound)"},
			{"disableSessionTickets", boolean, "do without resumption"},
			{"cipherSuites", "<list>", "for TLSv1.3: Go offers all that it has"},
			{"caCertificatePath", "<dir>", "this and what follows is named, and not done"},
			{"certificateRevocationListPath", "<dir>", "OpenSSL's alone"},
			{"revocationEnabled", boolean, "asking CAs for revoked certificates"},
			{"ocspEnabled", boolean, "the same"},
			{"ocspSoftFail", boolean, "and what if they do not answer"},
			{"ocspTimeout", "<milliseconds>", "and how long to wait"},
			{"ocspVerify", boolean, "and whether to verify the answer"},
			{"ocspVerifyFlags", "<number>", "and how"},
			{"trustManagerClassName", "<class>", "a Java class that decides whom to trust"},
			{"truststoreAlgorithm", "<name>", "Java's way to verify chains"},
			{"truststoreProvider", "<name>", "Java's security provider"},
			{"keyManagerAlgorithm", "<name>", "Java's way to choose keys"},
			{"keystoreProvider", "<name>", "Java's security provider"},
			{"disableCompression", boolean, "there is no TLS compression"},
			{"insecureRenegotiation", boolean, "there is no renegotiation"},
		},
		Values: map[string]*Values{"profile": {}, "keyalg": &valuesACMEKeyalg, "groupname": &valuesACMEGroup},
		Long: "Shows in the browser, and as JSON under /api/tls, which certificate was chosen and what was negotiated. " +
			"When its files change, server.xml among them, it serves what they hold then, if that works. Ctrl-C ends it. " +
			"With -acme it gets the certificate from a CA before it serves, where there is none yet, and renews it later: the CA's " +
			"questions are answered at its own ports, at the plain one (-redirectPort) if there is one. A CA asks on port 80 or 443 of the names.",
		Examples: []Example{
			{"nothing at hand", "gokeytool serve -selfsigned"},
			{"one entry of a keystore", "gokeytool serve -keystore keystore.p12 -alias tomcat -port 8443"},
			{"all its keys, each for its own names", "gokeytool serve -keystore keystore.p12 -sni"},
			{"from a script", "gokeytool serve -selfsigned -port 0 -portfile port -for 30s"},
			{"what Tomcat would serve", "gokeytool serve -serverxml conf/server.xml -connector 8443"},
			{"clients with certificates", "gokeytool serve -keystore server.p12 -clientAuth true -truststoreFile ca.p12"},
			{"with a certificate that comes and renews by itself", "gokeytool serve -acme -host www.example.com -agree -keystore keystore.p12 -storepass:file pass -address '' -port 443 -redirectPort 80"},
		},
	},
	{
		Name: "smoke", Summary: "Checks that a keystore can serve TLS", Task: taskServe, Own: true,
		Options: []Doc{
			{"keystore", "<keystore>", "keystore name (default ~/.keystore, as in Tomcat)"},
			{"storepass", "<arg>", "keystore password (default changeit)"},
			docStoretype,
			{"alias", "<alias>", "check this entry (default: every key)"},
			{"keypass", "<arg>", "key password, if it is not the keystore's"},
			{"host", "<name>", "name the certificate must be good for"},
			docJSON,
			{"quiet", "", "print what is not right alone"},
			docV,
		},
		Long: "Starts an endpoint on a free port, connects to it with TLS 1.3 and 1.2 and prints one line a check: " +
			"the keystore opens, key and certificate belong together, the chain is complete, names and dates are right, " +
			"handshake, resumption and an HTTP answer.",
		Exits: []Exit{{1, "a check failed, or the keystore could not be read"}},
		Examples: []Example{
			{"all keys of a keystore", "gokeytool smoke -keystore keystore.p12"},
			{"before a deployment", "gokeytool smoke -keystore keystore.p12 -alias tomcat -host www.example.com"},
		},
	},
	{
		Name: "check", Summary: "Gives a verdict on keystores", Task: taskLook, Own: true,
		Operands: "[FILE|DIR|PATTERN|server.xml]...", MaxOperands: -1,
		Options: []Doc{
			{"keystore", "<keystore>", "one more to check, for those used to keytool"},
			{"storepass", "<arg>", "keystore password, tried before changeit"},
			{"keypass", "<arg>", "key password, for keys the keystore's does not open"},
			{"within", "<time>", "fail on certificates that end within 30d, 8w or 36h"},
			{"truststore", "", "judge it as the truststore of a program in Java"},
			{"strict", "", "fail on warnings too"},
			{"tomcat", "<version>", "Tomcat's major version (default: a guess)"},
			{"quiet", "", "print keystores that fail alone, and no summary"},
			{"json", "", "print JSON"},
			{"prometheus", "<file>", "write metrics for node_exporter (- prints them)"},
			{"v", "", "print entries, notes, and who can read the file, too"},
			docACMEDir, docMaxIterations,
		},
		Long: "Looks whether each keystore opens, each key opens and belongs to its certificate, chains are complete and in order, " +
			"names, purposes, dates and algorithms are good, Java sees every entry, and who can read the file; " +
			"says for whatever is wrong the command that fixes it. A directory is searched for keystores by their content. " +
			"Of a Tomcat server.xml every connector's keystore is looked at, with its password and alias. " +
			"Without a name it is ~/.keystore, as in Tomcat.",
		Exits: []Exit{
			{1, "errors were found; with -strict, warnings too"},
			{2, "something could not be checked: unreadable, damaged, or its password unknown"},
		},
		Examples: []Example{
			{"one keystore, and all there is to know", "gokeytool check -v keystore.p12"},
			{"everything below a directory, for a nightly job", "gokeytool check -quiet -within 30d /etc/pki /opt/tomcat"},
			{"what Tomcat is configured to serve", "gokeytool check /opt/tomcat/conf/server.xml"},
			{"why Java trusts nobody; with -storepass where Java has its trustStorePassword", "gokeytool check -truststore truststore.p12"},
			{"for Prometheus", "gokeytool check -prometheus /var/lib/node_exporter/keystores.prom /opt"},
		},
	},
	{
		Name: "dev", Summary: "Makes certificates for HTTPS on this machine", Task: taskServe, Own: true,
		Options: []Doc{
			{"host", "<name>", "name or IP address of the server (may be repeated)"},
			{"client", "<name>", "make a client certificate as well (may be repeated)"},
			{"dir", "<directory>", "where the files go (default dev)"},
			{"storepass", "<arg>", "password of the keystores (default changeit)"},
			{"validity", "<days>", "validity number of days (default 365)"},
			docLockTimeout, docQuiet,
		},
		Long: "Signs a certificate that browsers take with a certificate authority of your own, which is made the first time and kept " +
			"in ~/.local/share/gokeytool (or below $XDG_DATA_HOME), so that it has to be trusted only once. " +
			"Without -host it is for localhost, 127.0.0.1 and ::1. Writes keystore.p12, truststore.p12 and PEM files, and shows how curl, Java and Tomcat use them. " +
			"Run again, it keeps what still fits and makes what is missing.",
		Examples: []Example{
			{"for this machine", "gokeytool dev"},
			{"for a name in the local network and an address", "gokeytool dev -host app.test -host 192.168.1.10 -dir app"},
			{"with a client certificate", "gokeytool dev -client alice"},
		},
	},
	{
		Name: "probe", Summary: "Looks at a TLS server from outside", Task: taskServe, Own: true,
		Operands: "HOST[:PORT]", MinOperands: 1, MaxOperands: 1,
		Options: []Doc{
			{"host", "<name>", "server name to ask for (default: HOST)"},
			{"starttls", "<protocol>", "begin in " + or(protocols)},
			{"truststoreFile", "<file>", "who is trusted (default: the system's authorities)"},
			{"truststorePassword", "<arg>", "password of the truststore"},
			{"against", "<keystore>", "does the server have this keystore's certificate?"},
			{"alias", "<alias>", "the entry of it (default: the first key)"},
			{"keystore", "<keystore>", "the client's own key, if the server wants one"},
			{"storepass", "<arg>", "keystore password (default changeit)"},
			{"json", "", "print JSON"},
		},
		Long: "Shows the chain, the protocols and cipher suites that are accepted, whether sessions are resumed, and what is wrong with any of it.",
		Examples: []Example{
			{"is the certificate in the file the one deployed?", "gokeytool probe www.example.com -against keystore.p12"},
			{"a server with a CA of one's own", "gokeytool probe localhost:8443 -truststoreFile root.crt"},
			{"a mail server", "gokeytool probe mail.example.com:25 -starttls smtp"},
		},
	},
	{
		Name: "tomcat-config", Summary: "Prints how a server is configured to use a keystore", Task: taskServe, Own: true,
		Operands: "[KEYSTORE]", MaxOperands: 1,
		Options: []Doc{
			{"tomcat", "<version>", "Tomcat's major version, 7 to 12 (default: 8.5 and later)"},
			{"server", "<name>", "another server: " + or(servers)},
			{"keystore", "<keystore>", "the same as KEYSTORE (default ~/.keystore)"},
			{"storepass", "<arg>", "keystore password (default changeit)"},
			docStoretype,
			{"alias", "<alias>", "the entry to serve (default: the one Tomcat would)"},
			{"keypass", "<arg>", "key password, if it is not the keystore's"},
			{"port", "<port>", "port to listen on (default: the server's usual one)"},
		},
		Long: "Opens the keystore and the key, so that what is printed works, and prints the connector for Tomcat's conf/server.xml, " +
			"or for another server what belongs into its configuration. No password but changeit is ever shown.",
		Examples: []Example{
			{"Tomcat 8.5 and later", "gokeytool tomcat-config keystore.p12"},
			{"Tomcat 7", "gokeytool tomcat-config keystore.jks -tomcat 7 -alias tomcat"},
			{"application.properties of Spring Boot", "gokeytool tomcat-config keystore.p12 -server spring-boot"},
		},
	},
	{
		Name: "convert", Summary: "Writes a keystore in another format", Task: taskMove, Own: true,
		Operands: "KEYSTORE NEWFILE", MinOperands: 2, MaxOperands: 2,
		Options: []Doc{
			{"to", "<type>", or(TargetTypes) + ", whatever NEWFILE is called"},
			{"profile", "<name>", "who must be able to read the PKCS12 file"},
			{"storepass", "<arg>", "password of the keystore, and of the new one"},
			{"new", "<arg>", "another password for the new one"},
			{"keypass", "<arg>", "password of its keys, if not the keystore's"},
			{"encrypt", "", "encrypt keys in PEM, with the new one's password"},
			{"noprompt", "", "replace a file without asking"},
			docNotForJava, docQuiet, docMaxIterations,
		},
		Long: "Takes every entry along, with its alias, date and chain, in Java's order. PEM files of keys and certificates " +
			"are converted too. What NEWFILE is called says what it becomes: .p12, .pfx, .pkcs12, .jks, .jceks, .pem; by any other name it is PKCS12. Profiles: " + readersOf(profiles) + ".",
		Examples: []Example{
			{"an old keystore for OpenSSL, nginx and Node", "gokeytool convert keystore.jks keystore.p12"},
			{"for an application on an old Java 8", "gokeytool convert -profile java8 keystore.p12 old.p12"},
			{"everything as PEM", "gokeytool convert keystore.p12 all.pem"},
			{"a JKS keystore for a program that takes no other", "gokeytool convert keystore.p12 keystore.jks"},
		},
	},
	{
		Name: "migrate", Summary: "Converts a keystore in place", Task: taskStore, Own: true,
		Operands: "KEYSTORE", MinOperands: 1, MaxOperands: 1,
		Options: []Doc{
			{"to", "<type>", keystoreTypes[0] + " (default), " + or(keystoreTypes[1:])},
			{"profile", "<name>", "who must be able to read the PKCS12 file"},
			docStorepass,
			{"new", "<arg>", "a new password for it"},
			{"keypass", "<arg>", "password of its keys, if not the keystore's"},
			docNotForJava, docLockTimeout, docQuiet, docMaxIterations,
		},
		Values: map[string]*Values{"to": &valuesMigrateTo},
		Long: "The keystore as it was is kept as KEYSTORE.old. Keys that have passwords of their own get the keystore's in PKCS12. " +
			"Profiles are those of convert.",
		Examples: []Example{
			{"what keytool recommends for every JKS file", "gokeytool migrate keystore.jks"},
			{"a PKCS12 file that an old Java refuses", "gokeytool migrate -profile java8 keystore.p12"},
		},
	},
	{
		Name: "trustmark", Summary: "Makes Java see the certificates of a PKCS12 file", Task: taskStore, Own: true,
		Operands: "KEYSTORE", MinOperands: 1, MaxOperands: 1,
		Options: []Doc{docStorepass, docBackup, docLockTimeout, docNotForJava, docQuiet, docMaxIterations},
		Long: "Java sees a certificate without a key only if it has Java's trust mark, which OpenSSL before 3.2 and others don't write: " +
			"\"the trustAnchors parameter must be non-empty\". The certificates get it, and aliases made of their subjects.",
		Examples: []Example{
			{"a truststore that OpenSSL made", "gokeytool trustmark truststore.p12"},
		},
	},
	{
		Name: "rename", Summary: "Gives an entry another alias", Task: taskStore, Own: true,
		Operands: "ALIAS NEWALIAS", MinOperands: 2, MaxOperands: 2,
		Options: []Doc{docKeystore, docCacerts, docStorepass, docBackup, docLockTimeout, docQuiet, docMaxIterations},
		Long:    "As changealias, but the key's own password is not needed, and the entry keeps its date.",
		Examples: []Example{
			{"the 1 of OpenSSL becomes tomcat", "gokeytool rename 1 tomcat -keystore keystore.p12"},
		},
	},
	{
		Name: "chain", Summary: "Shows and completes certificate chains", Task: taskStore, Own: true,
		Options: []Doc{
			{"complete", "", "add what is missing, and put it in order"},
			{"ca", "<file>", "certificates to take them from (may be repeated)"},
			docTrustCacerts,
			{"alias", "<alias>", "the chain of this key (default: of every key)"},
			docKeystore, docStorepass, docBackup, docLockTimeout, docNotForJava, docMaxIterations,
		},
		Long: "Clients trust a server only if it sends the certificates between its own and the root. " +
			"They are looked for in the files of -ca, in the keystore and, with -trustcacerts, among Java's authorities.",
		Examples: []Example{
			{"what there is", "gokeytool chain -keystore keystore.p12"},
			{"with the authority's file", "gokeytool chain -complete -ca intermediate.pem -keystore keystore.p12"},
		},
	},
	{
		Name: "trust", Summary: "Trusts the certificate of a server", Task: taskMove, Own: true,
		Operands: "HOST[:PORT]", MinOperands: 1, MaxOperands: 1,
		Options: []Doc{
			{"leaf", "", "trust the server's own certificate alone"},
			{"fingerprint", "<sha256>", "trust the one that has it, without a question"},
			{"alias", "<alias>", "alias for it (default: made of its subject)"},
			{"force", "", "trust it although its key is in the keystore"},
			docNoprompt, docKeystore, docCacerts, docStorepass, docStoretype, docBackup, docLockTimeout, docNotForJava, docQuiet, docMaxIterations,
		},
		Long: "Shows the chain that the server sends and asks whether its topmost certificate is to be trusted: " +
			"it stays when the server's own is renewed. With -fingerprint the owner of the server has told what it is: " +
			"no question is asked, and nothing trusted that has another.",
		Exits: []Exit{{1, "the certificate was not added, or the server shows none"}},
		Examples: []Example{
			{"Java says: unable to find valid certification path", "gokeytool trust internal.example.com:8443 -keystore truststore.p12"},
			{"without a question, with the SHA-256 that its owner tells", "gokeytool trust internal.example.com:8443 -fingerprint F2:9C:E1:13:C1:4B:D2:7B:79:18:35:14:8A:12:3F:35:A4:4F:76:8C:22:DF:75:DD:81:AA:80:56:33:14:D7:68 -keystore truststore.p12"},
		},
	},
	{
		Name: "diff", Summary: "Compares keystores, or a keystore and a server", Task: taskLook, Own: true,
		Operands: "KEYSTORE KEYSTORE|HOST:PORT", MinOperands: 2, MaxOperands: 2,
		Options: []Doc{
			{"storepass", "<arg>", "password of the keystores (default changeit)"},
			{"storepass2", "<arg>", "password of the second, if it is another"},
			{"alias", "<alias>", "the entry that the server should show"},
			docMaxIterations,
		},
		Long: "Entries are compared by alias: kind, certificate and chain. Keys are not opened; their certificates tell them. " +
			"Of a server it is said which entry it shows, and whether it sends the whole chain.",
		Exits: []Exit{{1, "they differ, or could not be compared"}},
		Examples: []Example{
			{"what has changed", "gokeytool diff keystore.p12.old keystore.p12"},
			{"is it deployed?", "gokeytool diff keystore.p12 www.example.com:443"},
		},
	},
	{
		Name: "renew", Summary: "Renews the certificate of a key", Task: taskSign, Own: true,
		Options: []Doc{
			{"alias", "<alias>", "the key (default: mykey, or the only one)"},
			{"signer", "<alias>", "who signs (default: who signed before)"},
			docSignerKeypass,
			{"signerkeystore", "<file>", "who signs is in this keystore"},
			{"signerstorepass", "<arg>", "its password, if it is another"},
			{"selfsigned", "", "the key signs its own certificate"},
			{"newkey", "", "make a new key too, of the old one's kind"},
			{"keyalg", "<alg>", "key algorithm name, if another"},
			{"keysize", "<size>", "key bit size, if another"},
			{"groupname", "<name>", "name of the curve, if another"},
			{"force", "", "of one that came by ACME: now, though it is not due"},
			docACMEDir,
			{"validity", "<days>", "validity number of days (default: as before)"},
			docStartdate, docExt, docSigalg, docKeypass, docKeystore, docStorepass, docBackup, docLockTimeout, docNotForJava, docQuiet, docMaxIterations,
		},
		Long: "The new certificate has the name and the extensions of the old one, is valid for as long, and for the same key. " +
			"It is signed by the key itself, or by the authority's key in the same keystore or another; -ext adds or replaces extensions. " +
			"With -newkey the alias gets a new key as well, under the same password; the keystore as it was is kept as FILE.old. " +
			"What came by ACME is got from its CA again, with a new key, when that is due: see acme.",
		Examples: []Example{
			{"a self-signed certificate for another year", "gokeytool renew -alias tomcat -validity 365 -keystore keystore.p12"},
			{"a new key too, signed by the CA in another file", "gokeytool renew -newkey -alias tomcat -signerkeystore ca.p12 -keystore keystore.p12"},
			{"one that came by ACME, before it is due", "gokeytool renew -force -alias tomcat -keystore keystore.p12"},
		},
	},
	{
		Name: "acme", Summary: "Gets and renews certificates from a CA by itself", Task: taskSign, Own: true,
		Options: []Doc{
			{"host", "<name>", "name or IP address to be certified (may be repeated)"},
			docKeystore, docStorepass, docStoretype,
			{"alias", "<alias>", "the key (default: the keystore's only one, or mykey)"},
			{"keypass", "<arg>", "key password, if it is not the keystore's"},
			{"serverxml", "<file>", "take keystore, alias and passwords from Tomcat's"},
			{"connector", "<port>", "which connector (default: the first with TLS)"},
			docTomcat,
			{"certfile", "<file>", "write PEM: the certificate with its chain"},
			{"keyfile", "<file>", "and its key (default: the same file)"},
			{"directory", "<url|name>", "the CA's directory, or a name such as letsencrypt"},
			{"caFile", "<file>", "whom to trust as the CA's server, in PEM"},
			{"agree", "", "agree to the CA's terms of service"},
			{"contact", "<mail>", "where the CA may write to (may be repeated)"},
			{"eabKid", "<id>", "the key's name that the CA gave for a new account"},
			{"eabKey", "<arg>", "and that key"},
			{"via", "<how>", "the proof: " + commas(valuesVia.Names)},
			{"address", "<address>", "where the CA is answered (default :80 or :443)"},
			{"webroot", "<dir>", "for http-01: what a running server serves at /"},
			{"hook", "<command>", "for dns-01: what sets the TXT record"},
			{"cleanupHook", "<command>", "and what removes it"},
			{"keyalg", "<alg>", "key algorithm name: EC (default) or RSA"},
			{"groupname", "<name>", "name of the curve (default secp256r1)"},
			{"keysize", "<size>", "key bit size of RSA (default 3072)"},
			{"reusekey", "", "keep the key at renewals"},
			{"profile", "<name>", "one of the CA's profiles"},
			{"preferredChain", "<name>", "issuer at the top of the chain, if there are several"},
			{"within", "<time>", "renew when 30d, 8w or 36h are left, or before"},
			{"force", "", "renew now"},
			{"exec", "<command>", "what is run when the certificate has changed"},
			{"watch", "", "stay, and renew when it is time"},
			{"dryRun", "", "try it with the CA's test server, change nothing"},
			{"systemd", "", "print a service and a timer to install"},
			{"account", "", "show the account at the CA"},
			{"revoke", "", "revoke the certificate"},
			{"reason", "<reason>", "why: keyCompromise, superseded ..."},
			{"rollover", "", "give the account a new key"},
			{"deactivate", "", "end the account for good"},
			docACMEDir, docNoprompt,
			docJSON, docQuiet, docLockTimeout, docMaxIterations,
		},
		Values: map[string]*Values{"profile": {}, "keyalg": &valuesACMEKeyalg, "groupname": &valuesACMEGroup},
		Long: "Speaks ACME with a CA such as Let's Encrypt, and puts key and chain straight into a keystore, which it makes where there is none. " +
			"Run again, it renews when the CA says so, or else when a third of the certificate's life is left, and does nothing before. " +
			"What was said about an entry is remembered: without -host it is renewed in the same way. " +
			"Accounts, and orders that were cut off, are kept in -acmeDir, or GOKEYTOOL_ACME_DIR, or ~/.local/state/gokeytool/acme " +
			"(below $XDG_STATE_HOME). The command of -exec has GOKEYTOOL_ALIAS, GOKEYTOOL_KEYSTORE and GOKEYTOOL_NAMES in its environment; " +
			"if it fails it is run again the next time. -revoke asks before it does so; its reasons are " + commas(reasons) + ".",
		Exits: []Exit{{1, "what was asked for was not done, -exec included"}},
		Examples: []Example{
			{"from nothing to what Tomcat serves", "gokeytool acme -host www.example.com -serverxml conf/server.xml -agree"},
			{"into a keystore, for two names", "gokeytool acme -host www.example.com -host example.com -keystore keystore.p12 -storepass:file pass -agree -exec 'systemctl reload tomcat'"},
			{"every night after that", "gokeytool acme -keystore keystore.p12 -storepass:file pass -quiet"},
			{"all names of a domain, with certbot's kind of hook", "gokeytool acme -host '*.example.com' -via dns-01 -hook ./dns.sh -keystore keystore.p12 -agree"},
			{"PEM files, with a running web server's help", "gokeytool acme -host www.example.com -webroot /var/www/html -certfile fullchain.pem -keyfile key.pem -agree"},
			{"does it work? Nothing is changed", "gokeytool acme -host www.example.com -keystore keystore.p12 -agree -dryRun"},
		},
	},
	{
		Name: "sessionid", Summary: "Prints session ids as Tomcat makes them", Task: taskServe, Own: true,
		Options: []Doc{
			{"n", "<number>", "how many (default 1)"},
			docSessionIDLength, docJvmRoute,
			{"serverxml", "<file>", "take them from Tomcat's configuration"},
			{"connector", "<port>", "of the service with this connector"},
			docContext, docTomcat,
		},
		Examples: []Example{
			{"ten, for one node of a cluster", "gokeytool sessionid -n 10 -jvmRoute node1"},
			{"as an application's Manager has them", "gokeytool sessionid -serverxml conf/server.xml -context /shop"},
		},
	},
	{
		Name: "completion", Summary: "Prints a completion function for the shell", Task: taskAround, Own: true,
		Operands: strings.Join(shells, "|"), MinOperands: 1, MaxOperands: 1,
		Examples: []Example{
			{"bash, for this session", `source <(gokeytool completion bash)`},
			{"zsh, for this session", `source <(gokeytool completion zsh)`},
			{"fish, for good", "gokeytool completion fish > ~/.config/fish/completions/gokeytool.fish"},
		},
	},
	{
		Name: "man", Summary: "Writes manual pages", Task: taskAround, Own: true,
		Operands: "[DIR]", MaxOperands: 1,
		Options: []Doc{docQuiet},
		Long: "Writes gokeytool(1), and a page for every command such as gokeytool-list(1), to DIR/man1; " +
			"without DIR it prints gokeytool(1).",
		Examples: []Example{
			{"where man finds them, for who has ~/.local/bin on the PATH", "gokeytool man ~/.local/share/man"},
			{"to read it at once", "gokeytool man | man -l -"},
		},
	},
	{
		Name: "explain", Summary: "Says what a line does, in three languages", Task: taskAround, Own: true,
		Operands: "LINE...", MinOperands: 1, MaxOperands: -1, Verbatim: true,
		Long: "Takes a line of keytool's or of this program's apart without running it: what it would do, and how keytool, gokeytool " +
			"and openssl do the same. No file is opened and no password is looked up or shown.",
		Examples: []Example{
			{"a line found in an old script", "gokeytool explain keytool -import -trustcacerts -alias root -file ca.pem -keystore cacerts"},
			{"how OpenSSL would do it", "gokeytool explain export -rfc -alias tomcat -keystore keystore.p12"},
		},
	},
	{
		Name: "help", Summary: "Explains a command, a task or an error", Task: taskAround, Own: true,
		Operands: "[COMMAND | WORD...]", MaxOperands: -1,
		Long: "Without a word it lists the commands and the tasks. A few words of a task, or of what a program has said, find it.",
		Examples: []Example{
			{"one command", "gokeytool help genkeypair"},
			{"a task", "gokeytool help key and certificate from a CA"},
			{"an error", "gokeytool help cannot recover key"},
		},
	},
}
