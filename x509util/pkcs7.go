package x509util

import (
	casn1 "golang.org/x/crypto/cryptobyte/asn1"

	"golang.org/x/crypto/cryptobyte"
)

// EncodePKCS7 packs certificates, each in DER, into a PKCS #7 SignedData
// without content or signature (RFC 2315, 9.1): a .p7b file, which Windows and
// Java take for a certificate chain.
func EncodePKCS7(certificates [][]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier([]int{1, 2, 840, 113549, 1, 7, 2}) // signedData
		b.AddASN1(casn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
			b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1Int64(1)                                       // version
				b.AddASN1(casn1.SET, func(*cryptobyte.Builder) {})      // digestAlgorithms
				b.AddASN1(casn1.SEQUENCE, func(b *cryptobyte.Builder) { // contentInfo
					b.AddASN1ObjectIdentifier([]int{1, 2, 840, 113549, 1, 7, 1}) // data
				})
				b.AddASN1(casn1.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) {
					for _, der := range certificates {
						b.AddBytes(der)
					}
				})
				b.AddASN1(casn1.SET, func(*cryptobyte.Builder) {}) // signerInfos
			})
		})
	})
	return b.BytesOrPanic() // nothing in it can fail
}
