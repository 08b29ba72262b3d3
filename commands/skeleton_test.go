package commands_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strings"

	"gokeytool/store"
)

// skeleton describes a file that keytool makes: all of its structure and all
// values but the random ones, so that two tools' files can be compared. A file
// that is neither a keystore nor DER, bare or in PEM, is its own skeleton.
func skeleton(data []byte) string {
	if bytes.HasPrefix(data, []byte{0xFE, 0xED, 0xFE, 0xED}) || bytes.HasPrefix(data, []byte{0xCE, 0xCE, 0xCE, 0xCE}) {
		return keystoreSkeleton(data)
	}
	if block, _ := pem.Decode(data); block != nil {
		masked, _ := new(masker).mask(string(data))
		var b strings.Builder
		for rest := data; ; {
			block, rest = pem.Decode(rest)
			if block == nil {
				return masked + b.String()
			}
			b.WriteString(block.Type + "\n")
			if !derSkeleton(&b, block.Bytes, 1) {
				b.WriteString("  not DER\n")
			}
		}
	}
	var b strings.Builder
	if len(data) > 0 && derSkeleton(&b, data, 0) {
		return b.String()
	}
	return string(data)
}

// keystoreSkeleton describes a JKS or JCEKS keystore.
func keystoreSkeleton(data []byte) string {
	s, err := store.Decode("", data, store.Options{})
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.Type())
	for _, e := range s.Entries() {
		fmt.Fprintf(&b, "%s %q\n", e.Kind, e.Alias)
		for _, c := range e.Chain {
			fmt.Fprintf(&b, " %s\n", c.Type)
			derSkeleton(&b, c.DER, 2)
		}
		derSkeleton(&b, e.Sealed, 1)
	}
	// JDK 25 leaves out the NULL behind the OID of its own key protector,
	// earlier ones write it.
	return strings.ReplaceAll(b.String(), "0.6 2b060104012a02110101\n      0.5 \n", "0.6 2b060104012a02110101\n")
}

// derSkeleton describes DER values, and whether data is that and nothing else.
// What a string of bytes or bits holds is described where it is DER in turn;
// otherwise it is random, or encrypted, and of its length just the order of
// magnitude is told where signatures inside make it vary.
func derSkeleton(b *strings.Builder, data []byte, depth int) bool {
	for len(data) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(data, &v)
		if err != nil {
			return false
		}
		data = rest
		fmt.Fprintf(b, "%*s%d.%d ", 2*depth, "", v.Class, v.Tag)
		if v.IsCompound {
			b.WriteString("{\n")
			if !derSkeleton(b, v.Bytes, depth+1) {
				return false
			}
			continue
		}
		if v.Class != asn1.ClassUniversal {
			describeBytes(b, v.Bytes, depth)
			continue
		}
		switch v.Tag {
		case asn1.TagInteger:
			if len(v.Bytes) > 4 {
				b.WriteString("big integer\n")
			} else {
				fmt.Fprintf(b, "%x\n", v.Bytes)
			}
		case asn1.TagUTCTime, asn1.TagGeneralizedTime:
			b.WriteString("time\n")
		case asn1.TagBitString:
			if len(v.Bytes) > 0 && len(v.Bytes) <= 4 {
				fmt.Fprintf(b, "%x\n", v.Bytes)
			} else if len(v.Bytes) > 0 {
				describeBytes(b, v.Bytes[1:], depth)
			}
		case asn1.TagOctetString:
			describeBytes(b, v.Bytes, depth)
		default:
			fmt.Fprintf(b, "%x\n", v.Bytes)
		}
	}
	return true
}

func describeBytes(b *strings.Builder, data []byte, depth int) {
	var inner strings.Builder
	// Random bytes look like DER at times, though hardly like a SEQUENCE. What
	// else a string holds is a short extension, or a key identifier.
	likely := len(data) > 1 && (data[0] == 0x30 || len(data) < 8 || len(data) == 22)
	switch {
	case likely && derSkeleton(&inner, data, depth+1):
		fmt.Fprintf(b, "holds\n%s", &inner)
	case len(data) > 150:
		fmt.Fprintf(b, "many bytes\n")
	default:
		fmt.Fprintf(b, "%d bytes\n", len(data))
	}
}
