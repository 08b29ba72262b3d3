package commands_test

import (
	"encoding/json"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"gokeytool/internal/testtool"
)

// dockerfile are the instructions of a Dockerfile, and what the image holds then:
// what is copied into its last stage, from where.
func dockerfile(t *testing.T, text string) (run string, entrypoint []string, image map[string]string) {
	t.Helper()
	image = make(map[string]string)
	for line := range strings.Lines(text) {
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch fields := strings.Fields(rest); {
		case word == "" || word == "FROM" || word == "COPY" && rest == ". /src":
		case word == "RUN" && run == "":
			run = rest
		case word == "COPY" && len(fields) == 3 && fields[0] == "--from=build":
			image[fields[2]] = fields[1]
		case word == "ENTRYPOINT":
			if err := json.Unmarshal([]byte(rest), &entrypoint); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
		default:
			t.Fatalf("what is %q?", line)
		}
	}
	return run, entrypoint, image
}

// composition is what is read of docs/acme.md's compose file.
type composition struct {
	Services map[string]struct {
		Command     []string
		Healthcheck struct{ Test []string }
		Volumes     []string
		Secrets     []string
	}
}

// The image and the composition of docs/acme.md: the program is built as it is there,
// and runs where there is nothing but what the image has. It gets a certificate, is
// healthy then, and ends when it is told to.
func TestACMEContainer(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	python := testtool.Python(t, "yaml")
	pebble := testtool.StartPebble(t, testtool.PebbleConfig{})
	blocks := documentBlocks(t, acmeDocument, "In a container")
	if len(blocks["dockerfile"]) != 1 || len(blocks["yaml"]) != 1 {
		t.Fatalf("the section has other blocks: %q", blocks)
	}
	run, entrypoint, image := dockerfile(t, blocks["dockerfile"][0])
	read := exec.CommandContext(t.Context(), python, "-c", "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)")
	read.Stdin = strings.NewReader(blocks["yaml"][0])
	var compose composition
	if err := json.Unmarshal([]byte(testtool.Stdout(t, read)), &compose); err != nil {
		t.Fatal(err)
	}
	service := compose.Services["acme"]
	if tomcat := compose.Services["tomcat"]; len(service.Volumes) != 1 || len(tomcat.Volumes) != 2 || tomcat.Volumes[0] != service.Volumes[0]+":ro" || len(service.Secrets) != 1 {
		t.Errorf("the volume or the secret is not the same for both: %+v", compose)
	}

	// What the build leaves, for the places from where it is copied.
	root, built := t.TempDir(), t.TempDir()
	build := exec.CommandContext(t.Context(), "sh", "-c", strings.NewReplacer("/src", projectDir(t), "/gokeytool", filepath.Join(built, "gokeytool")).Replace(run))
	testtool.Output(t, build)
	from := map[string]string{"/gokeytool": filepath.Join(built, "gokeytool"), "/etc/ssl/certs/ca-certificates.crt": pebble.CAFile}
	for place, source := range image {
		if from[source] == "" {
			t.Fatalf("%s is not in the first stage", source)
		}
		testtool.WriteFiles(t, root, map[string][]byte{place: testtool.ReadFile(t, from[source])})
	}
	testtool.WriteFiles(t, root, map[string]string{"run/secrets/" + service.Secrets[0]: "opensesame\n"})
	if err := os.Mkdir(filepath.Join(root, "tls"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(root, "gokeytool"), 0o755); err != nil {
		t.Fatal(err)
	}
	command := func(words []string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
		if os.Geteuid() != 0 {
			cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
			cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
		}
		return cmd
	}
	words := append(append(entrypoint, service.Command...), "-directory", pebble.Directory, "-address", net.JoinHostPort("127.0.0.1", strconv.Itoa(pebble.HTTPPort)))
	watch := command(words)
	var log screen
	watch.Stdout, watch.Stderr = &log, &log
	if err := watch.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- watch.Wait() }()
	defer func() {
		if t.Failed() {
			t.Logf("%s:\n%s", words, log.text())
		}
	}()
	if test := service.Healthcheck.Test; len(test) < 2 || test[0] != "CMD" {
		t.Fatalf("the health check: %q", test)
	}
	testtool.WaitFor(t, func() bool { return command(service.Healthcheck.Test[1:]).Run() == nil })
	if err := watch.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("on SIGTERM: %v", err)
	}
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && image["/"+path] == "" && !strings.HasPrefix(path, "tls/") && !strings.HasPrefix(path, "run/") {
			t.Errorf("it has made %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
