package arg

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// values are what the options of newTestSet set.
type values struct {
	d, check bool
	verbose  int
	host     string
	list     []string
	n        int
	calls    []string
	four     bool
}

func newTestSet(v *values) *Set {
	s := New("prog", "[-d] [-h host] file ...")
	s.Bool(&v.d, "d", "debug")
	s.Bool(&v.check, "check", "check the configuration")
	s.Bool(&v.four, "4", "IPv4 alone")
	s.Count(&v.verbose, "v,verbose", "say more")
	s.String(&v.host, "h,host", "host", "our name")
	s.Strings(&v.list, "r", "address", "a resolver; may be repeated")
	s.Int(&v.n, "n", "number", "how many")
	s.Func("V,version", "", "show the version", func(value string) error {
		v.calls = append(v.calls, "V"+value)
		return nil
	})
	s.Func("o", "setting", "sendmail's options", func(value string) error {
		if value == "bad" {
			return errors.New("no such setting")
		}
		v.calls = append(v.calls, "o="+value)
		return nil
	})
	s.Optional("plot", "form", "draw", func(value string) error {
		v.calls = append(v.calls, "plot="+value)
		return nil
	})
	return s
}

func TestParse(t *testing.T) {
	tests := []struct {
		args     string
		want     values
		operands string
		err      string
	}{
		{"", values{}, "", ""},
		{"a b", values{}, "a b", ""},
		{"-d a -x", values{d: true}, "a -x", ""},
		{"-dvv", values{d: true, verbose: 2}, "", ""},
		{"-v --verbose -v", values{verbose: 3}, "", ""},
		{"-dhhost -h other", values{d: true, host: "other"}, "", ""},
		{"-h -d", values{host: "-d"}, "", ""},
		{"-h --", values{host: "--"}, "", ""},
		{"--host=x=y z", values{host: "x=y"}, "z", ""},
		{"--host x --check", values{host: "x", check: true}, "", ""},
		{"--host=", values{}, "", ""},
		{"-ra -r b", values{list: []string{"a", "b"}}, "", ""},
		{"-n -5", values{n: -5}, "", ""},
		{"-n7 -- -d --", values{n: 7}, "-d --", ""},
		{"-", values{}, "-", ""},
		{"-d - -d", values{d: true}, "- -d", ""},
		{"-2 3", values{}, "-2 3", ""},
		{"-1.5", values{}, "-1.5", ""},
		{"-4", values{four: true}, "", ""},
		{"-4d", values{four: true, d: true}, "", ""},
		{"-V --version", values{calls: []string{"V", "V"}}, "", ""},
		{"--plot a", values{calls: []string{"plot="}}, "a", ""},
		{"--plot=svg --plot", values{calls: []string{"plot=svg", "plot="}}, "", ""},
		{"-oi -os", values{calls: []string{"o=i", "o=s"}}, "", ""},

		{"-x", values{}, "", "unknown option -x"},
		{"-dx", values{d: true}, "", "unknown option -x"},
		{"-ü", values{}, "", "unknown option -ü"},
		{"-\xff", values{}, "", `unknown option -\xff`},
		{"--\x1b[m", values{}, "", `unknown option --\x1b[m`},
		{"-2x", values{}, "", "unknown option -2"},
		{"--chekc", values{}, "", "unknown option --chekc (did you mean --check?)"},
		{"--nothing=1", values{}, "", "unknown option --nothing"},
		{"--d", values{}, "", "unknown option --d"},
		{"--ve", values{}, "", "unknown option --ve"},
		{"-h", values{}, "", "option -h needs a value: host"},
		{"--host", values{}, "", "option --host needs a value: host"},
		{"--check=1", values{}, "", "option --check takes no value"},
		{"-n a", values{}, "", `option -n: "a" is not a number`},
		{"-obad", values{}, "", "option -o: no such setting"},
		{"--help", values{}, "", ErrHelp.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.args, func(t *testing.T) {
			var got values
			operands, err := newTestSet(&got).Parse(strings.Fields(tt.args))
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("values\ngot  %+v\nwant %+v", got, tt.want)
			}
			if got := strings.Join(operands, " "); got != tt.operands {
				t.Errorf("operands %q, want %q", got, tt.operands)
			}
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != tt.err {
				t.Errorf("error %q, want %q", text, tt.err)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	var v values
	want := `usage: prog [-d] [-h host] file ...
  -d               debug
  --check          check the configuration
  -4               IPv4 alone
  -v, --verbose    say more
  -h, --host host  our name
  -r address       a resolver; may be repeated
  -n number        how many
  -V, --version    show the version
  -o setting       sendmail's options
  --plot[=form]    draw
`
	if got := newTestSet(&v).Usage(); got != want {
		t.Errorf("\ngot\n%s\nwant\n%s", got, want)
	}
}

func TestReport(t *testing.T) {
	s := New("prog", "")
	tests := []struct {
		args           []string
		status         int
		stdout, stderr string
	}{
		{[]string{"--help"}, 0, "usage: prog\n", ""},
		{[]string{"-x"}, 64, "", "prog: unknown option -x\nusage: prog\n"},
	}
	for _, tt := range tests {
		var stdout, stderr strings.Builder
		_, err := s.Parse(tt.args)
		if got := s.Report(err, &stdout, &stderr); got != tt.status || stdout.String() != tt.stdout || stderr.String() != tt.stderr {
			t.Errorf("%q: %d, %q, %q; want %d, %q, %q", tt.args, got, &stdout, &stderr, tt.status, tt.stdout, tt.stderr)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"-dvv a", "-h\x00--host=x\x00--", "-n\x00-5", "--\x00-d", "-\xff", "-1e", "--=", "-oi\x00-4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\x00")
		var v values
		operands, err := newTestSet(&v).Parse(args)
		if err != nil {
			if operands != nil || err.Error() == "" {
				t.Fatalf("%q: operands %q with error %q", args, operands, err)
			}
			return
		}
		// The operands are the end of the arguments, and behind "--" they
		// are the same whatever they look like.
		if n := len(args) - len(operands); n < 0 || !slices.Equal(args[n:], operands) {
			t.Fatalf("%q: operands %q", args, operands)
		}
		again, err := newTestSet(&v).Parse(append([]string{"--"}, operands...))
		if err != nil || !slices.Equal(again, operands) {
			t.Fatalf("%q behind --: %q, %v", operands, again, err)
		}
	})
}
