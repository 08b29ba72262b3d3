package sunconfig

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/jdk"
	"gokeytool/pkcs11"
)

// shown is a configuration as testtool.Java.PKCS11Config has it, or the exception.
func shown(c Config, err error) string {
	if err != nil {
		return err.(*jdk.Error).Class + ": " + err.Error()
	}
	slot, index := "-1", "-1"
	if c.Slot != nil {
		slot = strconv.FormatUint(*c.Slot, 10)
	}
	if c.Index != nil {
		index = strconv.Itoa(*c.Index)
	}
	quiet := map[Quiet]string{Halt: "1", IgnoreAll: "2", IgnoreMissingLibrary: "3"}[c.Quiet]
	words := []string{c.Name, c.Library, slot, index, quiet, strconv.FormatBool(!c.Strict), strconv.FormatBool(c.NSS)}
	for _, t := range c.Templates {
		template := []string{t.Operation, number32(t.Class, "2147483427"), number32(t.KeyType, "2147483426")}
		for _, a := range t.Attributes {
			value := hex.EncodeToString(a.Value)
			if a.Value == nil {
				value = "null"
			}
			template = append(template, fmt.Sprintf("%d=%s", a.Type, value))
		}
		words = append(words, strings.Join(template, " "))
	}
	return strings.Join(words, "|")
}

func number32(n *uint64, all string) string {
	if n == nil {
		return all
	}
	return strconv.FormatInt(int64(*n), 10)
}

// ofJava is what Java says, in the form of shown.
func ofJava(config, exceptions []string) string {
	if exceptions != nil {
		return exceptions[0]
	}
	if config[2] != "-1" && !strings.HasPrefix(config[2], "-") {
		config[3] = "-1"
	} else if config[2] == "-1" && config[3] == "-1" {
		config[3] = "0"
	}
	if strings.HasPrefix(config[2], "-") {
		config[2] = "-1"
	}
	for i, text := range config {
		if text == "null" {
			config[i] = ""
		}
		if i < 7 {
			continue
		}
		words := strings.Split(text, " ")
		for k, word := range words {
			typ, value, ok := strings.Cut(word, "=")
			if !ok {
				continue
			}
			if value == "true" || value == "false" {
				value = hex.EncodeToString(pkcs11.NewBool(0, value == "true").Value)
			} else if number, ok := strings.CutPrefix(value, "n"); ok && number != "ull" {
				n, err := strconv.ParseInt(number, 10, 64)
				if err != nil {
					panic(err)
				}
				value = hex.EncodeToString(pkcs11.NewNumber(0, uint64(n)).Value)
			}
			words[k] = typ + "=" + value
		}
		config[i] = strings.Join(words, " ")
	}
	return strings.Join(config, "|")
}

// properties are those that both sides have.
var properties = map[string]string{"a.b": "/prop", "empty": "", "user.home": "/home/duke"}

// Configurations of every kind are read as Java's provider reads them, or refused in
// its words.
func TestJavaReads(t *testing.T) {
	for _, release := range []jdk.Release{jdk.Release17, jdk.Release25} {
		t.Run(fmt.Sprint(release), func(t *testing.T) {
			t.Parallel()
			java := testtool.StartJava(t, release, append(testtool.PKCS11ConfigOptions, "-Da.b=/prop", "-Dempty=", "-Duser.home=/home/duke")...)
			ours := Java{Release: release, Property: func(name string) (string, bool) {
				value, ok := properties[name]
				return value, ok
			}}
			file := filepath.Join(t.TempDir(), "p11.cfg")
			random := rand.New(rand.NewPCG(11, uint64(release)))
			configurations := append([]string{}, written...)
			for range 400 {
				configurations = append(configurations, generate(random))
			}
			taken := 0
			for _, text := range configurations {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				config, err := ours.Parse([]byte(text))
				want, got := ofJava(java.PKCS11Config(file)), shown(config, err)
				if got != want {
					t.Errorf("%q:\n%s, but Java says\n%s", text, got, want)
				}
				if err == nil {
					taken++
				}
			}
			for _, argument := range []string{
				`name = a\nlibrary = /b`, `name = a library = /b\\n`, `name=a\nlibrary=/b\n#c\nslot=1`, "name = ä\\nlibrary = /ж", "name = €\nlibrary = \"/ä\"", "",
			} {
				config, err := ours.ParseInline(argument)
				if want, got := ofJava(java.PKCS11Config("--"+argument)), shown(config, err); got != want {
					t.Errorf("--%s:\n%s, but Java says\n%s", argument, got, want)
				}
			}
			t.Logf("%d of %d configurations are taken", taken, len(configurations))
			if taken < len(configurations)/10 {
				t.Error("too few are taken for a comparison")
			}
		})
	}
}

