//go:build ignore

// Command make writes the certificates that no tool would make: odd names,
// dates, numbers, keys and encodings, and extensions that can't be read. They
// are not signed; keytool prints them all the same. make.sh runs it.
package main

import (
	"encoding/asn1"
	"encoding/hex"
	"log"
	"math/big"
	"os"
	"strings"

	"golang.org/x/crypto/cryptobyte"
	casn1 "golang.org/x/crypto/cryptobyte/asn1"
)

type b = cryptobyte.Builder

func main() {
	names()
	dates()
	numbers()
	keys()
	encodings()
	extensions()
	lists()
}

// certificate is the material of one; nil parts get a default.
type certificate struct {
	version       int // as encoded; -1 for none
	serial        []byte
	algorithm     []byte
	issuer        []byte
	validity      []byte
	subject       []byte
	key           []byte
	extra         []byte // after the key, before the extensions
	extensions    [][]byte
	noExtensions  bool
	longLengths   bool // lengths of one octet more than needed
	indefiniteTBS bool
}

var (
	sha256WithRSA = seq(oid("1.2.840.113549.1.1.11"), []byte{5, 0})
	defaultName   = rdns(rdn("2.5.4.3", casn1.UTF8String, "odd"))
	rsaKey        = spki(seq(oid("1.2.840.113549.1.1.1"), []byte{5, 0}), rsaBits(2048))
)

func (c certificate) write(name string) {
	def := func(part *[]byte, value []byte) {
		if *part == nil {
			*part = value
		}
	}
	def(&c.serial, []byte{1})
	def(&c.algorithm, sha256WithRSA)
	def(&c.issuer, defaultName)
	def(&c.subject, defaultName)
	def(&c.validity, seq(tlv(23, []byte("250101000000Z")), tlv(23, []byte("300101000000Z"))))
	def(&c.key, rsaKey)
	var parts [][]byte
	if c.version >= 0 {
		parts = append(parts, tlv(0xa0, tlv(2, []byte{byte(c.version)})))
	}
	parts = append(parts, tlv(2, c.serial), c.algorithm, c.issuer, c.validity, c.subject, c.key, c.extra)
	if !c.noExtensions && len(c.extensions) > 0 {
		parts = append(parts, tlv(0xa3, seq(c.extensions...)))
	}
	tbs := seq(parts...)
	if c.indefiniteTBS {
		tbs = append([]byte{0x30, 0x80}, append(join(parts), 0, 0)...)
	}
	der := seq(tbs, c.algorithm, tlv(3, append([]byte{0}, make([]byte, 32)...)))
	if c.longLengths {
		content := join([][]byte{tbs, c.algorithm, tlv(3, append([]byte{0}, make([]byte, 32)...))})
		der = append([]byte{0x30, 0x84, 0, 0, byte(len(content) >> 8), byte(len(content))}, content...)
	}
	if err := os.WriteFile(name+".der", der, 0o644); err != nil {
		log.Fatal(err)
	}
}

