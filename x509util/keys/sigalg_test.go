package keys_test

import (
	"encoding/hex"
	"errors"
	"testing"

	"gokeytool/jdk"
	"gokeytool/x509util/internal/testkey"
	"gokeytool/x509util/keys"
)

// TestSign signs with every combination that keytool was seen to take or
// refuse. AlgorithmIdentifiers are those of real keytools.
func TestSign(t *testing.T) {
	for _, test := range []struct {
		key, sigAlg  string
		want17, want string // AlgorithmIdentifier without its header, or "!" and an error; want17 is "" where it is the same
	}{
		{"rsa1024", "MD2withRSA", "", "06092a864886f70d0101020500"},
		{"rsa1024", "1.2.840.113549.1.1.2", "", "06092a864886f70d0101020500"},
		{"rsa512", "MD2withRSA", "", "06092a864886f70d0101020500"},
		{"ec256", "MD2withRSA", "", "!java.security.InvalidKeyException: No installed provider supports this key: sun.security.ec.ECPrivateKeyImpl"},
		{"rsa1024", "MD5withRSA", "", "06092a864886f70d0101040500"},
		{"rsa1024", "sha1WITHrsa", "", "06092a864886f70d0101050500"},
		{"rsa1024", "SHA224withRSA", "", "06092a864886f70d01010e0500"},
		{"rsa1024", "SHA256withRSA", "", "06092a864886f70d01010b0500"},
		{"rsa1024", "SHA384withRSA", "", "06092a864886f70d01010c0500"},
		{"rsa1024", "SHA512withRSA", "", "06092a864886f70d01010d0500"},
		{"rsa1024", "SHA512/224withRSA", "", "06092a864886f70d01010f0500"},
		{"rsa1024", "SHA512/256withRSA", "", "06092a864886f70d0101100500"},
		{"rsa1024", "SHA3-224withRSA", "", "060960864801650304030d0500"},
		{"rsa1024", "SHA3-256withRSA", "", "060960864801650304030e0500"},
		{"rsa1024", "SHA3-384withRSA", "", "060960864801650304030f0500"},
		{"rsa1024", "SHA3-512withRSA", "", "06096086480165030403100500"},
		{"rsa1024", "RSASSA-PSS",
			"06092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
			"06092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130"},
		{"rsa1024", "1.2.840.113549.1.1.10",
			"06092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
			"06092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130"},
		{"rsa1024", "1.2.840.113549.1.1.11", "", "06092a864886f70d01010b0500"},
		{"rsa1024", "OID.1.2.840.113549.1.1.11", "", "06092a864886f70d01010b0500"},
		{"rsa1024", "PSS", "", "!java.security.SignatureException: Parameters required for RSASSA-PSS signatures"},
		{"rsa1024", "NONEwithRSA", "", "!java.security.SignatureException: Cannot derive AlgorithmIdentifier"},
		{"rsa1024", "SHA256withECDSA", "", "!java.security.InvalidKeyException: No installed provider supports this key: sun.security.rsa.RSAPrivateCrtKeyImpl"},
		{"rsa1024", "Ed25519", "", "!java.security.InvalidKeyException: Unsupported key type"},
		{"rsa1024", "EdDSA", "", "!java.security.InvalidKeyException: Unsupported key type"},
		{"rsa1024", "NOSUCH", "", "!java.security.NoSuchAlgorithmException: NOSUCH Signature not available"},
		{"rsa1024", "SHA-256withRSA", "", "!java.security.NoSuchAlgorithmException: SHA-256withRSA Signature not available"},
		{"rsa1024", "ML-DSA", "!java.security.NoSuchAlgorithmException: ML-DSA Signature not available",
			"!java.security.InvalidKeyException: Cannot parse input"},
		{"rsa512", "SHA512withRSA", "", "!java.security.InvalidKeyException: Key is too short for this signature algorithm"},
		{"rsa512", "RSASSA-PSS", "", "!java.security.InvalidKeyException: Key is too short, need min 66 bytes"},
		{"rsa700", "RSASSA-PSS",
			"06092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
			"!java.security.InvalidKeyException: Key is too short, need min 98 bytes"},
		{"pss1024", "RSASSA-PSS",
			"06092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
			"06092a864886f70d01010a3034a00f300d06096086480165030402020500a11c301a06092a864886f70d010108300d06096086480165030402020500a203020130"},
		{"pss1024", "SHA256withRSA", "", "06092a864886f70d01010b0500"},
		{"pss1024", "SHA256withECDSA", "", "!java.security.InvalidKeyException: No installed provider supports this key: sun.security.rsa.RSAPrivateCrtKeyImpl"},
		{"ec256", "SHA1withECDSA", "06072a8648ce3d04010500", "06072a8648ce3d0401"},
		{"ec256", "SHA224withECDSA", "", "06082a8648ce3d040301"},
		{"ec256", "SHA256withECDSA", "", "06082a8648ce3d040302"},
		{"ec256", "SHA384withECDSA", "", "06082a8648ce3d040303"},
		{"ec256", "SHA512withECDSA", "", "06082a8648ce3d040304"},
		{"ec256", "SHA3-256withECDSA", "060960864801650304030a0500", "060960864801650304030a"},
		{"ec256", "SHA3-512withECDSA", "060960864801650304030c0500", "060960864801650304030c"},
		{"ec256", "1.2.840.10045.4.3.2", "", "06082a8648ce3d040302"},
		{"ec256", "NONEwithECDSA", "", "!java.security.SignatureException: Cannot derive AlgorithmIdentifier"},
		{"ec256", "SHA256withECDSAinP1363Format", "", "!java.security.SignatureException: Cannot derive AlgorithmIdentifier"},
		{"ec256", "SHA256withRSA", "", "!java.security.InvalidKeyException: No installed provider supports this key: sun.security.ec.ECPrivateKeyImpl"},
		{"ec256", "RSASSA-PSS", "", "!java.security.InvalidKeyException: No installed provider supports this key: sun.security.ec.ECPrivateKeyImpl"},
		{"ec256", "Ed25519", "", "!java.security.InvalidKeyException: Unsupported key type"},
		{"ec256", "Ed448", "", "!java.security.InvalidKeyException: Unsupported key type"},
		{"ec256", "ECDSA", "", "!java.security.NoSuchAlgorithmException: ECDSA Signature not available"},
		{"ec256", "ML-DSA-65", "!java.security.NoSuchAlgorithmException: ML-DSA-65 Signature not available",
			"!java.security.InvalidKeyException: algorithm identifier has params"},
		{"ed25519", "Ed25519", "", "06032b6570"},
		{"ed25519", "eddsa", "", "06032b6570"},
		{"ed25519", "1.3.101.112", "", "06032b6570"},
		{"ed25519", "Ed448", "", "!java.security.InvalidKeyException: Parameters must be Ed448"},
		{"ed25519", "SHA256withRSA", "", "!java.security.InvalidKeyException: No installed provider supports this key: sun.security.ec.ed.EdDSAPrivateKeyImpl"},
		{"ed25519", "ML-DSA", "!java.security.NoSuchAlgorithmException: ML-DSA Signature not available",
			"!java.security.InvalidKeyException: Unsupported parameter set name: Ed25519"},
		{"ed448", "Ed448", "", "06032b6571"},
		{"ed448", "EdDSA", "", "06032b6571"},
		{"ed448", "Ed25519", "", "!java.security.InvalidKeyException: Parameters must be Ed25519"},
		{"ed448", "PSS", "", "!java.security.InvalidKeyException: No installed provider supports this key: sun.security.ec.ed.EdDSAPrivateKeyImpl"},
		{"dsa2048", "SHA1withDSA", "", "!java.security.InvalidKeyException: The security strength of SHA-1 digest algorithm is not sufficient for this key size"},
		{"dsa2048", "DSS", "", "!java.security.InvalidKeyException: The security strength of SHA-1 digest algorithm is not sufficient for this key size"},
		{"dsa2048", "SHA224withDSA", "06096086480165030403010500", "0609608648016503040301"},
		{"dsa2048", "SHA256withDSA", "06096086480165030403020500", "0609608648016503040302"},
		{"dsa2048", "SHA384withDSA", "06096086480165030403030500", "0609608648016503040303"},
		{"dsa2048", "SHA3-256withDSA", "06096086480165030403060500", "0609608648016503040306"},
		{"dsa2048", "NONEwithDSA", "", "!java.security.SignatureException: Cannot derive AlgorithmIdentifier"},
		{"dsa2048", "SHA256withRSA", "", "!java.security.InvalidKeyException: No installed provider supports this key: sun.security.provider.DSAPrivateKey"},
		{"dsa1024", "SHA1withDSA", "06072a8648ce3804030500", "06072a8648ce380403"},
		{"mldsa65", "ML-DSA", "!java.security.NoSuchAlgorithmException: ML-DSA Signature not available", "0609608648016503040312"},
		{"mldsa65", "ml-dsa-65", "!java.security.NoSuchAlgorithmException: ml-dsa-65 Signature not available", "0609608648016503040312"},
		{"mldsa65", "ML-DSA-44", "!java.security.NoSuchAlgorithmException: ML-DSA-44 Signature not available",
			"!java.security.InvalidKeyException: Unsupported parameter set name: ML-DSA-65"},
		{"mldsa65", "SHA256withRSA", "", "!java.security.InvalidKeyException: No installed provider supports this key: sun.security.pkcs.NamedPKCS8Key"},
		{"mldsa65", "Ed25519", "", "!java.security.InvalidKeyException: Unsupported key type"},
	} {
		for _, rel := range []jdk.Release{jdk.Release17, jdk.Release25} {
			want := test.want
			if rel == jdk.Release17 && test.want17 != "" {
				want = test.want17
			}
			t.Run(test.key+" "+test.sigAlg, func(t *testing.T) {
				key := testkey.Make(t, test.key)
				algID, sig, err := keys.Sign(key, test.sigAlg, rel, []byte("message"))
				got := ""
				if javaErr, ok := errors.AsType[*jdk.Error](err); ok {
					got = "!" + javaErr.Class + ": " + javaErr.Text
				} else if err != nil {
					t.Fatalf("not an *Error: %v", err)
				} else {
					got = hex.EncodeToString(algID[2:])
					if err := keys.CheckSignature(key.Public(), algID, []byte("message"), sig); err != nil {
						t.Error(err)
					}
				}
				if got != want {
					t.Errorf("JDK %d\n got %s\nwant %s", rel, got, want)
				}
			})
		}
	}
}
