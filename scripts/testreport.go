//go:build ignore

// Testreport runs go test, two at a time, and tells what a person wants to know
// of it: a line a package, the output of each test that failed as soon as its
// package is done, and in the end the slowest tests, the names of all that failed
// and, in the file named by -skipped, of all that were skipped. It exits with 1
// if anything failed. Each argument is those of one go test, with blanks between
// them, the packages first.
//
//	go run scripts/testreport.go [-skipped FILE] "./store -race" "./check -race"
package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
)

// shown is how many lines of a failed test's output are printed, the last
// ones: a script test's end is where it failed.
const shown = 60

// slowest is how many tests are named for the time they took.
const slowest = 12

// atOnce is how many go test run at once: on two cores that is enough.
const atOnce = 2

// An event is one line of go test -json; see go doc test2json.
type event struct {
	Action     string
	Package    string
	ImportPath string // of what could not be built
	Test       string
	Output     string
	Elapsed    float64 // seconds
}

// A name identifies a test, or with an empty test its package.
type name struct{ pkg, test string }

func (n name) String() string {
	return strings.TrimSpace(n.pkg + " " + n.test)
}

// timed is a test and the time it took.
type timed struct {
	name
	seconds float64
}

// A report is of all that was run.
type report struct {
	mu      sync.Mutex // held while something is printed, too
	failed  []name
	skipped []string
	took    []timed
}

func main() {
	log.SetFlags(0)
	skippedFile := flag.String("skipped", "", "write the names of skipped tests to this `file`")
	flag.Parse()

	var (
		r     report
		group sync.WaitGroup
		lines = make(chan string, flag.NArg())
	)
	for _, line := range flag.Args() {
		lines <- line
	}
	close(lines)
	for range atOnce {
		group.Go(func() {
			for line := range lines {
				r.run(line)
			}
		})
	}
	group.Wait()

	if *skippedFile != "" {
		text := strings.Join(append(r.skipped, ""), "\n")
		if err := os.WriteFile(*skippedFile, []byte(text), 0o600); err != nil {
			log.Fatal(err)
		}
	}
	slices.SortStableFunc(r.took, func(a, b timed) int { return cmp.Compare(b.seconds, a.seconds) })
	fmt.Println("the slowest tests, some of which ran side by side:")
	for _, test := range r.took[:min(slowest, len(r.took))] {
		fmt.Printf("      %-60s %6.1f s\n", test.name, test.seconds)
	}
	for _, test := range r.failed {
		fmt.Println("failed:", test)
	}
	if len(r.failed) > 0 {
		os.Exit(1)
	}
}

// run runs one go test, and reports it.
func (r *report) run(line string) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, strings.Fields(line)...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		log.Fatal(err)
	}
	failed := r.read(bufio.NewReader(out))
	err = cmd.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil && len(failed) == 0 {
		failed = []name{{"go test " + line, err.Error()}}
	}
	r.failed = append(r.failed, failed...)
}

// read reads what go test -json prints, and returns what failed.
func (r *report) read(lines *bufio.Reader) (failed []name) {
	var (
		output  = make(map[name][]string)
		failing = make(map[string][]name) // by package, not yet told
	)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return failed
		}
		var e event
		r.mu.Lock()
		if json.Unmarshal(line, &e) != nil {
			os.Stdout.Write(line) // from go itself
		} else {
			failed = append(failed, r.take(e, output, failing)...)
		}
		r.mu.Unlock()
	}
}

// take takes one event, and returns what failed with the package that it ends.
func (r *report) take(e event, output map[name][]string, failing map[string][]name) (failed []name) {
	key := name{e.Package, e.Test}
	if e.Elapsed > 0 && e.Test != "" && !strings.Contains(e.Test, "/") {
		r.took = append(r.took, timed{key, e.Elapsed})
	}
	switch e.Action {
	case "build-output":
		fmt.Print(e.Output)
	case "output":
		if text := strings.TrimSpace(e.Output); !strings.HasPrefix(text, "=== ") {
			output[key] = append(output[key], e.Output)
		}
	case "skip":
		if e.Test != "" {
			r.skipped = append(r.skipped, e.Test)
		}
		delete(output, key)
	case "pass":
		delete(output, key)
		if e.Test == "" {
			fmt.Printf("ok    %-40s %6.1f s\n", e.Package, e.Elapsed)
		}
	case "fail":
		if e.Test != "" {
			failing[e.Package] = append(failing[e.Package], key)
			return nil
		}
		fmt.Printf("FAIL  %-40s %6.1f s\n", e.Package, e.Elapsed)
		tests := append(leaves(failing[e.Package]), key)
		for _, test := range tests {
			tell(test, output[test])
		}
		if len(tests) > 1 {
			tests = tests[:len(tests)-1]
		}
		return tests
	}
	return nil
}

// leaves returns the tests without those that failed for a subtest alone.
func leaves(tests []name) []name {
	return slices.DeleteFunc(slices.Clone(tests), func(test name) bool {
		return slices.ContainsFunc(tests, func(other name) bool {
			return strings.HasPrefix(other.test, test.test+"/")
		})
	})
}

// tell prints the end of what a failed test said, or the beginning of a panic
// or a race.
func tell(test name, output []string) {
	if len(output) == 0 {
		return
	}
	fmt.Printf("--- %s\n", test)
	from := slices.IndexFunc(output, func(line string) bool {
		return strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "WARNING: DATA RACE")
	})
	if from < 0 {
		from = max(0, len(output)-shown)
	}
	if from > 0 {
		fmt.Printf("    (%d lines before)\n", from)
	}
	for _, line := range output[from:min(len(output), from+shown)] {
		fmt.Print(line)
	}
}