// written are configurations whose forms the generator would hardly hit.
var written = []string{
	"", "#", "name = a", "library = /a", "name = a\nlibrary = /a", "name = a\r\nlibrary = /a\r\n", "name = a\rlibrary = /a\rslot = 1",
	"name = \"a b\\tc\\101\\1\\400\\8\\q\\\\\\\"\"\nlibrary = /a", "name = \"a\nlibrary = /a", "name = a b\nlibrary = /a", "name = a # b\nlibrary = /a # b",
	"name = a\nlibrary = /a b/c\td \"e  f\"\n", "name = a\nlibrary = a", "name = a\nlibrary = \n", "name = a\nlibrary = ${a.b}/${/}x${empty}y\n",
	"name = a\nlibrary = ${user.home}${{a.b}}/x\n", "name = a\nlibrary = /${{a.b}}${{c}}", "name = a\nlibrary = /${nothing.here}", "name = a\nlibrary = /${a.b", "name = a\nlibrary = /a${{b", "name = a\nlibrary = /a$b$",
	"name = a\nlibrary = /usr/$ISA/lib/$ISA/x", "name = a\nlibrary = /a\nslot = 0x1F\n", "name = a\nlibrary = /a\nslot = -1", "name = a\nlibrary = /a\nslot = -2", "name = a\nlibrary = /a\nslot = +3",
	"name = a\nlibrary = /a\nslot = 2147483648", "name = a\nlibrary = /a\nslot = 0xffffffff", "name = a\nlibrary = /a\nslot = 0x7fffffff", "name = a\nlibrary = /a\nslot = 0x-5", "name = a\nlibrary = /a\nslot = \"1\"",
	"name = a\nlibrary = /a\nslot = 1\nslotListIndex = 1", "name = a\nlibrary = /a\nslotListIndex = 1\nslot = 1", "name = a\nlibrary = /a\nslot = 1\nslot = 1", "name = a\nlibrary = /a\nslotListIndex = 2\nslotListIndex = 2", "name = a\nlibrary = /a\nslotListIndex = -3",
	"name = a\nname = b\nlibrary = /a", "name = library\nlibrary = /a", "name = a\nlibrary = /a\nlibrary = /b", "name = a\nlibrary = /a\nshowInfo = true\nshowInfo = false", "name = a\nlibrary = /a\nattributes = compatibility\nattributes = compatibility",
	"name = a\nlibrary = /a\nattributes = compatible", "name = a\nlibrary = /a\nattributes(generate, CKO_PRIVATE_KEY, CKK_RSA) = {\n\tCKA_SIGN = true # comment\n CKA_ID=0hff CKA_LABEL = 0h00ff00 0x102 = 0h-1 258=0h80 CKA_MODULUS_BITS = 2048 CKA_ID = null\n}\n",
	"name = a\nlibrary = /a\nattributes (*,*,*) =\n\n{ }", "name = a\nlibrary = /a\nattributes(import, CKO_CERTIFICATE, 0x80000001) = { CKA_ID = 0h }", "name = a\nlibrary = /a\nattributes(import, 3, 3) = { }", "name = a\nlibrary = /a\nattributes(import, *, 3) = { CKA_X = 1 }",
	"name = a\nlibrary = /a\nattributes(import, *, CKK_X) = { }", "name = a\nlibrary = /a\nattributes(delete, *, *) = { }", "name = a\nlibrary = /a\nattributes(*, *, *) = { CKA_ID = x }", "name = a\nlibrary = /a\nattributes(*, *, *) = { CKA_ID = 0hxy }", "name = a\nlibrary = /a\nattributes(*, *, *) = { CKA_ID = 99999999999 }",
	"name = a\nlibrary = /a\nenabledMechanisms = {\nCKM_RSA_PKCS\n 0x1\n 77 KeyStore }\ndisabledMechanisms={}", "name = a\nlibrary = /a\ndisabledMechanisms = { CKM_NONSENSE }", "name = a\nlibrary = /a\ndisabledMechanisms = {CKM_RSA_PKCS}", "name = a\nlibrary = /a\ndisabledMechanisms = { CKM_NSS_PKCS12_PBE_SHA224_HMAC_KEY_GEN }",
	"name = a\nlibrary = /a\ninsertionCheckInterval = 99", "name = a\nlibrary = /a\nmyinsertionCheckInterval = 100", "name = a\nlibrary = /a\ncleaner.shortInterval = 999", "name = a\nlibrary = /a\ncleaner.longInterval = 1000", "name = a\nlibrary = /a\nallowLegacy = true", "name = a\nlibrary = /a\ncipherTextStealingVariant = CS4",
	"name = a\nlibrary = /a\ncipherTextStealingVariant = CS3", "name = a\nlibrary = /a\nhandleStartupErrors = ignoreMissingLibrary", "name = a\nlibrary = /a\nhandleStartupErrors = never", "name = a\nlibrary = /a\nkeyStoreCompatibilityMode = false", "name = a\nlibrary = /a\nkeyStoreCompatibilityMode = False",
	"name = a\nnssSecmodDirectory = /a", "name = a\nnssSecmodDirectory = ${no}", "name = a\nlibrary = /a\nnssModule = fips", "name = a\nslot = 1\nnssModule = fips", "name = a\nnssModule = fips\nnssArgs = \"a\"", "name = a\nlibrary = /a\nnssArgs = \"configdir='${a.b}'\"", "name = a\nlibrary = /a\nnssArgs = a",
	"name = a\nnssModule = fips\nnssUseSecmodTrust = true", "name = a\nnssUseSecmod = true", "name = a\nlibrary = /a\nnssUseSecmod = false", "name = a\nnssDbMode = noDb", "name = a\nnssDbMode = no", "name = a\nnssLibraryDirectory = /a", "name = a\nnssLibraryDirectory = a", "name = a\nnssNetscapeDbWorkaround = false",
	"foo = bar", "name : a", "name", "name =", "name = (", "= a", "\"name\" = a", "name = ä\nlibrary = /a", "name = a\nlibrary = /\xe4", "n\xe4me = a", "name = a\nlibrary = \"/\xe4\"", "name = a'b\nlibrary = /a", "name = a\x00b\nlibrary = /a", "name = a\nlibrary = \"/a\\", "\xff",
}