func names() {
	certificate{version: 2, subject: rdns(
		rdn("2.5.4.6", casn1.PrintableString, "DE"),
		rdn("2.5.4.8", casn1.UTF8String, "Baden-Württemberg"),
		rdn("2.5.4.7", casn1.T61String, "K\xf6ln"),
		rdn("2.5.4.10", casn1.UTF8String, `Quote " Back \ Inc., Ltd. + Co <a> ; #`),
		join([][]byte{ava("2.5.4.11", casn1.UTF8String, "Zeta"), ava("2.5.4.3", casn1.UTF8String, "Multi")}),
		rdn("2.5.4.5", casn1.PrintableString, "12345"),
		rdn("2.5.4.12", casn1.UTF8String, "Title"),
		rdn("2.5.4.42", casn1.UTF8String, "Given"),
		rdn("2.5.4.17", casn1.UTF8String, "Postal"),
		rdn("1.2.840.113549.1.9.1", casn1.IA5String, "a@example.com"),
		rdn("0.9.2342.19200300.100.1.25", casn1.IA5String, "example"),
		rdn("0.9.2342.19200300.100.1.1", casn1.UTF8String, "uid"),
		rdn("2.25.170141183460469231731687303715884105727", casn1.UTF8String, "uuid"),
	)}.write("names-types")
	certificate{version: 2, subject: rdns(
		rdn("2.5.4.3", 30, "\x00B\x00M\x00P\x04\x16\x04\x34"),
		rdn("2.5.4.3", 28, "\x00\x00\x00U\x00\x01\xf6\x00"),
		rdn("2.5.4.3", 27, "General"),
		rdn("2.5.4.3", casn1.UTF8String, "日本語 العربية"),
		rdn("2.5.4.3", casn1.UTF8String, ""),
		rdn("2.5.4.3", casn1.UTF8String, " blanks  within "),
		rdn("2.5.4.3", casn1.UTF8String, "#hash"),
		rdn("2.5.4.3", casn1.PrintableString, "not_printable*@"),
		rdn("2.5.4.3", casn1.UTF8String, "bad\xff\xfeutf8"),
		rdn("2.5.4.3", casn1.IA5String, "h\xe4lf"),
		rdn("2.5.4.3", casn1.INTEGER, "\x05"),
		rdn("1.2.3.4", casn1.OCTET_STRING, "octets"),
	)}.write("names-strings")
	certificate{version: 2, subject: rdns(
		rdn("2.5.4.3", casn1.UTF8String, "\x1b[31mred\x1b[0m\r\nOwner: CN=forged"),
		rdn("2.5.4.10", casn1.UTF8String, "bidi \u202egnp.exe\u200b\u0085 end"),
	), extensions: [][]byte{
		ext("2.5.29.17", false, seq(tlv(0x82, []byte("a\x07b\x1b]0;title\x07")))),
	}}.write("control")
	certificate{version: 2, subject: seq(), extensions: [][]byte{
		ext("2.5.29.17", true, seq(tlv(0x82, []byte("only.example")))),
	}}.write("names-empty-subject")
	certificate{version: 2, issuer: seq()}.write("refused-empty-issuer")
}

func dates() {
	utc := func(s string) []byte { return tlv(23, []byte(s)) }
	long := func(s string) []byte { return tlv(24, []byte(s)) }
	for name, pair := range map[string][2][]byte{
		"utc-edges":  {utc("500101000000Z"), utc("491231235959Z")},
		"short":      {utc("2501010000Z"), utc("3001010000+0530")},
		"offsets":    {utc("250701120000+0200"), utc("300701120000-0800")},
		"summer":     {utc("250701120000Z"), long("20500701120000Z")},
		"long":       {long("19000101000000Z"), long("99991231235959Z")},
		"old":        {long("18991231235959Z"), long("16000229120000Z")},
		"julian":     {long("15821014235959Z"), long("10660101000000Z")},
		"gregorian":  {long("15821015000000Z"), long("15821015120000Z")},
		"ancient":    {long("00010101000000Z"), long("00000101000000Z")},
		"fraction":   {long("20250101000000.999Z"), long("20300101000000,5+0100")},
		"february":   {utc("250231000000Z"), utc("300431000000Z")},
		"negative":   {utc("400101000000Z"), utc("200101000000Z")},
		"far":        {long("20380119031408Z"), long("30000615120000Z")},
		"casablanca": {long("20250315120000Z"), long("20250615120000Z")},
	} {
		certificate{version: 2, validity: seq(pair[0], pair[1])}.write("dates-" + name)
	}
}

