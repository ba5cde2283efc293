package auth

import (
	"errors"
	"strings"
	"testing"
)

func TestHashes(t *testing.T) {
	const argon = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$"
	for _, tt := range []struct {
		line, password, fault string
	}{
		{line: entry(t, "ann", Argon2Scheme, "secret"), password: "secret"},
		{line: entry(t, "ann", BcryptScheme, "secret"), password: "secret"},
		// What Dovecot makes, and what htpasswd -B would.
		{line: "joe:{BLF-CRYPT}$2y$05$LEhXeotCH9jQdHQiLfzPQ..Tvzb938AVqLmMICpm3YxSjP1QiMm6K", password: "chocolat"},
		{line: "joe:$2y$05$LEhXeotCH9jQdHQiLfzPQ..Tvzb938AVqLmMICpm3YxSjP1QiMm6K", password: "chocolat"},
		{line: "joe:{ARGON2ID}$argon2id$v=19$m=65536,t=3,p=1$OxpE63HtPZQmnf9PgvApTw$VmP74meH4hz+CVeOA6EoWFULPV13IM9dB4jQ9AT8ivQ",
			fault: "costs more"},
		{line: "a:{ARGON2ID}" + strings.Replace(argon, "m=19456", "m=65536", 1) + strings.Repeat("A", 43),
			fault: "argon2id with m=65536,t=2,p=1 costs more than m=19456,t=2,p=1; make the entry anew"},
		{line: "a:" + strings.Replace(argon, "m=19456,t=2", "m=38912,t=1", 1) + strings.Repeat("A", 43), fault: "costs more"},
		{line: "a:" + strings.Replace(argon, "t=2", "t=3", 1) + strings.Repeat("A", 43), fault: "costs more"},
		{line: "a:" + strings.Replace(argon, "p=1", "p=4", 1) + strings.Repeat("A", 43), fault: "costs more"},
		{line: "a:" + strings.Replace(argon, "t=2", "t=0", 1) + strings.Repeat("A", 43), fault: "without a cost"},
		{line: "a:" + strings.Replace(argon, "v=19", "v=16", 1) + strings.Repeat("A", 43), fault: "version 19"},
		{line: "a:" + strings.Replace(argon, "m=19456,", "", 1) + strings.Repeat("A", 43), fault: "wants m=,t=,p="},
		{line: "a:" + strings.Replace(argon, "p=1", "p=0", 1) + strings.Repeat("A", 43), fault: "without a cost"},
		{line: "a:" + argon + "AA", fault: "bad salt or hash"},
		{line: "a:" + argon + strings.Repeat("A", 87), fault: "bad salt or hash"},
		{line: "a:" + strings.Replace(argon, "c2FsdHNhbHRzYWx0", "c2FsdA", 1) + strings.Repeat("A", 43), fault: "bad salt or hash"},
		{line: "a:{ARGON2ID}$argon2i$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAA", fault: "not an argon2id hash"},
		{line: "a:$2y$13$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", fault: "bcrypt of cost 13 is dearer than 12"},
		{line: "a:{BLF-CRYPT}$2y$05$short", fault: "not a bcrypt hash"},
	} {
		e, err := ParseEntry(tt.line)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%q: %v, want %q", tt.line, err, tt.fault)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.line, err)
			continue
		}
		if err := e.Check(tt.password); err != nil {
			t.Errorf("%q: %v", tt.line, err)
		}
		if err := e.Check(tt.password + "x"); !errors.Is(err, ErrCredentials) {
			t.Errorf("%q with another password: %v", tt.line, err)
		}
		if again, err := ParseEntry(e.String()); err != nil || again.Check(tt.password) != nil {
			t.Errorf("%q becomes %q, %v", tt.line, e, err)
		}
	}
	if _, err := MakeEntry("ann", BcryptScheme, strings.Repeat("x", 73)); err == nil || !strings.Contains(err.Error(), "72 octets") {
		t.Errorf("a password that bcrypt would cut: %v", err)
	}
}

func TestNobody(t *testing.T) {
	r := nobody()
	e, err := parseSecret(r.name, r.value)
	if err != nil || e.Scheme != Argon2Scheme {
		t.Errorf("%v, %v", e, err)
	}
	u := usersOf(t)
	for _, password := range []string{"", "x"} {
		if _, err := exchange(t, u, Plain, Peer{}, []byte("\x00nobody\x00"+password)); !errors.Is(err, ErrCredentials) {
			t.Errorf("nobody logs in: %v", err)
		}
	}
}
