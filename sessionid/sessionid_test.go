package sessionid_test

import (
	"errors"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"gokeytool/internal/testtool"
	"gokeytool/sessionid"
)

// shape matches an identifier of n random bytes with a route.
func shape(n int, route string) *regexp.Regexp {
	suffix := ""
	if route != "" {
		suffix = `\.` + regexp.QuoteMeta(route)
	}
	// Go's regexp repeats at most 1000 times.
	return regexp.MustCompile(`^(?:[0-9A-F]{2}){` + strconv.Itoa(min(n, 500)) + `}(?:[0-9A-F]{2}){` + strconv.Itoa(n-min(n, 500)) + `}` + suffix + `$`)
}

var formats = []struct {
	name          string
	length        int
	jvmRoute      string
	route         string
	wantRoute     string
	tooShortThere bool // Tomcat keeps its default of 16 instead
}{
	{name: "default", length: 16},
	{name: "jvmRoute", length: 16, jvmRoute: "node1", wantRoute: "node1"},
	{name: "route given", length: 16, route: "other", wantRoute: "other"},
	{name: "route before jvmRoute", length: 16, jvmRoute: "node1", route: "other", wantRoute: "other"},
	{name: "dots in route", length: 16, jvmRoute: "a.b", wantRoute: "a.b"},
	{name: "one byte", length: 1, tooShortThere: true},
	{name: "two bytes", length: 2},
	{name: "odd", length: 33},
	{name: "longer than the stack buffer", length: 100, jvmRoute: strings.Repeat("r", 60), wantRoute: strings.Repeat("r", 60)},
	{name: "more than a block", length: 600},
	{name: "greatest", length: 1000, jvmRoute: "x", wantRoute: "x"},
}

func TestFormat(t *testing.T) {
	for _, f := range formats {
		t.Run(f.name, func(t *testing.T) {
			g, err := sessionid.New(f.length, f.jvmRoute)
			if err != nil {
				t.Fatal(err)
			}
			want := shape(f.length, f.wantRoute)
			for range 100 {
				id, err := g.GenerateRoute(f.route)
				if err != nil {
					t.Fatal(err)
				}
				if !want.MatchString(id) {
					t.Fatalf("%q does not match %s", id, want)
				}
			}
		})
	}
	t.Run("1024 bytes", func(t *testing.T) {
		id, err := (&sessionid.Standard{Length: sessionid.MaxLength}).Generate()
		if err != nil || len(id) != 2048 {
			t.Errorf("%d digits, %v", len(id), err)
		}
	})
	t.Run("zero value", func(t *testing.T) {
		id, err := new(sessionid.Standard).Generate()
		if err != nil || !shape(16, "").MatchString(id) {
			t.Errorf("%q, %v", id, err)
		}
	})
}

