// Package javaser reads as much of Java's object serialization as the secret
// keys of a JCEKS keystore are written in, and writes the two classes that
// they are made of: the sealed object and the key within. It follows the Java Object Serialization Specification,
// chapter 6 (protocol version 2).
//
// Objects are read as data: no class means anything here, so a hostile stream
// can at most be long or deep, and both are bounded. Externalizable classes,
// dynamic proxies and streams that broke off with an exception are refused as
// unsupported; no keystore has them.
package javaser

import (
	"encoding/binary"
	"fmt"

	"gokeytool/store/entry"
	"gokeytool/store/internal/mutf8"
)

// Magic is how every stream begins: STREAM_MAGIC and STREAM_VERSION.
const Magic = "\xAC\xED\x00\x05"

// What a piece of content begins with.
const (
	tcNull           = 0x70
	tcReference      = 0x71
	tcClassDesc      = 0x72
	tcObject         = 0x73
	tcString         = 0x74
	tcArray          = 0x75
	tcClass          = 0x76
	tcBlockData      = 0x77
	tcEndBlockData   = 0x78
	tcReset          = 0x79
	tcBlockDataLong  = 0x7A
	tcException      = 0x7B
	tcLongString     = 0x7C
	tcProxyClassDesc = 0x7D
	tcEnum           = 0x7E
)

const (
	// baseHandle is the handle of the first thing in a stream that can be
	// referred to later.
	baseHandle = 0x7E0000
	// maxHandles bounds what a stream can make us remember. A sealed key
	// has about ten such things, a key of an unknown class hardly hundreds.
	maxHandles = 1 << 16
)

// The flags of a class.
const (
	scWriteMethod  = 0x01
	scSerializable = 0x02
)

// An Object is a serialised object. Its fields are those of all its classes;
// where a subclass has a field of the same name, that one counts.
type Object struct {
	Class  string   // binary name, "javax.crypto.SealedObject"
	Supers []string // names of the classes it extends, nearest first
	fields map[string]any
}

// Is says whether the object is of the class or extends it.
func (o *Object) Is(class string) bool {
	for _, s := range o.Supers {
		if s == class {
			return true
		}
	}
	return o.Class == class
}

// String returns a field that is a String, "" if there is no such field or it
// is null.
func (o *Object) String(field string) string {
	s, _ := o.fields[field].(string)
	return s
}

// Bytes returns a field that is a byte array, nil if there is none or it is
// null. It is a slice of the stream.
func (o *Object) Bytes(field string) []byte {
	b, _ := o.fields[field].([]byte)
	return b
}

// Enum returns the name of the constant in an enum field, "" if there is none.
func (o *Object) Enum(field string) string {
	c, _ := o.fields[field].(constant)
	return string(c)
}

type constant string

// class is a class descriptor.
type class struct {
	name   string
	flags  byte
	fields []field
	super  *class
}

type field struct {
	typ  byte // 'B', 'I', ... as in the JVM's signatures
	name string
}

// Read reads the object that stands first in a stream and returns how many
// bytes of data the stream takes to its end. Objects are nested up to
// maxDepth levels deep. The errors are *entry.FormatError, with the offset
// counted in data.
func Read(data []byte, maxDepth int) (object *Object, n int, err error) {
	r := &reader{data: data, maxDepth: maxDepth, handles: make([]any, 0, 16)}
	if string(r.bytes(len(Magic), "stream header")) != Magic {
		r.fail(entry.ErrDamaged, 0, "not a Java serialization stream")
	}
	value := r.content()
	if r.err != nil {
		return nil, 0, r.err
	}
	object, ok := value.(*Object)
	if !ok {
		return nil, 0, &entry.FormatError{Kind: entry.ErrDamaged, Format: "Java object", Offset: len(Magic), What: "no object in the stream"}
	}
	return object, r.off, nil
}

// reader reads a stream from front to back. After the first failure, err is
// set and everything read is empty.
type reader struct {
	data     []byte
	off      int
	depth    int
	maxDepth int
	handles  []any // what can be referred to
	err      error
}

func (r *reader) fail(kind error, off int, what string) {
	if r.err == nil {
		r.err = &entry.FormatError{Kind: kind, Format: "Java object", Offset: off, What: what}
	}
}

func (r *reader) bytes(n int, what string) []byte {
	if r.err == nil && (n < 0 || n > len(r.data)-r.off) {
		r.fail(entry.ErrDamaged, r.off, fmt.Sprintf("%s of %d bytes where %d are left", what, n, len(r.data)-r.off))
	}
	if r.err != nil {
		return nil
	}
	start := r.off
	r.off += n
	return r.data[start:r.off:r.off]
}

