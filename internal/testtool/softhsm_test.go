package testtool

import (
	"strings"
	"testing"
)

func TestSoftHSM(t *testing.T) {
	h := NewSoftHSM(t)
	h.Tool(t, "--keypairgen", "--key-type", "EC:prime256v1", "--label", "here")
	if objects := h.Tool(t, "--list-objects"); !strings.Contains(objects, "here") {
		t.Errorf("objects: %s", objects)
	}
}