func numbers() {
	certificate{version: 2, serial: []byte{0xff}}.write("serial-negative")
	certificate{version: 2, serial: []byte{0x80, 0, 0, 1}}.write("serial-very-negative")
	certificate{version: 2, serial: []byte{0}}.write("serial-zero")
	certificate{version: 2, serial: []byte{0, 0, 0, 5}}.write("serial-padded")
	certificate{version: 2, serial: []byte(strings.Repeat("\x7e", 64))}.write("serial-long")
	certificate{version: -1, noExtensions: true}.write("version-1")
	certificate{version: 1, extra: join([][]byte{tlv(0x81, []byte{0, 1}), tlv(0x82, []byte{0, 2})}), noExtensions: true}.write("version-2")
	certificate{version: 2, noExtensions: true}.write("version-3-plain")
	certificate{version: 4, noExtensions: true}.write("version-5")
	certificate{version: 2, extra: tlv(0xa3, seq())}.write("no-extensions")
}

func keys() {
	algorithm := func(id string, params ...[]byte) []byte { return seq(append([][]byte{oid(id)}, params...)...) }
	rsa := algorithm("1.2.840.113549.1.1.1", []byte{5, 0})
	certificate{version: 2, key: spki(rsa, rsaBits(1023))}.write("key-rsa-1023")
	certificate{version: 2, key: spki(rsa, rsaBits(2047))}.write("key-rsa-2047")
	certificate{version: 2, key: spki(rsa, rsaBits(16384))}.write("key-rsa-16384")
	certificate{version: 2, key: spki(rsa, rsaBits(100))}.write("refused-rsa-100")
	certificate{version: 2, key: spki(algorithm("1.2.840.113549.1.1.1"), rsaBits(2048))}.write("key-rsa-no-params")
	certificate{version: 2, key: spki(algorithm("1.2.3.4.5"), []byte{1, 2, 3})}.write("key-unknown")
	certificate{version: 2, key: spki(algorithm("2.16.840.1.101.3.4.4.2"), make([]byte, 1184))}.write("key-ml-kem-768")
	certificate{version: 2, key: spki(algorithm("1.2.840.10045.2.1", oid("1.2.3.4.5")), append([]byte{4}, make([]byte, 64)...))}.write("refused-ec-unknown")
	certificate{version: 2, key: spki(algorithm("1.2.643.7.1.1.1.1", seq(oid("1.2.643.2.2.35.1"))), make([]byte, 66))}.write("key-gost")
	certificate{version: 2, key: spki(algorithm("1.2.840.10040.4.1", seq(integer(512), integer(160), integer(511))), integer(510))}.write("key-dsa-512")
	certificate{version: 2, key: spki(algorithm("1.2.840.10040.4.1"), integer(510))}.write("key-dsa-inherited")
	for name, sig := range map[string][]byte{
		"unknown":         algorithm("1.2.3.4.5.6"),
		"unknown-params":  algorithm("1.2.3.4.5.6", tlv(4, []byte("x"))),
		"md2":             algorithm("1.2.840.113549.1.1.2", []byte{5, 0}),
		"md4":             algorithm("1.2.840.113549.1.1.3", []byte{5, 0}),
		"oiw-sha1":        algorithm("1.3.14.3.2.29", []byte{5, 0}),
		"specified-ecdsa": algorithm("1.2.840.10045.4.3", algorithm("2.16.840.1.101.3.4.2.1")),
		"ecdsa-sha1":      algorithm("1.2.840.10045.4.1"),
		"slh-dsa":         algorithm("2.16.840.1.101.3.4.3.20"),
		"ml-dsa":          algorithm("2.16.840.1.101.3.4.3.18"),
		"hss":             algorithm("1.2.840.113549.1.9.16.3.17"),
		"pss-default":     algorithm("1.2.840.113549.1.1.10", seq()),
	} {
		certificate{version: 2, algorithm: sig}.write("signature-" + name)
	}
	purpose := func(ids ...string) [][]byte {
		var oids [][]byte
		for _, id := range ids {
			oids = append(oids, oid(id))
		}
		return [][]byte{ext("2.5.29.37", false, seq(oids...))}
	}
	sha1 := algorithm("1.2.840.113549.1.1.5", []byte{5, 0})
	certificate{version: 2, algorithm: sha1, extensions: purpose("1.3.6.1.5.5.7.3.3", "1.3.6.1.5.5.7.3.1")}.write("sha1-code-signing")
	certificate{version: 2, algorithm: sha1, extensions: purpose("1.3.6.1.5.5.7.3.1")}.write("sha1-server")
	certificate{version: 2, algorithm: sha1, extensions: purpose("1.3.6.1.5.5.7.3.8")}.write("sha1-time-stamping")
	certificate{version: 2, algorithm: sha1, extensions: purpose("1.3.6.1.5.5.7.3.8", "1.3.6.1.5.5.7.3.2")}.write("sha1-client")
	certificate{version: 2, algorithm: sha1, extensions: append(purpose("1.3.6.1.5.5.7.3.3"),
		ext("2.5.29.19", true, seq(tlv(1, []byte{0xff}))))}.write("sha1-code-signing-ca")
}

