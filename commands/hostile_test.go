package commands_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gokeytool/internal/hostile"
	"gokeytool/store"
)

// Files that ask for minutes or hours of work get an answer soon, from every
// command that reads them. The time is that of the processor, and ten times what
// the slowest of them takes: what it was before the bounds is many times more.
func TestHostileFiles(t *testing.T) {
	const most = 5 * time.Second
	program := plainProgram(t, "gokeytool")
	const serials = 256
	dir := t.TempDir()
	big := hostile.RSA(125_000, 0)
	signature := append([]byte{0, 3}, make([]byte, 124_998)...)
	self := func(serial byte) []byte {
		return hostile.Certificate{Subject: "Big", Issuer: "Big", Serial: []byte{serial}, SPKI: big, Signature: signature}.Raw()
	}
	leaf := hostile.Certificate{Subject: "leaf", Issuer: "Big", Signature: signature}.Raw()
	var alike, twins, long [][]byte
	var cases, same []hostile.Entry
	for i := range 3000 {
		c := hostile.Certificate{Subject: "a", Issuer: "a", Serial: []byte{1, byte(i / serials), byte(i % serials)}, SPKI: hostile.RSA(64, 0), Signature: make([]byte, 64)}.Raw()
		if alike = append(alike, c); i < 1000 {
			twins = append(twins, hostile.Certificate{Subject: "a", Issuer: "b", Serial: []byte{1, byte(i / serials), byte(i % serials)}, SPKI: hostile.RSA(2048, 4), Signature: make([]byte, 2048)}.Raw())
			long = append(long, hostile.Certificate{Subject: fmt.Sprint("n", i), Issuer: fmt.Sprint("n", (i+1)%1000), SPKI: hostile.RSA(2048, 4), Signature: make([]byte, 2048)}.Raw())
		}
		mixed := []byte("abcdefghijkl")
		for bit := range mixed {
			if i>>bit&1 == 1 {
				mixed[bit] -= 'a' - 'A'
			}
		}
		cases = append(cases, hostile.Entry{Alias: string(mixed), Chain: [][]byte{c}})
		same = append(same, hostile.Entry{Alias: fmt.Sprint("s", i), Key: i%2 == 0, Chain: [][]byte{c}})
	}
	files := map[string][]byte{
		"rounds.p12":   hostile.Keys(t, store.PKCS12, 100, 1_000_000),
		"rounds.jceks": hostile.Keys(t, store.JCEKS, 100, 1_000_000),
		"rounds.pem":   hostile.PEM(t, 100, 1_000_000),
		"big.p12":      hostile.Store(t, store.PKCS12, []hostile.Entry{{Alias: "t", Chain: [][]byte{self(1)}}, {Alias: "a", Key: true, Chain: [][]byte{self(2), self(1)}}}),
		"big.jks":      hostile.Store(t, store.JKS, []hostile.Entry{{Alias: "a", Key: true, Chain: [][]byte{leaf, self(1), self(2)}}}),
		"big.pem":      hostile.Certificates(leaf, self(1), self(2)),
		"cases.jks":    hostile.Store(t, store.JKS, cases),
		"same.jks":     hostile.Store(t, store.JKS, same),
		"same.pem":     hostile.Certificates(alike...),
		"twins.jks":    hostile.Store(t, store.JKS, []hostile.Entry{{Alias: "a", Key: true, Chain: twins}}),
		"cycle.pem":    hostile.Certificates(long...),
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lines := map[string][]string{
		".jks .p12 .jceks": {"check FILE", "-list -v -keystore FILE -storepass changeit"},
		".jks":             {"chain -keystore FILE -storepass changeit"},
		".p12 .jceks": {
			"smoke -keystore FILE -storepass changeit", "storepasswd -keystore FILE -storepass changeit -new changeit2",
			"importkeystore -srckeystore FILE -srcstorepass changeit -destkeystore new.jks -deststoretype jks -deststorepass changeit -noprompt",
		},
		".pem": {"printcert -file FILE", "check FILE", "import -bundle FILE -keystore new.p12 -storepass changeit -noprompt"},
	}
	for extensions, list := range lines {
		for name := range files {
			if !strings.Contains(extensions, filepath.Ext(name)) {
				continue
			}
			for _, line := range list {
				line = strings.ReplaceAll(line, "FILE", name)
				cmd := exec.CommandContext(t.Context(), program, strings.Fields(line)...)
				cmd.Dir = dir
				var out bytes.Buffer
				cmd.Stdout, cmd.Stderr = &out, &out
				err := cmd.Run() // most fail, as they should
				if cmd.ProcessState == nil {
					t.Fatal(err)
				}
				spent := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
				if spent > most || cmd.ProcessState.ExitCode() > 2 {
					t.Errorf("gokeytool %s took %v of a processor: %v\n%.300s", line, spent, err, out.String())
				}
				os.Remove(filepath.Join(dir, "new.p12"))
				os.Remove(filepath.Join(dir, "new.jks"))
			}
		}
	}
}
