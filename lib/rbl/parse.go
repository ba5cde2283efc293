package rbl

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"postern/lib/dns"
)

// DefaultScore is the score of a list on a command line that names none.
const DefaultScore = Threshold

// Parse reads the arguments of an RBL directive,
//
//	[-i] [-p] [-f] -s score zone[=codes]
//
// where the codes are those of ParseCodes. Without -i, -p and -f it is -i.
// Postfix's form of a score behind the zone and codes, "*score", is taken in
// the place of -s.
func Parse(args []string) (List, error) {
	p := parser{args: args}
	if err := p.options(); err != nil {
		return List{}, err
	}
	if err := p.zone(); err != nil {
		return List{}, err
	}
	if !p.scored {
		return List{}, errors.New("no score: -s score is missing")
	}
	return p.list, nil
}

// ParseText reads the same as one text, as it stands on a command line. The
// score may be missing, and is then DefaultScore.
func ParseText(text string) (List, error) {
	p := parser{args: strings.Fields(text), scored: true, list: List{Score: DefaultScore}}
	if err := p.options(); err != nil {
		return List{}, err
	}
	err := p.zone()
	return p.list, err
}

// parser takes the arguments one by one.
type parser struct {
	args   []string
	list   List
	scored bool
}

// options takes the words that begin with a hyphen. Letters may be joined, and
// the score too: -ips60.
func (p *parser) options() error {
	for len(p.args) > 0 && len(p.args[0]) > 1 && p.args[0][0] == '-' {
		word := p.args[0][1:]
		p.args = p.args[1:]
		for i := range len(word) {
			if word[i] == 's' {
				if err := p.score(word[i+1:]); err != nil {
					return err
				}
				break
			}
			n := strings.IndexByte("ipf", word[i])
			if n < 0 {
				return fmt.Errorf("unknown option -%c (there are -i, -p, -f and -s score)", word[i])
			}
			p.list.By |= ByAddress << n
		}
	}
	if p.list.By == 0 {
		p.list.By = ByAddress
	}
	return nil
}

// score takes a score: what stands behind -s, or the next word.
func (p *parser) score(text string) error {
	if text == "" && len(p.args) > 0 {
		text, p.args = p.args[0], p.args[1:]
	}
	n, err := strconv.Atoi(text)
	if err != nil || n > maxScore || n < -maxScore {
		return fmt.Errorf("score %.20q is not a number from %d to %d", text, -maxScore, maxScore)
	}
	p.list.Score, p.scored = n, true
	return nil
}

// zone takes the last word: zone, zone=codes, zone*score, zone=codes*score.
func (p *parser) zone() (err error) {
	if len(p.args) != 1 {
		return errors.New("wants one zone behind the options")
	}
	word, score, scored := strings.Cut(p.args[0], "*")
	if scored {
		if p.args = nil; score == "" {
			return errors.New(`no score behind "*"`)
		}
		if err := p.score(score); err != nil {
			return err
		}
	}
	zone, codes, filtered := strings.Cut(word, "=")
	p.list.Zone = strings.ToLower(strings.TrimSuffix(zone, "."))
	if p.list.Zone == "" || !dns.ValidName(p.list.Zone) {
		return fmt.Errorf("%.80q is not the name of a zone", zone)
	}
	if filtered {
		p.list.Codes, err = ParseCodes(codes)
	}
	return err
}

// String returns what Parse reads, the zone as Name has it: it is for people.
func (l *List) String() string {
	var b strings.Builder
	for i, option := range []string{"-i ", "-p ", "-f "} {
		if l.By&(ByAddress<<i) != 0 {
			b.WriteString(option)
		}
	}
	fmt.Fprintf(&b, "-s %d %s", l.Score, l.Name())
	if l.Codes != nil {
		b.WriteString("=" + l.Codes.String())
	}
	return b.String()
}