func encodings() {
	certificate{version: 2, longLengths: true}.write("encoding-long-lengths")
	certificate{version: 2, indefiniteTBS: true}.write("encoding-indefinite")
}

func extensions() {
	unknown := func(value []byte) []byte { return ext("1.2.3.4", false, value) }
	certificate{version: 2, extensions: [][]byte{unknown(nil)}}.write("extension-empty")
	certificate{version: 2, extensions: [][]byte{unknown([]byte(strings.Repeat("0123456789abcdef", 2)))}}.write("extension-32")
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	certificate{version: 2, extensions: [][]byte{unknown(all[:251])}}.write("extension-bytes")
	certificate{version: 2, extensions: [][]byte{
		ext("2.25.329800735698586629295641978511506172918", false, []byte{5, 0}),
		ext("1.2.10", true, []byte{5, 0}), ext("1.2.9", false, []byte{5, 0}), ext("2.5.29.9", false, seq()),
		ext("2.5.29.19", false, seq()), ext("2.5.29.14", false, tlv(4, nil)),
		ext("2.16.840.1.113730.1.1", false, []byte{3, 2, 0, 0xff}), ext("2.5.29.15", false, []byte{3, 3, 7, 0xff, 0x80}),
	}}.write("extension-order")
	certificate{version: 2, extensions: [][]byte{unknown([]byte{5, 0}), unknown([]byte{5, 0})}}.write("refused-duplicate")
	certificate{version: 2, extensions: [][]byte{ext("2.5.29.15", true, []byte{1, 2})}}.write("refused-critical")

	// Values of known extensions, well-formed and not.
	uri := func(s string) []byte { return tlv(0x86, []byte(s)) }
	dns := tlv(0x82, []byte("a.example"))
	point := func(parts ...[]byte) []byte { return seq(seq(parts...)) }
	full := tlv(0xa0, tlv(0xa0, dns))
	values := map[string][]string{
		"2.5.29.19": {
			"", "30", "3003", "3000", "30060101ff02010a", "30060101000201ff", "3003020105", "30060101ff040100", "30080101ff0203800000",
			"300a0101ff02050100000000", "0500", "3004010200ff", "30820003020105", "3003010101",
		},
		"2.5.29.15": {"", "03", "0302", "030207", "03020780", "03020880", "0300", "030100", "0500", "0404030205a0", "03020580ff", "2303030100"},
		"2.5.29.37": {"3000", "30020600", "3003060180", "30060604551d2500", "300406022a80", "0500", "30050603808001", "300a06082b06010505070301", "3004060228ff"},
		"2.5.29.14": {"0400", "040101", "0500", "04", hex.EncodeToString(tlv(4, all[:20])), "240704020102040103"},
		"2.5.29.35": {
			"3000", "3003800101", "300380010180", "3003820105", "300482020080", "30048202ff7f", "3003820180", "30060102800101",
			"3006800101800102", hex.EncodeToString(seq(tlv(0xa1, dns), tlv(0x82, []byte{1, 2, 3}))),
			hex.EncodeToString(seq(tlv(0xa1, nil))), "300382010582", "3002a500",
		},
		"2.5.29.20": {"020105", "02090102030405060708ff", "0201ff", "0400", "0200", hex.EncodeToString(tlv(2, all[1:100]))},
		"2.5.29.27": {"020100", "02020080"},
		"2.5.29.21": {"0a0101", "0a0107", "0a010b", "0a01ff", "020101"},
		"2.5.29.54": {"020105"},
		"2.5.29.36": {"3000", "3003800105", "3003810100", "30068001058101ff", "3003820101", "3006800101800102", "30058003010000"},
		"2.5.29.16": {
			"3000", hex.EncodeToString(seq(tlv(0x80, []byte("20200101000000Z")))), hex.EncodeToString(seq(tlv(0x81, []byte("20300101000000Z")))),
			hex.EncodeToString(seq(tlv(0x80, []byte("bad")))), hex.EncodeToString(seq(tlv(0x80, []byte("20200101000000Z")), tlv(0x80, []byte("20200101000000Z")))), "3003820100", "0500",
		},
		"2.5.29.17": hexes(
			seq(), seq(dns, dns), seq(tlv(0x81, nil)), seq(tlv(0x81, []byte("a@"))), seq(tlv(0x81, []byte("@."))), seq(tlv(0x81, []byte("plain"))),
			seq(uri("relative")), seq(uri("http://")), seq(uri("http://a b/")), seq(uri("")), seq(tlv(0x87, []byte{1, 2, 3})),
			seq(tlv(0x87, all[:8])), seq(tlv(0x87, all[:32])), seq(tlv(0x87, append(append([]byte{}, all[:16]...), 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))),
			seq(tlv(0x87, append(make([]byte, 10), 0xff, 0xff, 1, 2, 3, 4))), seq(tlv(0x88, []byte{0x2a})), seq(tlv(0x88, nil)),
			seq(tlv(0xa0, join([][]byte{oid("1.2.3"), tlv(0xa0, tlv(12, []byte("x")))}))), seq(tlv(0xa0, oid("1.2.3"))), seq(tlv(0xa0, join([][]byte{oid("1.2.3"), tlv(0x80, nil)}))),
			seq(tlv(0xa3, seq())), seq(tlv(0xa4, defaultName)), seq(tlv(0xa4, seq())), seq(tlv(0x84, defaultName)), seq(tlv(0xa4, nil)),
			seq(tlv(0xa5, join([][]byte{tlv(0x80, tlv(19, []byte("assigner"))), tlv(0x81, tlv(19, []byte("party")))}))),
			seq(tlv(0xa5, join([][]byte{tlv(0xa0, tlv(19, []byte("assigner"))), tlv(0xa1, tlv(19, []byte("party")))}))),
			seq(tlv(0xa5, tlv(0x81, tlv(12, []byte("party"))))), seq(tlv(0xa5, tlv(0x81, tlv(2, []byte{1})))), seq(tlv(0xa5, nil)),
			seq(tlv(0x89, nil)), seq(tlv(0xa2, []byte("x"))), seq(tlv(0x82, []byte("b\xfccher.example"))), seq(tlv(0x82, nil)), []byte{5, 0}, tlv(0x30, []byte{0x82, 5}),
		),
		"2.5.29.29": hexes(seq(tlv(0xa4, defaultName)), seq()),
		"2.5.29.31": hexes(
			seq(), point(), point(full), point(full, full), point(tlv(0xa0, nil)), point(tlv(0xa0, tlv(0x80, nil))),
			point(tlv(0xa0, tlv(0xa1, ava("2.5.4.3", 12, "rel")))), point(tlv(0xa0, tlv(0xa1, join([][]byte{ava("2.5.4.3", 12, "a, b"), ava("2.5.4.10", 12, "c")}))), tlv(0xa2, tlv(0xa4, defaultName))),
			point(full, tlv(0x81, []byte{0, 0xff, 0xff})), point(tlv(0x81, []byte{1, 0x80})), point(tlv(0xa2, tlv(0xa4, defaultName))), point(tlv(0xa2, nil)), point(tlv(0xa3, nil)),
			seq([]byte{5, 0}), seq(seq(full), seq(full)), []byte{5, 0}, point(full, tlv(0x81, []byte{9, 0})),
		),
		"2.5.29.46": hexes(point(full), seq()),
		"2.5.29.28": hexes(
			seq(), seq(full), seq(tlv(0x81, []byte{1}), tlv(0x82, []byte{0xff}), tlv(0x84, []byte{0xff}), tlv(0x85, []byte{0})), seq(tlv(0x83, []byte{0, 0xff, 0x80})),
			seq(tlv(0x86, nil)), seq(tlv(0x81, nil)), seq(tlv(0xa0, tlv(0xa1, ava("2.5.4.3", 12, "rel")))), seq(tlv(0xa0, tlv(0x82, nil))),
		),
		"2.5.29.32": hexes(
			seq(), seq(seq(oid("1.2.3"))), seq(seq(oid("1.2.3"), seq())), seq(seq(oid("1.2.3"), []byte{5, 0})), seq([]byte{5, 0}),
			seq(seq(oid("1.2.3"), seq(seq(oid("1.2.4"))))), seq(seq(oid("1.2.3"), seq(seq(oid("1.2.4"), tlv(22, []byte("http://cps/"))), seq(oid("1.2.5"), tlv(22, all[:16]))))),
			seq(seq(oid("1.2.3")), seq(oid("1.2.5"))), seq(seq(oid("1.2.3"), seq([]byte{5, 0}))), seq(seq()),
		),
		"2.5.29.33": hexes(seq(), seq(seq(oid("1.2.3"), oid("1.2.4")), seq(oid("1.2.5"), oid("1.2.6"))), seq(seq(oid("1.2.3"))), seq([]byte{5, 0})),
		"2.5.29.30": hexes(
			seq(), seq(tlv(0xa0, nil)), seq(tlv(0xa0, seq(dns))), seq(tlv(0xa0, join([][]byte{seq(dns), seq(dns)})), tlv(0xa1, seq(dns))), seq(tlv(0xa0, seq(dns)), tlv(0xa0, seq(dns))),
			seq(tlv(0xa0, seq(dns, tlv(0x80, []byte{1}), tlv(0x81, []byte{9})))), seq(tlv(0xa0, seq(dns, tlv(0x82, nil)))), seq(tlv(0x80, nil)),
			seq(tlv(0xa0, seq(uri("http://x.example/")))), seq(tlv(0xa0, seq(uri(".x.example")))), seq(tlv(0xa0, seq(uri("x.example")))), seq(tlv(0xa0, seq(uri("x_y.example")))),
			seq(tlv(0xa0, seq(uri("")))), seq(tlv(0xa0, seq(uri("a b")))), seq(tlv(0xa0, seq(tlv(0x81, []byte(".example"))))), seq(tlv(0xa0, seq(tlv(0x82, nil)))), seq(tlv(0xa0, []byte{5, 0})),
		),
		"1.3.6.1.5.5.7.1.1":     hexes(seq(), seq(seq(oid("1.3.6.1.5.5.7.48.1"), dns)), seq(seq(oid("1.3.6.1.5.5.7.48.9"), dns), seq(oid("1.3.6.1.5.5.7.48.3"), dns)), seq(seq(oid("1.3.6.1.5.5.7.48.1"))), seq([]byte{5, 0}), []byte{5, 0}),
		"1.3.6.1.5.5.7.1.11":    hexes(seq(), seq(seq(oid("1.3.6.1.5.5.7.48.5"), dns))),
		"1.3.6.1.5.5.7.48.1.5":  {"0500", "", "0401"},
		"2.16.840.1.113730.1.1": {"030200ff", "03020780", "0300", "0500", ""},
	}
	for id, hexValues := range values {
		for i, value := range hexValues {
			raw, err := hex.DecodeString(value)
			if err != nil {
				log.Fatal(id, value, err)
			}
			name := "value-" + id + "-" + string(rune('a'+i/26)) + string(rune('a'+i%26))
			certificate{version: 2, extensions: [][]byte{ext(id, false, raw)}}.write(name)
		}
	}
	certificate{version: 2, extensions: [][]byte{ext("2.5.29.54", true, []byte{2, 1, 0xff})}}.write("value-2.5.29.54-unlimited")
	certificate{version: 2, extensions: [][]byte{ext("2.5.29.54", true, []byte{2, 1, 7})}}.write("value-2.5.29.54-seven")
	certificate{version: 2, extensions: [][]byte{
		ext("2.5.29.15", false, []byte{5, 0}), ext("2.5.29.17", false, []byte{5, 0}), ext("1.2.3", false, nil), ext("2.5.29.19", false, []byte{5, 0}),
	}}.write("unparseable-several")
}