// TestTomcat has Tomcat's own class make identifiers and compares them with
// the same table.
func TestTomcat(t *testing.T) {
	java := testtool.Look(t, "java")
	const home = "/usr/share/tomcat10"
	if _, err := os.Stat(home + "/lib/catalina.jar"); err != nil {
		testtool.Missing(t, "tomcat10")
	}
	args := []string{"-cp", home + "/lib/*:" + home + "/bin/*", "testdata/SessionIds.java"}
	for _, f := range formats {
		args = append(args, strconv.Itoa(f.length)+","+f.jvmRoute+","+f.route)
	}
	out := testtool.Stdout(t, testtool.Command(t, "", java, args...))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != len(formats) {
		t.Fatalf("%d lines for %d formats", len(lines), len(formats))
	}
	for i, f := range formats {
		length := f.length
		if f.tooShortThere {
			length = sessionid.DefaultLength
		}
		if want := shape(length, f.wantRoute); !want.MatchString(lines[i]) {
			t.Errorf("%s: Tomcat makes %q, we expect %s", f.name, lines[i], want)
		}
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name   string
		length int
		route  string
		want   error
		text   string
	}{
		{"zero", 0, "", sessionid.ErrLength, "session id length out of range: 0 bytes (1 to 1024 are possible)"},
		{"negative", -16, "", sessionid.ErrLength, "session id length out of range: -16 bytes (1 to 1024 are possible)"},
		{"huge", math.MaxInt, "", sessionid.ErrLength, ""},
		{"one too many", 1025, "", sessionid.ErrLength, ""},
		{"semicolon", 16, "a;b", sessionid.ErrRoute, `route does not belong in a cookie: ';' in "a;b" (printable ASCII without spaces, quotes, commas, semicolons and backslashes is possible)`},
		{"space", 16, "a b", sessionid.ErrRoute, ""},
		{"quote", 16, `a"b`, sessionid.ErrRoute, ""},
		{"comma", 16, "a,b", sessionid.ErrRoute, ""},
		{"backslash", 16, `a\b`, sessionid.ErrRoute, ""},
		{"line end", 16, "a\r\nSet-Cookie: x=y", sessionid.ErrRoute, ""},
		{"NUL", 16, "a\x00", sessionid.ErrRoute, ""},
		{"DEL", 16, "a\x7f", sessionid.ErrRoute, ""},
		{"letters beyond ASCII", 16, "kn\u00f6tchen", sessionid.ErrRoute, ""},
		{"not UTF-8", 16, "a\xff", sessionid.ErrRoute, ""},
		{"long route", 16, strings.Repeat("r", 256), sessionid.ErrRoute, "route does not belong in a cookie: it has 256 bytes (at most 255 are possible)"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, err := sessionid.New(test.length, test.route)
			if !errors.Is(err, test.want) || g != nil {
				t.Fatalf("New: %v, %v", g, err)
			}
			if test.text != "" && err.Error() != test.text {
				t.Errorf("New says\n%s, want\n%s", err, test.text)
			}
			if test.length == 0 {
				return // the zero value stands for the default
			}
			id, err := (&sessionid.Standard{Length: test.length, Route: test.route}).Generate()
			if !errors.Is(err, test.want) || id != "" {
				t.Errorf("Generate: %q, %v", id, err)
			}
			if test.route != "" {
				id, err := new(sessionid.Standard).GenerateRoute(test.route)
				if !errors.Is(err, test.want) || id != "" {
					t.Errorf("GenerateRoute: %q, %v", id, err)
				}
			}
		})
	}
}

func TestUniqueUnderLoad(t *testing.T) {
	var g sessionid.Generator = new(sessionid.Standard)
	const workers, each = 8, 5000
	ids := make([][]string, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				id, err := g.Generate()
				if err != nil {
					t.Error(err)
					return
				}
				ids[w] = append(ids[w], id)
			}
		})
	}
	wg.Wait()
	seen := make(map[string]bool, workers*each)
	for _, list := range ids {
		for _, id := range list {
			if seen[id] {
				t.Fatalf("%s twice", id)
			}
			seen[id] = true
		}
	}
}

// TestDigitsAreEven holds the count of each digit at each of the 32 places
// against a uniform distribution. With 20,000 identifiers a count has a mean
// of 1250 and a standard deviation of 34; eight of them, over 512 counts, are
// passed by chance once in 10^12 runs.
func TestDigitsAreEven(t *testing.T) {
	const n = 20000
	var counts [32][16]int
	g := new(sessionid.Standard)
	for range n {
		id, err := g.Generate()
		if err != nil {
			t.Fatal(err)
		}
		for i := range len(id) {
			counts[i][strings.IndexByte("0123456789ABCDEF", id[i])]++
		}
	}
	deviation := math.Sqrt(n * 15.0 / 256)
	for place := range counts {
		for digit, count := range counts[place] {
			if math.Abs(float64(count)-n/16) > 8*deviation {
				t.Errorf("digit %X stands at place %d in %d of %d identifiers", digit, place, count, n)
			}
		}
	}
}

func FuzzRoute(f *testing.F) {
	for _, route := range []string{"", "node1", "a.b", "a;b", "\xff", "kn\u00f6tchen"} {
		f.Add(route)
	}
	cookie := regexp.MustCompile(`^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]{0,255}$`) // RFC 6265, cookie-octet
	f.Fuzz(func(t *testing.T, route string) {
		id, err := new(sessionid.Standard).GenerateRoute(route)
		if good := cookie.MatchString(route); good != (err == nil) {
			t.Fatalf("%q: %v", route, err)
		}
		if err == nil && !shape(16, route).MatchString(id) {
			t.Fatalf("%q: %q", route, id)
		}
	})
}

func BenchmarkGenerate(b *testing.B) {
	for _, length := range []int{16, 1024} {
		b.Run(strconv.Itoa(length), func(b *testing.B) {
			g := &sessionid.Standard{Length: length}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := g.Generate(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("parallel", func(b *testing.B) {
		g := &sessionid.Standard{Route: "node1"}
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := g.Generate(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	})
}
