package main

import "golang.org/x/net/bpf"

// snapLength is what is copied of a packet: all headers.
const snapLength = 256

// A step is one instruction of a filter: a load, or a comparison that goes to
// yes or no, where 0 means to the next.
type step struct {
	load    bpf.Instruction
	val     uint32
	yes, no int
}

// Places that are known only when a filter is put together.
const (
	keep = 1000 + iota
	drop
	version6
)

// onlySYNs is the filter behind some first steps: TCP packets that open a
// connection, to a port unless that is 0. ip is where the IP header begins.
// Those of IPv6 with extension headers come too, to be looked at here.
func onlySYNs(first []step, ip uint32, port uint16) []bpf.Instruction {
	version := []step{
		{load: bpf.LoadAbsolute{Off: ip, Size: 1}},
		{load: bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 4}},
		{val: 6, yes: version6},
		{val: 4, no: drop},
	}
	four := append([]step{
		{load: bpf.LoadAbsolute{Off: ip + 9, Size: 1}},
		{val: 6, no: drop},
		{load: bpf.LoadAbsolute{Off: ip + 6, Size: 2}},
		{load: bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x1fff}},
		{val: 0, no: drop}, // not the first fragment
		{load: bpf.LoadAbsolute{Off: ip, Size: 1}},
		{load: bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 15}},
		{load: bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: 4}},
		{load: bpf.TAX{}},
	}, opens(ip, port)...)
	six := append([]step{
		{load: bpf.LoadAbsolute{Off: ip + 6, Size: 1}},
		{val: 0, yes: keep}, {val: 43, yes: keep}, {val: 44, yes: keep}, {val: 60, yes: keep},
		{val: 6, no: drop},
		{load: bpf.LoadConstant{Dst: bpf.RegX, Val: 40}},
	}, opens(ip, port)...)
	head := append(append([]step{}, first...), version...)
	return assemble(append(append(head, four...), six...), len(head)+len(four))
}

// opens looks at a TCP header behind an IP header of as many octets as register
// X says.
func opens(ip uint32, port uint16) []step {
	return []step{
		{load: bpf.LoadIndirect{Off: ip + 13, Size: 1}},
		{load: bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x17}}, // ACK, RST, SYN, FIN
		{val: 0x02, no: drop},
		{load: bpf.LoadConstant{Val: uint32(port)}},
		{val: 0, yes: keep},
		{load: bpf.LoadIndirect{Off: ip + 2, Size: 2}},
		{val: uint32(port), yes: keep, no: drop},
	}
}

// assemble fills in how far the jumps are; the two verdicts stand at the end.
func assemble(steps []step, six int) []bpf.Instruction {
	far := func(from, to int) uint8 {
		switch to {
		case 0:
			return 0
		case keep:
			to = len(steps)
		case drop:
			to = len(steps) + 1
		case version6:
			to = six
		}
		return uint8(to - from - 1)
	}
	list := make([]bpf.Instruction, 0, len(steps)+2)
	for i, s := range steps {
		if s.load == nil {
			s.load = bpf.JumpIf{Cond: bpf.JumpEqual, Val: s.val, SkipTrue: far(i, s.yes), SkipFalse: far(i, s.no)}
		}
		list = append(list, s.load)
	}
	return append(list, bpf.RetConstant{Val: snapLength}, bpf.RetConstant{Val: 0})
}
