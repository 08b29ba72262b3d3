//go:build unix && ignore

// Measure runs a command some times and prints the medians of the processor
// time that it takes in all its threads and of the time until it ends, both in
// milliseconds, and the most memory it had resident, in megabytes of 10^6 bytes
// (ru_maxrss, which is never less than what this program has itself, about 4).
//
//	measure [-n RUNS] [-prepare "COMMAND"] [-once] COMMAND [ARGUMENT]...
//
// Commands are words without quotes. The one of -prepare runs before each run
// and is not measured. There is a run more, which does not count, but with -once.
package main

import (
	"flag"
	"fmt"
	"log"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	log.SetFlags(0)
	runs := flag.Int("n", 20, "runs")
	prepare := flag.String("prepare", "", "command before each run")
	once := flag.Bool("once", false, "one run, and none before it")
	flag.Parse()
	first := -1
	if *once {
		*runs, first = 1, 0
	}
	var cpu, wall []float64
	peak := 0.0
	for i := first; i < *runs; i++ {
		if words := strings.Fields(*prepare); len(words) > 0 {
			if err := exec.Command(words[0], words[1:]...).Run(); err != nil {
				log.Fatalf("%s: %v", *prepare, err)
			}
		}
		cmd := exec.Command(flag.Arg(0), flag.Args()[1:]...)
		start := time.Now()
		if err := cmd.Run(); err != nil {
			log.Fatalf("%s: %v", cmd, err)
		}
		took := time.Since(start)
		if i < 0 {
			continue
		}
		wall = append(wall, milliseconds(took))
		cpu = append(cpu, milliseconds(cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()))
		peak = max(peak, megabytes(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss))
	}
	fmt.Printf("%.2f %.2f %.1f\n", median(cpu), median(wall), peak)
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }

// megabytes converts ru_maxrss: bytes on macOS, kilobytes elsewhere.
func megabytes(maxrss int64) float64 {
	if runtime.GOOS == "darwin" {
		return float64(maxrss) / 1e6
	}
	return float64(maxrss) * 1024 / 1e6
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
