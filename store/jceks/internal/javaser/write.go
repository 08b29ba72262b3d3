package javaser

import (
	"encoding/binary"

	"gokeytool/store/internal/mutf8"
)

// The classes that a secret key in a keystore is made of.
const (
	SealedObject       = "javax.crypto.SealedObject"
	SealedForProtector = "com.sun.crypto.provider.SealedObjectForKeyProtector"
	SecretKeySpec      = "javax.crypto.spec.SecretKeySpec"
	KeyRep             = "java.security.KeyRep"
)

// Their serialVersionUIDs, and that of byte arrays.
const (
	uidSealedObject       = 0x3E363DA6C3B75470
	uidSealedForProtector = 0xCD57CA59E730BB53
	uidSecretKeySpec      = 0x5B470B66E230614D
	uidByteArray          = 0xACF317F8060854E0
)

// AppendSealedObject appends a stream with a sealed object as the JDK's JCEKS
// keystore writes it. The algorithm is that of the cipher and of its
// parameters, which are DER.
func AppendSealedObject(b []byte, params, content []byte, algorithm string) []byte {
	b = append(b, Magic...)
	b = append(b, tcObject)
	b = appendClass(b, SealedForProtector, uidSealedForProtector, 0) // handle 0
	b = append(b, tcEndBlockData)
	b = appendClass(b, SealedObject, uidSealedObject, 4) // handle 1
	b = appendField(b, '[', "encodedParams")
	b = appendText(b, "[B") // handle 2
	b = appendField(b, '[', "encryptedContent")
	b = appendReference(b, 2)
	b = appendField(b, 'L', "paramsAlg")
	b = appendText(b, "Ljava/lang/String;") // handle 3
	b = appendField(b, 'L', "sealAlg")
	b = appendReference(b, 3)
	b = append(b, tcEndBlockData, tcNull)
	// The object itself is handle 4.
	b = append(b, tcArray)
	b = appendByteArrayClass(b) // handle 5
	b = appendBytes(b, params)
	b = append(b, tcArray)
	b = appendReference(b, 5)
	b = appendBytes(b, content)
	b = appendText(b, algorithm)
	return appendText(b, algorithm)
}

// AppendSecretKeySpec appends a stream with a secret key as the class that
// every Java since 1.4 reads, whatever the algorithm. It takes less than 256
// bytes beside algorithm and key.
func AppendSecretKeySpec(b []byte, algorithm string, key []byte) []byte {
	b = append(b, Magic...)
	b = append(b, tcObject)
	b = appendClass(b, SecretKeySpec, uidSecretKeySpec, 2)
	b = appendField(b, 'L', "algorithm")
	b = appendText(b, "Ljava/lang/String;")
	b = appendField(b, '[', "key")
	b = appendText(b, "[B")
	b = append(b, tcEndBlockData, tcNull)
	b = appendText(b, algorithm)
	b = append(b, tcArray)
	b = appendByteArrayClass(b)
	return appendBytes(b, key)
}

// appendClass begins the descriptor of a serialisable class, which its fields,
// the end of its annotation and its superclass follow.
func appendClass(b []byte, name string, uid uint64, fields uint16) []byte {
	b = append(b, tcClassDesc)
	b = appendUTF(b, name)
	b = binary.BigEndian.AppendUint64(b, uid)
	b = append(b, scSerializable)
	return binary.BigEndian.AppendUint16(b, fields)
}

func appendByteArrayClass(b []byte) []byte {
	b = appendClass(b, "[B", uidByteArray, 0)
	return append(b, tcEndBlockData, tcNull)
}

// appendField appends a field, which for an object or an array the name of its
// type follows.
func appendField(b []byte, typ byte, name string) []byte {
	return appendUTF(append(b, typ), name)
}

func appendReference(b []byte, handle uint32) []byte {
	return binary.BigEndian.AppendUint32(append(b, tcReference), baseHandle+handle)
}

func appendText(b []byte, s string) []byte {
	return appendUTF(append(b, tcString), s)
}

func appendUTF(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(mutf8.Len(s)))
	return mutf8.Append(b, s)
}

func appendBytes(b, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}
