package keytool

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"gokeytool/jdk"
)

// JavaDate formats t as Java's Date.toString does: "Sat Nov 21 20:32:05 UTC
// 2026", with the default release's name of the zone. nil is UTC. The zone is
// known to Java by the name of loc, as time.LoadLocation gives it.
func JavaDate(t time.Time, loc *time.Location) string {
	return string(appendJavaDate(nil, t, loc, jdk.Default))
}

// Date formats t as the Printer's release and time zone have it: see JavaDate.
func (p *Printer) Date(t time.Time) string {
	return string(appendJavaDate(nil, t, p.Location, p.release()))
}

// MediumDate formats t as keytool -list does: "Nov 21, 2026". nil is UTC.
func MediumDate(t time.Time, loc *time.Location) string {
	return string(AppendMediumDate(nil, t, loc))
}

// AppendMediumDate appends what MediumDate returns.
func AppendMediumDate(dst []byte, t time.Time, loc *time.Location) []byte {
	y, m, d := javaCivil(javaIn(t, loc))
	dst = append(append(dst, m.String()[:3]...), ' ')
	dst = append(strconv.AppendInt(dst, int64(d), 10), ", "...)
	return strconv.AppendInt(dst, int64(y), 10)
}

func appendJavaDate(dst []byte, t time.Time, loc *time.Location, rel jdk.Release) []byte {
	t = javaIn(t, loc)
	year, month, day := javaCivil(t)
	hour, minute, second := t.Clock()
	dst = append(dst, t.Weekday().String()[:3]...)
	dst = append(append(dst, ' '), month.String()[:3]...)
	dst = appendTwo(append(dst, ' '), day)
	dst = appendTwo(append(dst, ' '), hour)
	dst = appendTwo(append(dst, ':'), minute)
	dst = appendTwo(append(dst, ':'), second)
	dst = append(append(dst, ' '), zoneName(t, rel)...)
	return strconv.AppendInt(append(dst, ' '), int64(year), 10)
}

func appendTwo(dst []byte, n int) []byte { return append(dst, byte('0'+n/10), byte('0'+n%10)) }

// javaIn moves t to loc with the offsets that Java has: before 1900 it knows
// nothing but each zone's standard time of today.
func javaIn(t time.Time, loc *time.Location) time.Time {
	if loc == nil || loc == time.UTC {
		return t.UTC()
	}
	t = t.In(loc)
	if t.Unix() >= unix1900 {
		return t
	}
	now := time.Date(2025, time.January, 15, 0, 0, 0, 0, loc)
	if isDaylight(now) {
		_, now = now.ZoneBounds()
	}
	_, offset := now.Zone()
	return t.In(time.FixedZone(loc.String(), offset))
}

const (
	unix1900 = -2208988800 // 1900-01-01
	// Java's calendar is the Julian one before 15 October 1582, local time.
	unixGregorian = -12219292800
)

// javaCivil returns the date in Java's calendar; years before the first are
// counted from 1 backwards.
func javaCivil(t time.Time) (year int, month time.Month, day int) {
	_, offset := t.Zone()
	seconds := t.Unix() + int64(offset)
	if seconds >= unixGregorian {
		return t.Date()
	}
	// days since 1 March of year 0, Julian: 719470 days before 1970.
	days := floorDiv(seconds, 86400) + 719470
	cycle := floorDiv(days, 1461) // four years
	d := int(days - 1461*cycle)
	y := min(d/365, 3)
	d -= 365 * y
	m := (5*d + 2) / 153 // months from March
	day = d - (153*m+2)/5 + 1
	year = int(4*cycle) + y
	month = time.Month(m + 3)
	if month > time.December {
		month -= 12
		year++
	}
	if year <= 0 {
		year = 1 - year
	}
	return year, month, day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// zoneName returns Java's short name of t's zone. It depends on the zone and on
// whether daylight-saving time is on, not on what the zone was called at the
// time.
func zoneName(t time.Time, rel jdk.Release) string {
	id := t.Location().String()
	if id == "UTC" {
		return "UTC"
	}
	names := namesOfZone(id)
	if names == nil {
		return offsetName(t)
	}
	i := 0
	if rel >= jdk.Release25 {
		i = 2
	}
	if isDaylight(t) {
		i++
	}
	return names[i]
}

// A foundZone is a line of zoneNames: standard and daylight-saving name in JDK
// 17, and in JDK 25.
type foundZone struct {
	id    string
	names *[4]string // nil if Java doesn't know the zone
}

// lastZone remembers the zone of the last date: mostly the next one's too.
var lastZone atomic.Pointer[foundZone]

func namesOfZone(id string) *[4]string {
	if last := lastZone.Load(); last != nil && last.id == id {
		return last.names
	}
	zone := &foundZone{id: id}
	if i := strings.Index(zoneNames, "|"+id+"|"); i >= 0 {
		line := zoneNames[strings.LastIndexByte(zoneNames[:i], '\n')+1 : i]
		zone.names = (*[4]string)(strings.Fields(line)[:4])
	}
	lastZone.Store(zone)
	return zone.names
}

// offsetName names a zone that Java has no names for.
func offsetName(t time.Time) string {
	name, offset := t.Zone()
	if name != "" && 'a' <= name[0]|0x20 && name[0]|0x20 <= 'z' {
		return name
	}
	sign := byte('+')
	if offset < 0 {
		sign, offset = '-', -offset
	}
	if offset == 0 {
		return "GMT"
	}
	b := appendTwo([]byte{'G', 'M', 'T', sign}, offset/3600%100)
	return string(appendTwo(append(b, ':'), offset/60%60))
}

// isDaylight says whether Java sees t in daylight-saving time. Where the time
// zone database has winter time as the exception ("negative" saving), Java
// still sees summer time as the exception.
func isDaylight(t time.Time) bool {
	dst := t.IsDST()
	switch t.Location().String() {
	case "Europe/Dublin", "Eire", "Africa/Casablanca", "Africa/El_Aaiun", "Africa/Windhoek":
	default:
		return dst
	}
	start, end := t.ZoneBounds()
	for _, other := range [...]time.Time{end, start.Add(-time.Second)} {
		if other.Year() < 1900 || other.IsDST() == dst {
			continue
		}
		_, here := t.Zone()
		_, there := other.Zone()
		if dst == (here < there) {
			return !dst
		}
		return dst
	}
	return dst
}
