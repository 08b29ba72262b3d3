package commands

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"gokeytool/check"
)

// checkSchema is the version of check's JSON. It grows when a field changes its
// meaning or goes; new fields may come at any time.
const checkSchema = 1

// jsonReport prints one JSON object, keystore by keystore as they come.
type jsonReport struct {
	out *bufio.Writer
	now time.Time
	n   int
}

func (r *jsonReport) verdict(v check.Verdict) error {
	r.begin()
	if r.n++; r.n > 1 {
		r.out.WriteByte(',')
	}
	r.out.WriteString("\n    ")
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // remedies have && in them
	encoder.SetIndent("    ", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	_, err := r.out.Write(bytes.TrimSuffix(text.Bytes(), []byte("\n")))
	return err
}

// begin writes what comes before the first keystore.
func (r *jsonReport) begin() {
	if r.n == 0 {
		fmt.Fprintf(r.out, "{\n  \"version\": %d,\n  \"time\": %q,\n  \"keystores\": [", checkSchema, r.now.UTC().Format(time.RFC3339))
	}
}

func (r *jsonReport) end(c checkCount) error {
	r.begin()
	fmt.Fprintf(r.out, "\n  ],\n  \"summary\": {\"keystores\": %d, \"healthy\": %d, \"faulty\": %d, \"unchecked\": %d}\n}\n",
		c.all, c.healthy, c.faulty, c.unchecked)
	return r.out.Flush()
}
