package main

import (
	"strings"
	"testing"

	"postern/lib/deliver"
	"postern/lib/place"
	"postern/lib/smtp"
)

// TestParseList is who is meant by a field: names alone, which programs of the
// host write, may stand beside whole addresses.
func TestParseList(t *testing.T) {
	p := &program{config: newConfig(instance(t))}
	p.mail = deliver.New(deliver.Config{Hostname: "h.example"}, p.places)
	for _, tt := range []struct{ body, want string }{
		{"a@x.example, Bob <b@x.example>", "a@x.example b@x.example"},
		{"root", "root@h.example"},
		{"root@x.example, Bob <bob>", "root@x.example bob@h.example"},
		{"ann, \"Q, R\" <b@x.example>", "ann@h.example b@x.example"},
		{"root (Charlie, \\) Root), bob", "root@h.example bob@h.example"},
		{"ann, , <b@x.example>,", "ann@h.example b@x.example"},
		{"team: a@x.example, b@x.example;", "a@x.example b@x.example"},
		{"undisclosed-recipients: ;", ""},
		{"undisclosed-recipients:;", ""},
		{"Friends (of us): ann, Bob <bob>; , c@x.example", "ann@h.example bob@h.example c@x.example"},
		{"a: ann;, none:;, b: bob, <@r1.example,@r2.example:c@x.example>;", "ann@h.example bob@h.example c@x.example"},
		{"team: ann, bob", "ann@h.example bob@h.example"}, // not ended: who is meant is clear
		{"ann; bob", "error"},
		{"a: b: ann;", "error"},
		{"root, x@[IPv6:2001:db8::1]", "root@h.example x@[IPv6:2001:db8::1]"},
		{`root, <"a>;b"@x.example>`, `root@h.example "a>;b"@x.example`},
		{"@r1.example,@r2.example:ann@x.example", "error"}, // such a list needs its <>
		{"<@r1.example:ann@x.example>", "ann@x.example"},
		{"<@r1.example:@x.example>", "error"},
		{"", ""},
		{`"an n"@x.example, "a@b"@x.example`, `"an n"@x.example "a@b"@x.example`},
		{`ann, "an n"@x.example`, `ann@h.example "an n"@x.example`},
		{"ann bob", "error"},
		{"ann <b@x.example", "error"},
		{"\"ann, bob", "error"},
		{"<<>>", "error"},
	} {
		list, err := p.parseList(tt.body)
		var words []string
		for _, m := range list {
			words = append(words, m.String())
		}
		got := strings.Join(words, " ")
		if err != nil {
			got = "error"
		}
		if got != tt.want {
			t.Errorf("%q: got %q, %v; want %q", tt.body, got, err, tt.want)
		}
	}
}

// FuzzParseList: whatever the field says, who is meant by it is an address.
func FuzzParseList(f *testing.F) {
	for _, seed := range []string{"root, Bob <bob>", `"a, b" (c, d) <e@f>, g`, `(\`, `"\`, "<a>,<b", "team: a, b;", "<@a,@b:c@d>", "a@[IPv6:::1]"} {
		f.Add(seed)
	}
	p := &program{config: newConfig(place.New(f.TempDir()))}
	p.mail = deliver.New(deliver.Config{Hostname: "h.example"}, p.places)
	f.Fuzz(func(t *testing.T, body string) {
		list, _ := p.parseList(body)
		for _, m := range list {
			if again, err := smtp.ParseMailbox(m.String(), true); !m.IsZero() && (err != nil || again != m) {
				t.Errorf("%q: %v is read as %v, %v", body, m, again, err)
			}
		}
	})
}
