package main

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestAuthConfigErrors(t *testing.T) {
	for _, tt := range []struct {
		f     flags
		lines string
		want  string
	}{
		{flags{}, "Users a\nAuthDovecot /b", "only one of Users, AuthProgram and AuthDovecot"},
		{flags{authFlags: authFlags{authNeeded: true}}, "", "-a demands AUTH"},
		{flags{}, "AuthProgram checker", `AuthProgram "checker": wants an absolute path`},
		{flags{}, "AuthProgram /bin/true\nAuthMechanisms CRAM-MD5", `AuthMechanisms: "CRAM-MD5" is not to be had here`},
		{flags{}, "Users u\nAuthMechanisms GSSAPI", `"GSSAPI" is not to be had here`},
		{flags{}, "AuthDovecot /s\nAuthMechanisms a/b", `"A/B" is not to be had here`},
		{flags{}, "AuthFailRate x", `"x" is not a number`},
		{flags{}, "AuthFailRate", "wants a number an hour"},
		{flags{}, "SASL 3", "SASL"},
	} {
		in := newInstance(t)
		file := filepath.Join(in.root, "conf")
		write(t, file, []byte(tt.lines+"\n"))
		tt.f.config = file
		if _, _, err := loadConfig(&tt.f, in.conf.places); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.lines, err, tt.want)
		}
	}
}

// --check names the entries that are of no use, which is no error.
func TestCheckNamesEntries(t *testing.T) {
	in := newAuthInstance(t)
	write(t, in.conf.auth.users, []byte("ann:{PLAIN}secret\nbob:{MD5}c2VjcmV0\n"))
	var out, errs strings.Builder
	if status := in.conf.report(nil, nil, &out, &errs); status != 0 {
		t.Errorf("exit status %d", status)
	}
	if want := "smtpd: Users: " + in.conf.auth.users + ":2: bob: scheme \"MD5\" is not known here\n"; errs.String() != want {
		t.Errorf("it says %q, want %q", errs.String(), want)
	}
	if !strings.Contains(out.String(), "Users "+in.conf.auth.users) || !strings.Contains(out.String(), "AuthFailRate 60 20") {
		t.Errorf("in force is\n%s", out.String())
	}
}
