package synfp

import "strings"

// Traits are what p0f looks at in a SYN besides its fingerprint. Signatures of
// p0f tell more systems apart with them than without.
type Traits struct {
	Known     bool // false when there was no packet, only a fingerprint
	Quirks    Quirks
	IPOptions uint8 // octets of options in the header of IPv4
	Padding   uint8 // octets behind the option E
	Payload   bool  // there are data
}

// Quirks are what p0f (its README, section 5) finds odd in a SYN, each a bit.
type Quirks uint32

// Quirks of the IP header, of the TCP header, and of the TCP options.
const (
	quirkDF      Quirks = 1 << iota // do not fragment
	quirkID                         // an identification, though DF is set
	quirkNoID                       // none, though DF is not set
	quirkECN                        // congestion notification (RFC 3168)
	quirkZero                       // the bit of IPv4 that must be zero is set
	quirkFlow                       // a flow label
	quirkNoSeq                      // the sequence number is zero
	quirkAck                        // an acknowledgement number without the flag
	quirkNoAck                      // the flag without a number, which no SYN has
	quirkUrgent                     // an urgent pointer without the flag
	quirkUrg                        // the flag URG
	quirkPush                       // the flag PSH
	quirkNoStamp                    // the timestamp is zero
	quirkEcho                       // the timestamp of the other side is not
	quirkPadding                    // padding that is not zero
	quirkScale                      // a window scale above 14 (RFC 7323 2.3)
	quirkBad                        // malformed options
)

// quirkWords are p0f's words for them, in its order.
func quirkWords() [17]string {
	return [...]string{"df", "id+", "id-", "ecn", "0+", "flow", "seq-", "ack+", "ack-",
		"uptr+", "urgf+", "pushf+", "ts1-", "ts2+", "opt+", "exws", "bad"}
}

// String is the words of p0f for them, with commas between them.
func (q Quirks) String() string {
	var list []string
	for i, word := range quirkWords() {
		if q&(1<<i) != 0 {
			list = append(list, word)
		}
	}
	return strings.Join(list, ",")
}

// parseQuirks reads p0f's words.
func parseQuirks(s string) (q Quirks, ok bool) {
	if s == "" {
		return 0, true
	}
	words := quirkWords()
	for word := range strings.SplitSeq(s, ",") {
		bit := Quirks(0)
		for i := range words {
			if words[i] == word {
				bit = 1 << i
			}
		}
		if bit == 0 {
			return 0, false
		}
		q |= bit
	}
	return q, true
}

// IP's explicit congestion notification, two bits of the traffic class, and
// TCP's, the flags CWR and ECE (RFC 3168), and what was NS (RFC 3540).
const (
	ecnIP  = 0x03
	ecnTCP = 0xc0
	flagNS = 0x01
)

// quirksIP4 are those of a header of IPv4 (RFC 791 3.1).
func quirksIP4(p []byte) (q Quirks) {
	numbered := p[4]|p[5] != 0
	switch df := p[6]&0x40 != 0; {
	case df && numbered:
		q = quirkDF | quirkID
	case df:
		q = quirkDF
	case !numbered:
		q = quirkNoID
	}
	if p[6]&0x80 != 0 {
		q |= quirkZero
	}
	if p[1]&ecnIP != 0 {
		q |= quirkECN
	}
	return q
}

// quirksIP6 are those of a header of IPv6 (RFC 8200 3).
func quirksIP6(p []byte) (q Quirks) {
	if p[1]&0x0f|p[2]|p[3] != 0 {
		q = quirkFlow
	}
	if p[1]>>4&ecnIP != 0 {
		q |= quirkECN
	}
	return q
}

// quirksTCP are those of a TCP header without its options (RFC 9293 3.1).
func quirksTCP(p []byte) (q Quirks) {
	set := func(quirk Quirks, is bool) {
		if is {
			q |= quirk
		}
	}
	flags := p[13]
	set(quirkECN, flags&ecnTCP != 0 || p[12]&flagNS != 0)
	set(quirkNoSeq, p[4]|p[5]|p[6]|p[7] == 0)
	set(quirkAck, p[8]|p[9]|p[10]|p[11] != 0)
	set(quirkUrg, flags&flagURG != 0)
	set(quirkUrgent, flags&flagURG == 0 && p[18]|p[19] != 0)
	set(quirkPush, flags&flagPSH != 0)
	return q
}

// p0fOptionsMost is how many options p0f reads.
const p0fOptionsMost = 24

// quirksOptions are those of options, and how much padding there is. rest is
// what was not read of them.
func quirksOptions(list []Option, rest []byte) (q Quirks, padding uint8) {
	for _, o := range list {
		switch {
		case o.Other && o.lettered():
			q |= quirkBad
		case o.Kind == Scale && o.Value > 14:
			q |= quirkScale
		case o.Kind == Timestamp && o.Value == 0:
			q |= quirkNoStamp
		}
	}
	ended := len(list) > 0 && list[len(list)-1] == Option{Kind: End}
	if !ended && len(rest) > 0 || len(list) > p0fOptionsMost {
		q |= quirkBad
	}
	if !ended {
		return q, 0
	}
	for _, c := range rest {
		if c != 0 {
			q |= quirkPadding
		}
	}
	return q, uint8(len(rest))
}

// lettered says whether options of the kind have a letter, and so a length that
// is known.
func (o Option) lettered() bool {
	switch o.Kind {
	case End, Nop, MSS, Scale, SACK, Timestamp:
		return true
	}
	return false
}

// guessed are the traits that a fingerprint tells of, with the quirks that it
// is sure about in known.
func (f *Fingerprint) guessed() (t Traits, known Quirks) {
	known = quirkDF | quirkNoStamp | quirkScale
	if f.DF {
		t.Quirks = quirkDF
	}
	q, _ := quirksOptions(f.Options, nil)
	t.Quirks |= q
	if q&quirkBad != 0 {
		known |= quirkBad
	}
	return t, known
}
