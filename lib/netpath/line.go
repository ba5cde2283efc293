package netpath

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// headWords is how many words of a line are not hops.
const headWords = 6

// String is the path as one line, which Parse reads:
//
//	192.0.2.7 udp/33434 1763700000.250000 61000 17 reached 1/1:10.0.0.1/310/11.0 2/0:* 1/1:192.0.2.7/2500/3.3
//
// the host, kind and port of the probes, the Unix time, how long it took in
// microseconds, the number of probes, how the path ends, and each hop: how many
// probes were sent to it and answered, and of each address the round trip in
// microseconds and the type and code of ICMP, or "t" and the flags of TCP.
func (p *Path) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v %v/%d %d.%06d %d %d %v", p.Dest, p.Method, p.Port,
		p.Time.Unix(), p.Time.Nanosecond()/1000, p.Took.Microseconds(), p.Probes, p.End)
	for _, h := range p.Hops {
		h.write(&b)
	}
	return b.String()
}

func (h Hop) write(b *strings.Builder) {
	fmt.Fprintf(b, " %d/%d:", h.Sent, h.Answered)
	if h.Silent() {
		b.WriteByte('*')
	}
	for i, a := range h.Answers {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%v/%d/", a.Addr, a.RTT.Microseconds())
		if a.Message.Protocol == FromTCP {
			fmt.Fprintf(b, "t%d", a.Message.Type)
			continue
		}
		fmt.Fprintf(b, "%d.%d", a.Message.Type, a.Message.Code)
	}
}

// Parse reads a line that String wrote.
func Parse(line string) (Path, error) {
	words := strings.Split(line, " ")
	if len(words) < headWords || len(words) > headWords+MaxHops {
		return Path{}, fmt.Errorf("a path of %d words", len(words))
	}
	p, err := parseHead(words)
	if err != nil {
		return Path{}, err
	}
	for _, word := range words[headWords:] {
		h, err := parseHop(word)
		if err != nil {
			return Path{}, err
		}
		p.Hops = append(p.Hops, h)
	}
	if p.End == Reached && len(p.Hops) == 0 {
		return Path{}, fmt.Errorf("a path that is reached without a hop")
	}
	return p, nil
}

// parseHead reads what stands in front of the hops.
func parseHead(words []string) (p Path, err error) {
	if p.Dest, err = netip.ParseAddr(words[0]); err != nil {
		return Path{}, err
	}
	method, port, _ := strings.Cut(words[1], "/")
	if p.Method, err = ParseMethod(method); err != nil {
		return Path{}, err
	}
	number, err := parseNumber("port", port, 16)
	if err != nil {
		return Path{}, err
	}
	p.Port = uint16(number)
	if p.Time, err = parseTime(words[2]); err != nil {
		return Path{}, err
	}
	if p.Took, err = parseMicroseconds("duration", words[3]); err != nil {
		return Path{}, err
	}
	if p.Probes, err = parseNumber("number of probes", words[4], 16); err != nil {
		return Path{}, err
	}
	p.End, err = parseEnd(words[5])
	return p, err
}

// parseTime reads Unix seconds with six decimals.
func parseTime(word string) (time.Time, error) {
	seconds, micro, _ := strings.Cut(word, ".")
	s, err := strconv.ParseUint(seconds, 10, 40)
	if err != nil {
		return time.Time{}, fmt.Errorf("time of a path: %w", err)
	}
	m, err := strconv.ParseUint(micro, 10, 20)
	if err != nil || len(micro) != 6 {
		return time.Time{}, fmt.Errorf("time of a path: %q are no six decimals", micro)
	}
	return time.Unix(int64(s), int64(m)*1000), nil
}

func parseNumber(what, word string, bits int) (int, error) {
	n, err := strconv.ParseUint(word, 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return int(n), nil
}

func parseMicroseconds(what, word string) (time.Duration, error) {
	n, err := parseNumber(what, word, 32)
	return time.Duration(n) * time.Microsecond, err
}

func parseHop(word string) (h Hop, err error) {
	counts, list, ok := strings.Cut(word, ":")
	if !ok {
		return Hop{}, fmt.Errorf("a hop without its probes: %q", word)
	}
	sent, answered, _ := strings.Cut(counts, "/")
	if h.Sent, err = parseNumber("probes", sent, 8); err != nil {
		return Hop{}, err
	}
	if h.Answered, err = parseNumber("answered probes", answered, 8); err != nil {
		return Hop{}, err
	}
	if list == "*" {
		return h, nil
	}
	for text := range strings.SplitSeq(list, ",") {
		a, err := parseAnswer(text)
		if err != nil {
			return Hop{}, err
		}
		if h.Answers = append(h.Answers, a); len(h.Answers) > MaxAnswers {
			return Hop{}, fmt.Errorf("more than %d answers of a hop", MaxAnswers)
		}
	}
	return h, nil
}

func parseAnswer(text string) (a Answer, err error) {
	name, rest, _ := strings.Cut(text, "/")
	micro, message, _ := strings.Cut(rest, "/")
	if a.Addr, err = netip.ParseAddr(name); err != nil {
		return Answer{}, err
	}
	if a.Addr.Zone() != "" {
		return Answer{}, fmt.Errorf("the router %q has a zone", name)
	}
	if a.RTT, err = parseMicroseconds("round trip of "+name, micro); err != nil {
		return Answer{}, err
	}
	a.Message, err = parseMessage(message, a.Addr)
	return a, err
}

// parseMessage reads "type.code" of ICMP, or "t" and the flags of TCP.
func parseMessage(word string, from netip.Addr) (m Message, err error) {
	typ, code, icmp := strings.Cut(word, ".")
	flags, tcp := strings.CutPrefix(word, "t")
	switch {
	case tcp:
		m.Protocol, typ, code = FromTCP, flags, "0"
	case !icmp:
		return Message{}, fmt.Errorf("message of %v: %q", from, word)
	case from.Is6():
		m.Protocol = ICMPv6
	}
	t, err := parseNumber("message", typ, 8)
	if err != nil {
		return Message{}, err
	}
	c, err := parseNumber("message", code, 8)
	m.Type, m.Code = byte(t), byte(c)
	return m, err
}
