//go:build unix && !linux

package commands

// fionread is FIONREAD of the BSD family, which golang.org/x/sys/unix does not
// name: _IOR('f', 127, int).
const fionread = 0x4004667f
