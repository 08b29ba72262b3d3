package argv

// topics are in the order of the general help: tasks first, then errors. A
// test runs their lines, in a directory that has the files they name.
var topics = []Topic{
	{
		Title: "I have a private key and a certificate from a CA",
		Words: "pem crt import existing openssl lets encrypt letsencrypt fullchain privkey pfx keystore",
		Text: "One line puts both into a keystore. The chain is put in order, completed and held against the key; " +
			"the key may be PKCS#8, PKCS#1 or SEC 1, encrypted or not, or stand in the same file.",
		Examples: []Example{
			{"key and certificates become the entry tomcat", "gokeytool import -keyfile key.pem -file fullchain.pem -alias tomcat -keystore new.p12"},
			{"is it fit for a server?", "gokeytool check -v new.p12"},
		},
	},
	{
		Title: "I need a certificate from a CA",
		Words: "request csr certreq signing order reply sign authority",
		Text: "The key is made here and stays here. The CA gets a request and sends back certificates, which go to the same alias; " +
			"its own certificates are imported first unless they come along.",
		Examples: []Example{
			{"a key", "gokeytool genkeypair -alias www -keyalg RSA -dname CN=www.example.com -ext san=dns:www.example.com -keystore www.p12"},
			{"the request, to be sent to the CA", "gokeytool certreq -alias www -file www.csr -keystore www.p12"},
			{"what a CA of one's own does with it", "gokeytool gencert -rfc -alias ca -infile www.csr -outfile www.crt -keystore ca.p12"},
			{"the CA's own certificate", "gokeytool import -alias root -file ca.pem -noprompt -keystore www.p12"},
			{"and its reply", "gokeytool import -alias www -file www.crt -keystore www.p12"},
		},
	},
	{
		Title: "A certificate from Let's Encrypt that renews by itself",
		Words: "acme letsencrypt lets encrypt zerossl google automatic automatically automate auto renewal renew free public tomcat 90 days 47 days",
		Text: "One line gets it, puts it into the keystore with its key and chain, and renews it when it is run again and time has come. " +
			"The CA looks for an answer at port 80 of the name; dns-01 with -hook needs no port.",
		Examples: []Example{
			{"from nothing to what Tomcat serves", "gokeytool acme -host www.example.com -serverxml conf/server.xml -agree"},
			{"into a keystore, new or old", "gokeytool acme -host www.example.com -keystore public.p12 -agree"},
			{"every night after that", "gokeytool acme -quiet -keystore public.p12"},
			{"what is there, and when it is renewed", "gokeytool list -v -keystore public.p12"},
		},
	},
	{
		Title: "certbot or acme.sh has my certificate, and Java wants a keystore",
		Words: "certbot acme.sh letsencrypt lets encrypt live privkey fullchain deploy hook renew switch takeover replace",
		Text: "Its files go into the keystore as they are, and again after each renewal. " +
			"Or acme renews that keystore from now on, and certbot is not needed.",
		Examples: []Example{
			{"key and chain of certbot, now and in its deploy hook", "gokeytool import -keyfile key.pem -file fullchain.pem -alias www -noprompt -keystore server.p12"},
			{"the keystore is renewed without certbot", "gokeytool acme -host www.example.com -alias www -keystore server.p12 -agree"},
		},
	},
	{
		Title: "I want a certificate authority of my own",
		Words: "ca root self signed issue private",
		Text: "A CA is a key whose certificate says so. Who trusts that certificate trusts all that it signs: " +
			"keep its keystore apart, and give out the certificate alone.",
		Examples: []Example{
			{"the authority", "gokeytool genkeypair -alias root -keyalg EC -dname 'CN=Example Root' -ext bc:c -ext ku:c=keyCertSign,cRLSign -validity 3650 -keystore root.p12"},
			{"its certificate, for those who shall trust it", "gokeytool export -rfc -alias root -file root.pem -keystore root.p12"},
			{"a server's key, signed by it at once", "gokeytool genkeypair -alias www -keyalg EC -dname CN=www.example.com -ext san=dns:www.example.com -ext eku=serverAuth -signer root -keystore root.p12"},
		},
	},
	{
		Title: "HTTPS on this machine that browsers and Java trust",
		Words: "localhost development mkcert local dev self signed",
		Text: "One line makes a certificate authority (once), a certificate that browsers take, a keystore, " +
			"a truststore and PEM files, and shows how to use them.",
		Examples: []Example{
			{"for localhost", "gokeytool dev"},
			{"for another name, with a client certificate", "gokeytool dev -host app.test -client alice -dir app"},
		},
	},
	{
		Title: "Is this keystore any good?",
		Words: "check verify valid test prove doctor wrong",
		Text: "check looks at files, directories and Tomcat's server.xml and names the command that mends what is wrong. " +
			"smoke serves the keystore and connects to it, with the TLS of today.",
		Examples: []Example{
			{"what there is to say about it", "gokeytool check -v keystore.p12"},
			{"would a client be served?", "gokeytool smoke -alias tomcat -keystore keystore.p12"},
		},
	},
	{
		Title: "A certificate ends soon, or has ended: renew it",
		Words: "expired expires expiry renewal validity monitoring prometheus nagios",
		Text: "renew makes a new certificate with the name and extensions of the old one, for the same key or with -newkey a new one. " +
			"One of a CA elsewhere is renewed there, with a request. check finds what ends, by exit code, JSON or for Prometheus.",
		Examples: []Example{
			{"a self-signed certificate", "gokeytool renew -alias tomcat -keystore keystore.p12"},
			{"one of your own CA, with a new key", "gokeytool renew -newkey -alias www -signerkeystore ca.p12 -keystore server.p12"},
			{"a request for a CA elsewhere", "gokeytool certreq -alias www -file renewal.csr -keystore server.p12"},
			{"what ends within 30 days (exit code 1 if any does)", "gokeytool check -quiet -within 30d ."},
		},
	},
	{
		Title: "Which keystore can Java 8 read?",
		Words: "old version readable HmacPBESHA256 not available profile convert",
		Text: "PKCS12 files of Java 16 and later need Java 8u301 or 11.0.12. check -v says who can read a file; " +
			"the profile java8 is for every Java.",
		Examples: []Example{
			{"who can read it?", "gokeytool check -v keystore.p12"},
			{"a copy for every Java", "gokeytool convert -profile java8 keystore.p12 old.p12"},
			{"OpenSSL 3, Node or nginx refuse an old file: bring it up to date", "gokeytool migrate legacy.p12"},
		},
	},
	{
		Title: "keytool says: the JKS keystore uses a proprietary format",
		Words: "migrate jks jceks pkcs12 convert outdated recommended importkeystore",
		Text:  "migrate converts in place, with every entry, its date and chain, and keeps the old file as FILE.old.",
		Examples: []Example{
			{"to PKCS12", "gokeytool migrate keystore.jks"},
		},
	},
	{
		Title: "I need the private key in a file",
		Words: "extract export pem nginx apache haproxy openssl key secret aes",
		Text: "keytool never gives keys out; this does. Files with a key are for their owner alone. " +
			"Secret keys come in hexadecimal, base64 or raw.",
		Examples: []Example{
			{"the key in PEM", "gokeytool export -alias tomcat -key -file tomcat.key -keystore keystore.p12"},
			{"the certificates, as nginx and others want them", "gokeytool export -alias tomcat -fullchain -file tomcat.pem -keystore keystore.p12"},
			{"a secret key", "gokeytool export -alias aes -key -keystore secrets.p12"},
		},
	},
	{
		Title: "I want to trust all certificates of a bundle",
		Words: "truststore ca import many several cacerts roots corporate proxy",
		Text: "keytool takes the first certificate of a file and says nothing of the others. " +
			"-bundle takes all, under aliases made of their subjects, and leaves out those that are there.",
		Examples: []Example{
			{"a file, a directory, \"system\" or \"cacerts\"", "gokeytool import -bundle ca.pem -keystore truststore.p12"},
			{"and out again, for curl, Python and Node", "gokeytool export -bundle all.pem -keystore truststore.p12"},
		},
	},
	{
		Title: "Clients shall show certificates",
		Words: "mtls mutual two way client authentication clientAuth user",
		Text: "The server has a truststore with the CA of the clients; each client has a key of its own. " +
			"dev makes all of it, serve shows whether it works.",
		Examples: []Example{
			{"a client's key and certificate beside the server's", "gokeytool dev -client alice"},
			{"a server that wants it", "gokeytool serve -keystore dev/keystore.p12 -clientAuth true -truststoreFile dev/truststore.p12 -truststorePassword changeit"},
		},
	},
	{
		Title: "Several certificates on one port",
		Words: "sni server name virtual hosts names host strictSni rsa ec both",
		Text: "The name that a client asks for decides. In Tomcat each name has an SSLHostConfig of its own; " +
			"-sni tries all keys at once, each for the names in its certificate.",
		Examples: []Example{
			{"every key of a keystore", "gokeytool serve -keystore server.p12 -sni"},
			{"and those of another", "gokeytool serve -keystore server.p12 -also keystore.p12"},
			{"as Tomcat's own file has it", "gokeytool serve -serverxml conf/server.xml"},
		},
	},
	{
		Title: "How is Tomcat configured with my keystore?",
		Words: "connector server.xml server xml spring boot springboot kafka nginx configuration properties",
		Text:  "tomcat-config opens keystore and key first, so that what it prints works.",
		Examples: []Example{
			{"Tomcat 8.5 and later", "gokeytool tomcat-config keystore.p12 -alias tomcat"},
			{"Spring Boot; also kafka and nginx", "gokeytool tomcat-config keystore.p12 -alias tomcat -server spring-boot"},
			{"is the configuration right?", "gokeytool check conf/server.xml"},
		},
	},
	{
		Title: "Does the server show the certificate in my file?",
		Words: "deployed compare diff reload restart same fingerprint",
		Text:  "A server that was not restarted shows the old certificate still.",
		Examples: []Example{
			{"compare", "gokeytool diff served.p12 localhost:8443"},
			{"what else the server shows", "gokeytool probe localhost:8443 -against served.p12"},
		},
	},
	{
		Title: "The password shall not stand on the line",
		Words: "passwords ps history secret environment env file stdin fd generate prompt storepass",
		Text: "Every password option takes :env, :file, :fd and :stdin. Without it the password is asked for, " +
			"unless GOKEYTOOL_STOREPASS is set. :generate makes a new password and keeps it in a file.",
		Examples: []Example{
			{"from a file, as keytool has it too", "gokeytool list -keystore keystore.p12 -storepass:file pass"},
			{"from a pipe", "cat pass | gokeytool list -keystore keystore.p12 -storepass:stdin"},
			{"a new keystore with a new password, kept in the file secret", "gokeytool genkeypair -alias tomcat -keyalg EC -dname CN=localhost -ext san=dns:localhost -keystore made.p12 -storepass:generate secret"},
		},
	},
	{
		Title: "A script reads a keystore",
		Words: "json parse grep automation machine programs output",
		Text:  "-json prints what is listed, checked or imported for programs; the fields are stable and described in docs/json.md.",
		Examples: []Example{
			{"all entries", "gokeytool list -json -keystore keystore.p12"},
			{"all findings", "gokeytool check -json keystore.p12"},
		},
	},
	{
		Title: "What does this keytool line do?",
		Words: "explain old script translate openssl equivalent understand",
		Text:  "explain takes a line apart without running it and says the same in keytool's, our and OpenSSL's words.",
		Examples: []Example{
			{"a line found in an old script", "gokeytool explain keytool -import -trustcacerts -alias root -file ca.pem -keystore cacerts"},
		},
	},

	{
		Title: "Tomcat says: Keystore was tampered with, or password was incorrect",
		Words: "keystore password was incorrect invalid keystore format toDerInputStream rejects tag type",
		Text: "The password is wrong, or the file is no keystore at all: a certificate, a web page, an empty file. " +
			"Or it holds a certificate that Java can't read: then Java opens no entry of it. " +
			"check says which, and reads the password out of a server.xml.",
		Examples: []Example{
			{"what the file is", "gokeytool check keystore.p12"},
			{"with the password that Tomcat has", "gokeytool check conf/server.xml"},
		},
	},
	{
		Title: "Tomcat says: Cannot recover key",
		Words: "UnrecoverableKeyException key password differs keypass",
		Text:  "The key has another password than the keystore, which is the one that Tomcat and others try.",
		Examples: []Example{
			{"give the key the keystore's password; asks for its own", "gokeytool keypasswd -same -keystore keystore.jks"},
		},
	},
	{
		Title: "Tomcat says: Alias name [...] does not identify a key entry",
		Words: "keyAlias certificateKeyAlias null no aliases for private keys found",
		Text: "The alias is that of a certificate, or there is none of the name. " +
			"A key that OpenSSL has exported without -name is called 1.",
		Examples: []Example{
			{"the aliases, and which are keys", "gokeytool list -keystore keystore.p12"},
			{"another name for one", "gokeytool rename 1 tomcat -keystore unnamed.p12"},
		},
	},
	{
		Title: "Tomcat says: No available certificate or key corresponds to ...",
		Words: "ssl cipher suites enabled handshake failure no cipher suites in common dsa",
		Text: "The entry has no private key, or one that TLS has no suites for, such as DSA. Tomcat may also start with it, " +
			"and fail every handshake; smoke says why.",
		Examples: []Example{
			{"what a client would see", "gokeytool smoke -alias tomcat -keystore keystore.p12"},
		},
	},
	{
		Title: "Java says: the trustAnchors parameter must be non-empty",
		Words: "InvalidAlgorithmParameterException truststore empty 0 entries openssl",
		Text: "Java sees no certificate in its truststore. The causes: Java has no password for a PKCS12 file, because -Djavax.net.ssl.trustStorePassword is missing; " +
			"its certificates lack Java's trust mark, as those of openssl pkcs12 -export -nokeys do; there is nothing in it, or nothing but keys. " +
			"A wrong path is no error to Java, which takes its own cacerts instead (Java 8: an empty truststore): PKIX path building failed, or keystore password was incorrect. " +
			"An empty file, PEM, and JCEKS without -Djavax.net.ssl.trustStoreType=JCEKS end with: problem accessing trust store. " +
			"check -truststore tells all of these apart, and prints the line for Java with both properties: give it what Java has, the same path, and -storepass only where Java has trustStorePassword.",
		Examples: []Example{
			{"which of them is it?", "gokeytool check -truststore truststore.p12"},
			{"with the password that Java has", "gokeytool check -truststore truststore.p12 -storepass:file pass"},
			{"mark the certificates that lack the mark", "gokeytool trustmark unmarked.p12"},
		},
	},
	{
		Title: "Java says: unable to find valid certification path to requested target",
		Words: "PKIX path building failed SunCertPathBuilderException SSLHandshakeException untrusted trust server",
		Text: "Nobody whom this Java trusts has signed the server's certificate. If you know that it is the right one, " +
			"trust its topmost certificate, and start Java with the two properties that trust prints, " +
			"-Djavax.net.ssl.trustStore and -Djavax.net.ssl.trustStorePassword: without the second it says: the trustAnchors parameter must be non-empty.",
		Examples: []Example{
			{"look at it, and say yes", "gokeytool trust localhost:8443 -keystore truststore.p12"},
			{"Java still does not? what it sees", "gokeytool check -truststore truststore.p12 -storepass:file pass"},
		},
	},
	{
		Title: "Browsers take my certificate, curl and Java do not",
		Words: "chain incomplete intermediate missing unable to get local issuer certificate verify failed",
		Text:  "The server does not send the certificates between its own and the root; browsers may know them from elsewhere.",
		Examples: []Example{
			{"add what is missing", "gokeytool chain -complete -ca sub.pem -ca ca.pem -keystore short.p12"},
		},
	},
	{
		Title: "keytool says: Failed to establish chain from reply",
		Words: "incomplete certificate chain in reply public keys don't match import",
		Text: "The keystore has to know who issued the reply: import the authority's certificates first, " +
			"or let one command put all together.",
		Examples: []Example{
			{"who issued it?", "gokeytool printcert -file reply.pem"},
			{"the authority's certificates", "gokeytool import -bundle ca.pem -keystore waiting.p12"},
			{"then its reply", "gokeytool import -alias www -file reply.pem -keystore waiting.p12"},
		},
	},
	{
		Title: "The browser says: the certificate is not valid for this name",
		Words: "ERR_CERT_COMMON_NAME_INVALID NET subject alternative name san missing host no subject alternative",
		Text:  "Browsers look at the SubjectAlternativeName alone, and keytool adds none by itself.",
		Examples: []Example{
			{"a self-signed certificate with the name", "gokeytool renew -alias tomcat -ext san=dns:localhost,ip:127.0.0.1 -keystore keystore.p12"},
			{"a request for it to a CA", "gokeytool certreq -alias www -ext san=dns:www.example.com -file www.csr -keystore server.p12"},
		},
	},
	{
		Title: "keytool says: Input not an X.509 certificate",
		Words: "failed to parse input private key p7b der html",
		Text:  "The file is something else: a key, a request, a keystore, a web page. The error says what, and which command takes it.",
		Examples: []Example{
			{"what is in it?", "gokeytool printcert -file reply.pem"},
			{"a key, with its certificate", "gokeytool import -keyfile key.pem -file fullchain.pem -alias tomcat -keystore new.p12"},
		},
	},
}
