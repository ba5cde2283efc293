package main

import (
	"os/user"
	"regexp"
	"strings"
	"testing"

	"postern/lib/header"
	"postern/lib/sysexits"
)

// filterArgs is -f with what every test of it says.
func filterArgs(more ...string) []string {
	return append([]string{"-f", "-h", "host.example"}, more...)
}

func TestFilter(t *testing.T) {
	const head = "Date: x\r\nMessage-ID: y\r\n"
	tests := []struct {
		name     string
		args     []string
		in, want string
	}{
		{"qualified", filterArgs("mx.example", "ann", "bob"), head + "From: ann\nTo: a!b!c, <@x:d>, e@f\n\n.x\n..\nend",
			head + "From: ann@host.example\r\nTo: c@b, <d@host.example>, e@f\r\n\r\n..x\r\n...\r\nend\r\n"},
		{"from the envelope", filterArgs("mx.example", "ann", "bob", "x!eve"), head,
			head + "From: ann@host.example\r\nTo: bob@mx.example,\r\n\teve@x\r\n"},
		{"null sender", filterArgs("mx.example", "<>", "bob"), head + "To: x@y\n", head + "To: x@y\r\nFrom: Postmaster@host.example\r\n"},
		{"in a domain", []string{"-f", "-h", "host", ".sub.example", "mx.example", "ann", "bob"}, head + "From: ann, x@y, z@a.b, u@[192.0.2.1]\nCc: c\n",
			head + "From: ann@host.sub.example, x@y.sub.example, z@a.b, u@[192.0.2.1]\r\nCc: c@host.sub.example\r\n"},
		{"no address", filterArgs("mx.example", "ann", "bob"), head + "From: a..b, x!, !x\nTo: \"q r\"\n",
			head + "From: a..b, x!, x@host.example\r\nTo: \"q r\"@host.example\r\n"},
		{"domains that are not ASCII", filterArgs("mx.example", "ann@mé.example", "bob@bücher.example", "ü@bücher.example"), head,
			head + "From: ann@xn--m-bga.example\r\nTo: bob@xn--bcher-kva.example,\r\n\tü@bücher.example\r\n"},
		{"without envelope", filterArgs("mx.example"), head + "From: a\n", head + "From: a@host.example\r\nTo: undisclosed-recipients:;\r\n"},
	}
	for _, test := range tests {
		var out, errs strings.Builder
		status := run(test.args, strings.NewReader(test.in), &out, &errs)
		if got := out.String(); got != test.want || status != 0 || errs.Len() > 0 {
			t.Errorf("%s: got %d, %q, %q\nwant %q", test.name, status, got, errs.String(), test.want)
		}
		// What was converted and undone on the way is converted no more.
		again := strings.ReplaceAll(strings.ReplaceAll(test.want, "\r\n", "\n"), "\n.", "\n")
		out.Reset()
		run(test.args, strings.NewReader(again), &out, &errs)
		if got := out.String(); got != test.want {
			t.Errorf("%s: twice: got %q", test.name, got)
		}
	}
}

func TestFilterAdds(t *testing.T) {
	var out, errs strings.Builder
	if status := run(filterArgs("mx.example", "ann", "bob"), strings.NewReader("\nhi\n"), &out, &errs); status != 0 {
		t.Fatal(status, errs.String())
	}
	want := regexp.MustCompile(`^Date: \w\w\w, \d\d \w\w\w \d{4} \d\d:\d\d:\d\d [-+]\d{4}\r\n` +
		`From: ann@host.example\r\nTo: bob@mx.example\r\nMessage-ID: <[0-9a-f]{32}@host.example>\r\n\r\nhi\r\n$`)
	if !want.MatchString(out.String()) {
		t.Errorf("got %q", out.String())
	}
}

func TestFullName(t *testing.T) {
	me, err := user.Current()
	if err != nil || me.Name == "" {
		t.Skip("we have no full name")
	}
	var out, errs strings.Builder
	run(filterArgs("mx.example", me.Username, "bob"), strings.NewReader(""), &out, &errs)
	want := "From: " + header.Phrase(me.Name) + " <" + me.Username + "@host.example>\r\n"
	if !strings.Contains(out.String(), want) {
		t.Errorf("got %s%s, want %s", &out, &errs, want)
	}
}

func TestFilterErrors(t *testing.T) {
	tests := []struct {
		args   []string
		in     string
		status int
		want   string
	}{
		{filterArgs("mx.example", "a b", "c"), "", sysexits.DataErr, "smtp: sender \"a b\""},
		{filterArgs("mx.example", "a", "b\nc"), "", sysexits.DataErr, "smtp: recipient \"b\\nc\""},
		{filterArgs("mx.example", "a", "b"), "\na\rb", sysexits.DataErr, "smtp: a bare CR in the message"},
	}
	for _, test := range tests {
		var out, errs strings.Builder
		status := run(test.args, strings.NewReader(test.in), &out, &errs)
		if status != test.status || !strings.HasPrefix(errs.String(), test.want) {
			t.Errorf("%q: got %d, %q", test.args, status, errs.String())
		}
	}
}
