package pkcs11

import (
	"encoding/binary"
	"fmt"
	"math/big"
)

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
	Class               AttributeType = 0x0
	OnToken             AttributeType = 0x1 // CKA_TOKEN
	Private             AttributeType = 0x2
	Label               AttributeType = 0x3
	Value               AttributeType = 0x11
	CertificateType     AttributeType = 0x80
	Issuer              AttributeType = 0x81
	SerialNumber        AttributeType = 0x82
	Trusted             AttributeType = 0x86
	CertificateCategory AttributeType = 0x87
	KeyType             AttributeType = 0x100
	Subject             AttributeType = 0x101
	ID                  AttributeType = 0x102
	Sensitive           AttributeType = 0x103
	Encrypt             AttributeType = 0x104
	Decrypt             AttributeType = 0x105
	Wrap                AttributeType = 0x106
	Unwrap              AttributeType = 0x107
	Signs               AttributeType = 0x108 // CKA_SIGN
	SignRecover         AttributeType = 0x109
	Verifies            AttributeType = 0x10A // CKA_VERIFY
	VerifyRecover       AttributeType = 0x10B
	Derive              AttributeType = 0x10C
	StartDate           AttributeType = 0x110
	EndDate             AttributeType = 0x111
	Modulus             AttributeType = 0x120
	ModulusBits         AttributeType = 0x121
	PublicExponent      AttributeType = 0x122
	PrivateExponent     AttributeType = 0x123
	Prime1              AttributeType = 0x124
	Prime2              AttributeType = 0x125
	Exponent1           AttributeType = 0x126
	Exponent2           AttributeType = 0x127
	Coefficient         AttributeType = 0x128
	Prime               AttributeType = 0x130
	Subprime            AttributeType = 0x131
	Base                AttributeType = 0x132
	PrimeBits           AttributeType = 0x133
	SubprimeBits        AttributeType = 0x134
	ValueBits           AttributeType = 0x160
	ValueLen            AttributeType = 0x161
	Extractable         AttributeType = 0x162
	Local               AttributeType = 0x163
	NeverExtractable    AttributeType = 0x164
	AlwaysSensitive     AttributeType = 0x165
	KeyGenMechanism     AttributeType = 0x166
	Modifiable          AttributeType = 0x170
	Copyable            AttributeType = 0x171
	ECParams            AttributeType = 0x180
	ECPoint             AttributeType = 0x181
	AlwaysAuthenticate  AttributeType = 0x202
	WrapWithTrusted     AttributeType = 0x210
)

func (t AttributeType) String() string { return fmt.Sprintf("%#x", uint64(t)) }

// NewNumber is an attribute that is a CK_ULONG: 64 bits, the lowest byte first.
func NewNumber(t AttributeType, v uint64) Attribute {
	return Attribute{t, binary.LittleEndian.AppendUint64(nil, v)}
}

// Number is the value of an attribute that is a CK_ULONG. It is not ok for another.
func Number(value []byte) (v uint64, ok bool) {
	if len(value) != 8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(value), true
}

// NewBool is an attribute that is a CK_BBOOL.
func NewBool(t AttributeType, v bool) Attribute {
	if v {
		return Attribute{t, []byte{1}}
	}
	return Attribute{t, []byte{0}}
}

// Bool is the value of an attribute that is a CK_BBOOL; false for one that is not there.
func Bool(value []byte) bool { return len(value) == 1 && value[0] != 0 }

// Classes of objects (CKO), the values of Class.
const (
	DataObject        = 0
	CertificateObject = 1
	PublicKeyObject   = 2
	PrivateKeyObject  = 3
	SecretKeyObject   = 4
)

// X509Certificate is the CertificateType of those that are used here (CKC_X_509).
const X509Certificate = 0

// Types of keys (CKK), the values of KeyType.
const (
	KeyRSA           = 0x0
	KeyDSA           = 0x1
	KeyDH            = 0x2
	KeyEC            = 0x3
	KeyGenericSecret = 0x10
	KeyRC2           = 0x11
	KeyRC4           = 0x12
	KeyDES           = 0x13
	KeyDES2          = 0x14
	KeyDES3          = 0x15
	KeyAES           = 0x1F
	KeyBlowfish      = 0x20
	KeyECEdwards     = 0x40
	KeyECMontgomery  = 0x41
)

// Mechanisms (CKM).
const (
	RSAPKCSKeyPairGen   = 0x0
	RSAPKCS             = 0x1
	RSAX509             = 0x3
	RSAPKCSPSS          = 0xD
	DSAKeyPairGen       = 0x10
	DSA                 = 0x11
	RC2KeyGen           = 0x100
	RC4KeyGen           = 0x110
	DESKeyGen           = 0x120
	DES2KeyGen          = 0x130
	DES3KeyGen          = 0x131
	GenericSecretKeyGen = 0x350
	ECKeyPairGen        = 0x1040
	ECDSA               = 0x1041
	ECEdwardsKeyPairGen = 0x1055
	EDDSA               = 0x1057
	AESKeyGen           = 0x1080
)

// SignedBytes is a number in two's complement, as Java's BigInteger.toByteArray writes
// it: as few bytes as there can be, the first bit for the sign.
func SignedBytes(n *big.Int) []byte {
	if n.Sign() >= 0 {
		return n.FillBytes(make([]byte, n.BitLen()/8+1))
	}
	size := new(big.Int).Not(n).BitLen()/8 + 1
	return new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size))).FillBytes(make([]byte, size))
}

// Mechanism is how a key is made or used. The parameter is as the module has it, its
// numbers as those of attributes.
type Mechanism struct {
	Type      uint64
	Parameter []byte
}