func (r *reader) byte(what string) byte {
	if b := r.bytes(1, what); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint16(what string) int {
	if b := r.bytes(2, what); b != nil {
		return int(binary.BigEndian.Uint16(b))
	}
	return 0
}

// int32 reads a signed number.
func (r *reader) int32(what string) int {
	if b := r.bytes(4, what); b != nil {
		return int(int32(binary.BigEndian.Uint32(b)))
	}
	return 0
}

// text reads the n bytes of a string.
func (r *reader) text(n int, what string) string {
	b := r.bytes(n, what)
	s, valid := mutf8.Decode(b)
	if valid < len(b) {
		r.fail(entry.ErrDamaged, r.off-len(b)+valid, what+" is not modified UTF-8")
	}
	return s
}

// next counts a handle for v.
func (r *reader) next(v any) {
	if len(r.handles) >= maxHandles {
		r.fail(entry.ErrLimit, r.off, fmt.Sprintf("more than %d objects", maxHandles))
		return
	}
	r.handles = append(r.handles, v)
}

// content reads an object, a string, an array or whatever else stands at one
// place in the stream.
//
// The result is nil for null and what is of no interest (blocks of data,
// classes, arrays but of bytes), a string, []byte, constant or *Object.
func (r *reader) content() any {
	if r.depth++; r.depth > r.maxDepth {
		r.fail(entry.ErrLimit, r.off, fmt.Sprintf("objects nested deeper than %d", r.maxDepth))
	}
	defer func() { r.depth-- }()

	start := r.off
	switch tc := r.byte("content"); {
	case r.err != nil:
		return nil
	case tc == tcNull:
		return nil
	case tc == tcReference:
		v := r.reference()
		if _, ok := v.(*class); ok {
			return nil
		}
		return v
	case tc == tcObject:
		return r.object()
	case tc == tcString:
		s := r.text(r.uint16("string length"), "string")
		r.next(s)
		return s
	case tc == tcLongString:
		n := r.bytes(8, "string length")
		if n != nil && binary.BigEndian.Uint64(n) > uint64(len(r.data)-r.off) {
			r.fail(entry.ErrDamaged, start, "string longer than the bytes left")
		}
		if r.err != nil {
			return nil
		}
		s := r.text(int(binary.BigEndian.Uint64(n)), "string")
		r.next(s)
		return s
	case tc == tcArray:
		return r.array()
	case tc == tcEnum:
		r.classDesc()
		at := len(r.handles)
		r.next(nil)
		name, _ := r.content().(string)
		if r.err != nil {
			return nil
		}
		r.handles[at] = constant(name)
		return constant(name)
	case tc == tcClass:
		r.classDesc()
		r.next(nil)
		return nil
	case tc == tcClassDesc || tc == tcProxyClassDesc:
		r.off = start
		r.classDesc()
		return nil
	case tc == tcReset && r.depth == 1:
		r.handles = nil
		return r.content()
	case tc == tcBlockData:
		r.bytes(int(r.byte("block length")), "block")
		return nil
	case tc == tcBlockDataLong:
		r.bytes(r.int32("block length"), "block")
		return nil
	case tc == tcException:
		r.fail(entry.ErrUnsupported, start, "stream with an exception")
		return nil
	default:
		r.fail(entry.ErrDamaged, start, fmt.Sprintf("unknown content %#02x", tc))
		return nil
	}
}

func (r *reader) reference() any {
	start := r.off
	h := r.int32("reference") - baseHandle
	if r.err == nil && (h < 0 || h >= len(r.handles)) {
		r.fail(entry.ErrDamaged, start, "reference to nothing")
	}
	if r.err != nil {
		return nil
	}
	return r.handles[h]
}

// classDesc reads a class descriptor; nil where the stream has null.
func (r *reader) classDesc() *class {
	if r.depth++; r.depth > r.maxDepth {
		r.fail(entry.ErrLimit, r.off, fmt.Sprintf("classes nested deeper than %d", r.maxDepth))
	}
	defer func() { r.depth-- }()

	start := r.off
	switch tc := r.byte("class descriptor"); {
	case r.err != nil:
		return nil
	case tc == tcNull:
		return nil
	case tc == tcReference:
		c, ok := r.reference().(*class)
		if !ok {
			r.fail(entry.ErrDamaged, start, "reference to something else than a class")
		}
		return c
	case tc == tcProxyClassDesc:
		r.fail(entry.ErrUnsupported, start, "dynamic proxy class")
		return nil
	case tc != tcClassDesc:
		r.fail(entry.ErrDamaged, start, fmt.Sprintf("%#02x instead of a class descriptor", tc))
		return nil
	}
	c := &class{name: r.text(r.uint16("class name length"), "class name")}
	r.bytes(8, "serialVersionUID")
	r.next(c)
	c.flags = r.byte("class flags")
	for range r.uint16("number of fields") {
		f := field{typ: r.byte("field type"), name: r.text(r.uint16("field name length"), "field name")}
		switch f.typ {
		case 'B', 'C', 'D', 'F', 'I', 'J', 'S', 'Z':
		case '[', 'L':
			if _, ok := r.content().(string); !ok {
				r.fail(entry.ErrDamaged, r.off, "field without the name of its type")
			}
		default:
			r.fail(entry.ErrDamaged, r.off, fmt.Sprintf("field of unknown type %q", f.typ))
		}
		if r.err != nil {
			return nil
		}
		c.fields = append(c.fields, f)
	}
	r.annotation()
	c.super = r.classDesc()
	return c
}

// annotation reads what a class's own writeObject or annotateClass wrote.
func (r *reader) annotation() {
	for r.err == nil {
		if r.off < len(r.data) && r.data[r.off] == tcEndBlockData {
			r.off++
			return
		}
		r.content()
	}
}

func (r *reader) object() *Object {
	start := r.off
	c := r.classDesc()
	if r.err == nil && c == nil {
		r.fail(entry.ErrDamaged, start, "object without a class")
	}
	if r.err != nil {
		return nil
	}
	o := &Object{Class: c.name, fields: map[string]any{}}
	r.next(o)
	// The data of the topmost class comes first. A class can have become its
	// own ancestor by a reference to it.
	lineage := []*class{c}
	for s := c.super; s != nil; s = s.super {
		if len(lineage) > r.maxDepth {
			r.fail(entry.ErrLimit, start, fmt.Sprintf("more than %d superclasses", r.maxDepth))
			return nil
		}
		lineage = append(lineage, s)
		o.Supers = append(o.Supers, s.name)
	}
	for i := len(lineage) - 1; i >= 0 && r.err == nil; i-- {
		r.classData(o, lineage[i], start)
	}
	return o
}

func (r *reader) classData(o *Object, c *class, start int) {
	if c.flags&scSerializable == 0 {
		r.fail(entry.ErrUnsupported, start, fmt.Sprintf("class %q writes its data in its own way", c.name))
		return
	}
	for _, f := range c.fields {
		if r.err != nil {
			return
		}
		if v := r.value(f.typ); v != nil {
			o.fields[f.name] = v
		}
	}
	if c.flags&scWriteMethod != 0 {
		r.annotation()
	}
}

// width is how many bytes a primitive type takes.
func width(typ byte) int {
	switch typ {
	case 'B', 'Z':
		return 1
	case 'C', 'S':
		return 2
	case 'F', 'I':
		return 4
	case 'D', 'J':
		return 8
	}
	return 0
}

// value reads a field or an element. Numbers are of no interest here.
func (r *reader) value(typ byte) any {
	if n := width(typ); n > 0 {
		r.bytes(n, "number")
		return nil
	}
	return r.content()
}

// array reads an array and returns its elements if they are bytes.
func (r *reader) array() any {
	start := r.off
	c := r.classDesc()
	if r.err == nil && (c == nil || len(c.name) < 2 || c.name[0] != '[') {
		r.fail(entry.ErrDamaged, start, "array without a class")
	}
	if r.err != nil {
		return nil
	}
	at := len(r.handles)
	r.next(nil)
	start, typ := r.off, c.name[1]
	n := r.int32("array length")
	if left := len(r.data) - r.off; r.err == nil && (n < 0 || uint64(n)*uint64(max(1, width(typ))) > uint64(left)) {
		r.fail(entry.ErrDamaged, start, fmt.Sprintf("array of %d elements where %d bytes are left", n, left))
	}
	if r.err != nil {
		return nil
	}
	if typ == 'B' {
		b := r.bytes(n, "array")
		r.handles[at] = b
		return b
	}
	for i := 0; i < n && r.err == nil; i++ {
		r.value(typ)
	}
	return nil
}
