package sunconfig

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"

	"gokeytool/jdk"
)

//go:embed names.txt
var namesText string

// name is a word of configurations: kind is m, k, a or c, as in names.txt.
type name struct {
	kind byte
	text string
}

type number struct {
	number uint64
	since  jdk.Release
}

// names are the words that stand for numbers.
var names = sync.OnceValue(func() map[name]number {
	all := map[name]number{}
	for line := range strings.Lines(namesText) {
		if line[0] == '#' {
			continue
		}
		fields := strings.Fields(line)
		n, err := strconv.ParseUint(fields[2], 0, 32)
		if err != nil {
			panic(err)
		}
		var since int
		if len(fields) > 3 {
			if since, err = strconv.Atoi(fields[3]); err != nil {
				panic(err)
			}
		}
		all[name{fields[0][0], fields[1]}] = number{n, jdk.Release(since)}
	}
	return all
})
