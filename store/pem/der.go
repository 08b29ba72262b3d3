package pem

import (
	"bytes"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"gokeytool/store/entry"
	"gokeytool/store/internal/ber"
)

// DecodeDER reads certificates in DER, one or several after each other: trusted
// certificates with numbers for aliases. The password is not needed. The error
// is an *entry.FormatError.
func DecodeDER(data, _ []byte, lim entry.Limits) (*entry.File, error) {
	f := file{format: "DER"}
	rest := cryptobyte.String(data)
	for !onlyLineEnds(rest) {
		offset := len(data) - len(rest)
		var der cryptobyte.String
		if !rest.ReadASN1Element(&der, asn1.SEQUENCE) {
			return nil, f.damaged(offset, "malformed certificate")
		}
		if err := f.addCertificate(&block{label: "certificate", der: der, offset: offset}, lim); err != nil {
			return nil, err
		}
	}
	return f.entries()
}

// onlyLineEnds says whether nothing is left but line ends, which some editors
// leave behind DER. They can't be cut off first: a value may end in such a byte.
func onlyLineEnds(rest []byte) bool { return len(bytes.TrimLeft(rest, "\r\n")) == 0 }

// DecodePKCS7 reads the certificates of a PKCS #7 message (RFC 2315 section
// 9.1, RFC 5652 section 5.1), in DER or BER: trusted certificates with numbers
// for aliases, in the order of the file. Nothing else in it is looked at, and
// the password is not needed. The error is an *entry.FormatError.
func DecodePKCS7(data, _ []byte, lim entry.Limits) (*entry.File, error) {
	f := file{format: "PKCS7"}
	if err := f.addPKCS7(&block{label: "PKCS7", der: data, offset: -1}, lim); err != nil {
		return nil, err
	}
	return f.entries()
}

// addPKCS7 files the certificates of a PKCS #7 message.
func (f *file) addPKCS7(b *block, lim entry.Limits) error {
	der, _, err := ber.ToDER(b.der, lim.MaxDepth)
	if e, ok := errors.AsType[*entry.FormatError](err); ok {
		return &entry.FormatError{Kind: e.Kind, Format: f.format, Offset: b.offset, What: fmt.Sprintf("message: %s at offset %d", e.What, e.Offset)}
	}
	// ContentInfo { contentType, [0] SignedData { version, digestAlgorithms,
	//   contentInfo, [0] IMPLICIT certificates OPTIONAL, ... } }
	var message, oid, content, signed, certificates cryptobyte.String
	s := cryptobyte.String(der)
	tag := asn1.Tag(0).ContextSpecific().Constructed()
	if !s.ReadASN1(&message, asn1.SEQUENCE) || !message.ReadASN1(&oid, asn1.OBJECT_IDENTIFIER) {
		return f.damaged(b.offset, "no PKCS #7 message")
	}
	if string(oid) != oidSignedData {
		return &entry.FormatError{Kind: entry.ErrUnsupported, Format: f.format, Offset: b.offset, What: "a PKCS #7 message that is not signed data has no certificates to read"}
	}
	if !message.ReadASN1(&content, tag) || !content.ReadASN1(&signed, asn1.SEQUENCE) ||
		!signed.SkipASN1(asn1.INTEGER) || !signed.SkipASN1(asn1.SET) || !signed.SkipASN1(asn1.SEQUENCE) ||
		!signed.ReadOptionalASN1(&certificates, nil, tag) {
		return f.damaged(b.offset, "malformed PKCS #7 message")
	}
	for !certificates.Empty() {
		var choice cryptobyte.String
		var kind asn1.Tag
		if !certificates.ReadAnyASN1Element(&choice, &kind) {
			return f.damaged(b.offset, "malformed certificates in PKCS #7 message")
		}
		if kind != asn1.SEQUENCE {
			continue // an attribute certificate
		}
		if err := f.addCertificate(&block{label: "PKCS7", der: choice, offset: b.offset}, lim); err != nil {
			return err
		}
	}
	return nil
}

// oidSignedData is 1.2.840.113549.1.7.2.
const oidSignedData = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"
