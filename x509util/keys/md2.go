package keys

import "hash"

// NewMD2 returns a hash that computes MD2 (RFC 1319), which is broken since
// 2004 and serves only for old certificates and JARs.
func NewMD2() hash.Hash { return new(md2) }

// md2Size is the size of a digest, a block and the checksum in bytes.
const md2Size = 16

type md2 struct {
	state    [md2Size]byte
	checksum [md2Size]byte
	block    [md2Size]byte
	n        int // bytes in block
}

func (d *md2) Size() int      { return md2Size }
func (d *md2) BlockSize() int { return md2Size }
func (d *md2) Reset()         { *d = md2{} }

func (d *md2) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n := copy(d.block[d.n:], p)
		d.n += n
		p = p[n:]
		if d.n == md2Size {
			d.addBlock()
			d.n = 0
		}
	}
	return written, nil
}

// addBlock takes a whole block into the checksum and the state (3.2, 3.4).
func (d *md2) addBlock() {
	last := d.checksum[md2Size-1]
	for i, b := range d.block {
		d.checksum[i] ^= md2Table[b^last]
		last = d.checksum[i]
	}
	d.mix(d.block)
}

func (d *md2) mix(block [md2Size]byte) {
	var x [3 * md2Size]byte
	copy(x[:], d.state[:])
	for i, b := range block {
		x[md2Size+i] = b
		x[2*md2Size+i] = b ^ x[i]
	}
	t := byte(0)
	for round := range 18 {
		for i := range x {
			x[i] ^= md2Table[t]
			t = x[i]
		}
		t += byte(round)
	}
	copy(d.state[:], x[:])
}

// Sum pads with as many bytes as are missing, each of that value (3.1), and
// adds the checksum as the last block.
func (d *md2) Sum(in []byte) []byte {
	end := *d
	pad := md2Size - end.n
	for range pad {
		end.Write([]byte{byte(pad)})
	}
	end.mix(end.checksum)
	return append(in, end.state[:]...)
}

// md2Table is the permutation that the digits of pi give (3.2).
var md2Table = [256]byte{
	41, 46, 67, 201, 162, 216, 124, 1, 61, 54, 84, 161, 236, 240, 6, 19,
	98, 167, 5, 243, 192, 199, 115, 140, 152, 147, 43, 217, 188, 76, 130, 202,
	30, 155, 87, 60, 253, 212, 224, 22, 103, 66, 111, 24, 138, 23, 229, 18,
	190, 78, 196, 214, 218, 158, 222, 73, 160, 251, 245, 142, 187, 47, 238, 122,
	169, 104, 121, 145, 21, 178, 7, 63, 148, 194, 16, 137, 11, 34, 95, 33,
	128, 127, 93, 154, 90, 144, 50, 39, 53, 62, 204, 231, 191, 247, 151, 3,
	255, 25, 48, 179, 72, 165, 181, 209, 215, 94, 146, 42, 172, 86, 170, 198,
	79, 184, 56, 210, 150, 164, 125, 182, 118, 252, 107, 226, 156, 116, 4, 241,
	69, 157, 112, 89, 100, 113, 135, 32, 134, 91, 207, 101, 230, 45, 168, 2,
	27, 96, 37, 173, 174, 176, 185, 246, 28, 70, 97, 105, 52, 64, 126, 15,
	85, 71, 163, 35, 221, 81, 175, 58, 195, 92, 249, 206, 186, 197, 234, 38,
	44, 83, 13, 110, 133, 40, 132, 9, 211, 223, 205, 244, 65, 129, 77, 82,
	106, 220, 55, 200, 108, 193, 171, 250, 36, 225, 123, 8, 12, 189, 177, 74,
	120, 136, 149, 139, 227, 99, 232, 109, 233, 203, 213, 254, 59, 0, 29, 57,
	242, 239, 183, 14, 102, 88, 208, 228, 166, 119, 114, 248, 235, 117, 75, 10,
	49, 68, 80, 180, 143, 237, 31, 26, 219, 153, 141, 51, 159, 17, 131, 20,
}