// lists makes revocation lists.
func lists() {
	write := func(name string, algorithm []byte, parts ...[]byte) {
		tbs := seq(parts...)
		der := seq(tbs, algorithm, tlv(3, append([]byte{0}, make([]byte, 20)...)))
		if err := os.WriteFile("crl-odd-"+name+".crl", der, 0o644); err != nil {
			log.Fatal(err)
		}
	}
	utc := tlv(23, []byte("250101000000Z"))
	long := tlv(24, []byte("20500101120000Z"))
	entry := func(serial []byte, exts ...[]byte) []byte {
		parts := [][]byte{tlv(2, serial), utc}
		if len(exts) > 0 {
			parts = append(parts, seq(exts...))
		}
		return seq(parts...)
	}
	issuer := func(cn string) []byte {
		return ext("2.5.29.29", true, seq(tlv(0xa4, rdns(rdn("2.5.4.3", casn1.UTF8String, cn)))))
	}
	two := tlv(2, []byte{1})
	write("v1", sha256WithRSA, sha256WithRSA, defaultName, utc)
	write("v1-next", sha256WithRSA, sha256WithRSA, defaultName, long, long)
	write("entries", sha256WithRSA, two, sha256WithRSA, defaultName, utc, long, seq(
		entry([]byte{0xff}), entry([]byte{0, 0x80}), entry([]byte{0x80, 0, 0}), entry([]byte{0}),
		entry([]byte{1}, issuer("other")), entry([]byte{2}), entry([]byte{3}, issuer("odd")), entry([]byte{4}),
		entry([]byte{5}, ext("1.2.3", true, []byte{5, 0}), ext("2.5.29.21", false, []byte{10, 1, 1}), ext("2.5.29.24", false, long)),
		entry([]byte{6}, ext("1.2.3", false, nil)),
	))
	write("extensions", sha256WithRSA, two, sha256WithRSA, defaultName, utc, tlv(0xa0, seq(
		ext("2.5.29.20", false, tlv(2, []byte(strings.Repeat("\x12\x34", 40)))), ext("2.5.29.27", true, tlv(2, []byte{0xff})),
		ext("1.3.6.1.5.5.7.48.1.5", false, []byte{5, 0}), ext("1.2.3", false, make([]byte, 200)),
		ext("2.5.29.28", true, seq(tlv(0x84, []byte{0xff}))), ext("2.5.29.35", false, seq(tlv(0x80, []byte{1, 2}))),
	)))
	write("no-extensions", sha256WithRSA, two, sha256WithRSA, defaultName, utc, tlv(0xa0, seq()))
	write("refused-extension", sha256WithRSA, two, sha256WithRSA, defaultName, utc, tlv(0xa0, seq(ext("2.5.29.20", false, []byte{5, 0}))))
	for name, algorithm := range map[string][]byte{
		"params":         seq(oid("1.2.3.4"), tlv(4, []byte("x"))),
		"pss-default":    seq(oid("1.2.840.113549.1.1.10"), seq()),
		"pss-no-params":  seq(oid("1.2.840.113549.1.1.10")),
		"pss-sha3":       seq(oid("1.2.840.113549.1.1.10"), seq(tlv(0xa0, seq(oid("2.16.840.1.101.3.4.2.8"), []byte{5, 0})), tlv(0xa2, tlv(2, []byte{0x40})))),
		"dsa-sha1":       seq(oid("1.2.840.10040.4.3")),
		"ml-dsa":         seq(oid("2.16.840.1.101.3.4.3.17")),
		"ecdsa-null":     seq(oid("1.2.840.10045.4.3.2"), []byte{5, 0}),
		"unknown-params": seq(oid("1.2.840.113549.1.1.11"), seq()),
	} {
		write("algorithm-"+name, algorithm, two, algorithm, defaultName, utc)
	}
}

