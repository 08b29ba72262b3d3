package pkcs11

// Attribute is one of an object. The value is as the module has it: numbers (CK_ULONG)
// as NewNumber writes them, CK_BBOOL as one byte, all else as it is.
type Attribute struct {
	Type  AttributeType
	Value []byte
}

// AttributeType is a CKA number.
type AttributeType uint64

// The attributes (PKCS #11 2.40, pkcs11t.h).
const (
	Class              AttributeType = 0x0
	OnToken            AttributeType = 0x1 // CKA_TOKEN
	Private            AttributeType = 0x2
	Label              AttributeType = 0x3
	Value              AttributeType = 0x11
	CertificateType    AttributeType = 0x80
	Issuer             AttributeType = 0x81
	SerialNumber       AttributeType = 0x82
	Trusted            AttributeType = 0x86
	KeyType            AttributeType = 0x100
	Subject            AttributeType = 0x101
	ID                 AttributeType = 0x102
	Sensitive          AttributeType = 0x103
	Encrypt            AttributeType = 0x104
	Decrypt            AttributeType = 0x105
	Wrap               AttributeType = 0x106
	Unwrap             AttributeType = 0x107
	Signs              AttributeType = 0x108 // CKA_SIGN
	SignRecover        AttributeType = 0x109
	Verifies           AttributeType = 0x10A // CKA_VERIFY
	VerifyRecover      AttributeType = 0x10B
	Derive             AttributeType = 0x10C
	Modulus            AttributeType = 0x120
	ModulusBits        AttributeType = 0x121
	PublicExponent     AttributeType = 0x122
	PrivateExponent    AttributeType = 0x123
	Prime1             AttributeType = 0x124
	Prime2             AttributeType = 0x125
	Exponent1          AttributeType = 0x126
	Exponent2          AttributeType = 0x127
	Coefficient        AttributeType = 0x128
	Prime              AttributeType = 0x130
	Subprime           AttributeType = 0x131
	Base               AttributeType = 0x132
	ValueLen           AttributeType = 0x161
	Extractable        AttributeType = 0x162
	Local              AttributeType = 0x163
	NeverExtractable   AttributeType = 0x164
	AlwaysSensitive    AttributeType = 0x165
	Modifiable         AttributeType = 0x170
	ECParams           AttributeType = 0x180
	ECPoint            AttributeType = 0x181
	AlwaysAuthenticate AttributeType = 0x202
)

// Mechanism is how a key is made or used.
type Mechanism struct {
	Type      uint64
	Parameter []byte
}
