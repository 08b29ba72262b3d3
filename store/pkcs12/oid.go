package pkcs12

// Object identifiers, as the content octets of their DER.
const (
	oidPKCS7         = "\x2a\x86\x48\x86\xf7\x0d\x01\x07" // 1.2.840.113549.1.7
	oidData          = oidPKCS7 + "\x01"
	oidSignedData    = oidPKCS7 + "\x02"
	oidEnvelopedData = oidPKCS7 + "\x03"
	oidEncryptedData = oidPKCS7 + "\x06"

	oidBag             = "\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01" // 1.2.840.113549.1.12.10.1
	oidKeyBag          = oidBag + "\x01"
	oidShroudedKeyBag  = oidBag + "\x02"
	oidCertBag         = oidBag + "\x03"
	oidCRLBag          = oidBag + "\x04"
	oidSecretBag       = oidBag + "\x05"
	oidSafeContentsBag = oidBag + "\x06"

	oidPKCS9           = "\x2a\x86\x48\x86\xf7\x0d\x01\x09" // 1.2.840.113549.1.9
	oidFriendlyName    = oidPKCS9 + "\x14"
	oidLocalKeyID      = oidPKCS9 + "\x15"
	oidX509Certificate = oidPKCS9 + "\x16\x01"

	// oidTrustedKeyUsage is Java's trust mark, 2.16.840.1.113894.746875.1.1:
	// an attribute that lists the key usages for which a certificate is
	// trusted, in practice anyExtendedKeyUsage.
	oidTrustedKeyUsage     = "\x60\x86\x48\x01\x86\xf9\x66\xad\xca\x7b\x01\x01"
	oidAnyExtendedKeyUsage = "\x55\x1d\x25\x00"
)