func hexes(values ...[]byte) []string {
	var out []string
	for _, v := range values {
		out = append(out, hex.EncodeToString(v))
	}
	return out
}

func join(parts [][]byte) []byte {
	out := []byte{}
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

func tlv(tag byte, content []byte) []byte {
	var out b
	out.AddASN1(casn1.Tag(tag), func(c *b) { c.AddBytes(content) })
	return out.BytesOrPanic()
}

func seq(parts ...[]byte) []byte { return tlv(0x30, join(parts)) }

// oid encodes a dotted OID with arcs of any size.
func oid(dotted string) []byte {
	var content []byte
	arcs := strings.Split(dotted, ".")
	for i, text := range arcs {
		arc, ok := new(big.Int).SetString(text, 10)
		if !ok {
			log.Fatal(dotted)
		}
		if i == 0 {
			continue
		}
		if i == 1 {
			arc.Add(arc, big.NewInt(40*int64(arcs[0][0]-'0')))
		}
		var groups []byte
		for first := true; first || arc.Sign() > 0; first = false {
			group := byte(new(big.Int).And(arc, big.NewInt(0x7f)).Uint64())
			if !first {
				group |= 0x80
			}
			groups = append([]byte{group}, groups...)
			arc.Rsh(arc, 7)
		}
		content = append(content, groups...)
	}
	return tlv(6, content)
}

func ava(id string, tag casn1.Tag, value string) []byte {
	return seq(oid(id), tlv(byte(tag), []byte(value)))
}

// rdn is the content of a set with one attribute.
func rdn(id string, tag casn1.Tag, value string) []byte { return ava(id, tag, value) }

func rdns(sets ...[]byte) []byte {
	var out [][]byte
	for _, s := range sets {
		out = append(out, tlv(0x31, s))
	}
	return seq(out...)
}

func ext(id string, critical bool, value []byte) []byte {
	parts := [][]byte{oid(id)}
	if critical {
		parts = append(parts, []byte{1, 1, 0xff})
	}
	return seq(append(parts, tlv(4, value))...)
}

func spki(algorithm, key []byte) []byte { return seq(algorithm, tlv(3, append([]byte{0}, key...))) }

// integer is a number of so many bits.
func integer(bits int) []byte {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	der, err := asn1.Marshal(n.SetBit(n, 0, 1))
	if err != nil {
		log.Fatal(err)
	}
	return der
}

// rsaBits is an RSA public key with a modulus of so many bits.
func rsaBits(bits int) []byte {
	n := new(big.Int).Lsh(big.NewInt(1), uint(bits-1))
	n.Add(n, big.NewInt(0x10001))
	key, err := asn1.Marshal(struct{ N, E *big.Int }{n, big.NewInt(65537)})
	if err != nil {
		log.Fatal(err)
	}
	return key
}