// generate makes a configuration of lines that are mostly as they should be.
func generate(r *rand.Rand) string {
	pick := func(texts ...string) string { return texts[r.IntN(len(texts))] }
	value := func() string {
		return pick("a", "true", "false", "1", "0x10", "-1", "/lib/x.so", "\"/lib/a b.so\"", "{", "}", "{ CKM_RSA_PKCS }", "halt", "ignoreAll", "150", "5000", "\"\"", "a(b", "${a.b}", "0hff", "# c", "", "name", "library", "compatibility", "noDb")
	}
	var b strings.Builder
	line := func(text string) { b.WriteString(text + pick("\n", "\n", "\n", "\r\n", "\r", " # c\n", " ", "\n\n")) }
	if r.IntN(10) > 0 {
		line("name" + pick(" = ", "=", " =", "\t=\n") + pick("a", "Soft-HSM_1", "\"a b\"", value()))
	}
	for range r.IntN(5) {
		switch r.IntN(5) {
		case 0:
			line(pick("slot", "slotListIndex") + " = " + pick("0", "1", "0x7", value()))
		case 1:
			line(pick("description", "handleStartupErrors", "insertionCheckInterval", "showInfo", "keyStoreCompatibilityMode", "explicitCancel", "omitInitialize",
				"allowSingleThreadedModules", "functionList", "nssUseSecmod", "nssModule", "nssDbMode", "useEcX963Encoding", "enabledMechanisms", "disabledMechanisms",
				"cleaner.longInterval", "destroyTokenAfterLogout", "allowLegacy", "cipherTextStealingVariant", "library", "name", "nonsense") + " = " + value())
		case 2:
			line("attributes" + pick("(", " ( ", "[") + pick("*", "generate", "import", value()) + pick(",", " , ", " ") +
				pick("*", "CKO_PRIVATE_KEY", "CKO_SECRET_KEY", value()) + "," + pick("*", "CKK_RSA", "CKK_EC", "7", value()) + pick(") = {", ")={", ") =\n{", ") {"))
			for range r.IntN(4) {
				line(pick("CKA_SIGN", "CKA_TOKEN", "CKA_EXTRACTABLE", "0x103", "CKA_ID", value()) + " = " + pick("true", "false", "null", "0h0102", "7", value()))
			}
			line("}")
		case 3:
			line(pick("disabledMechanisms = {", "enabledMechanisms={") + pick(" ", "\n") + pick("CKM_RSA_PKCS", "CKM_SHA1_RSA_PKCS\n CKM_ECDSA", "0x1", "", value()) + pick("\n}", " }", "}"))
		case 4:
			line("attributes = compatibility")
		}
	}
	if r.IntN(10) > 0 {
		line("library = " + pick("/usr/lib/softhsm/libsofthsm2.so", "${a.b}/x.so", "/a b", value()))
	}
	return b.String()
}

func FuzzParse(f *testing.F) {
	for _, text := range written {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := Parse(text)
		if err != nil {
			return
		}
		if c.NSS != (c.Library == "") && !filepath.IsAbs(c.Library) || !c.NSS && (c.Slot == nil) == (c.Index == nil) {
			t.Errorf("%+v", c)
		}
	})
}
