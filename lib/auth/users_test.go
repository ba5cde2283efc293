package auth

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
)

// appendLine adds to a file and makes sure that its time stamp tells.
func appendLine(name, line string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := os.WriteFile(name, append(text, line+"\n"...), 0o600); err != nil {
		return err
	}
	later := time.Now().Add(time.Second)
	return os.Chtimes(name, later, later)
}

func TestEntries(t *testing.T) {
	scram := "{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	for _, tt := range []struct {
		line     string
		scheme   Scheme
		password string
		fault    string // a part of it
	}{
		{line: "user:" + scram, scheme: ScramScheme, password: "pencil"},
		{line: "joe:{SCRAM-SHA-256}4096,xLO5BBl87JFpN0AzrCevXA==,Zfi8nzZge2pGvge1+y/On/TttAZzXomYzL7jdji4/b0=,60CmBhsVZikEZ7FNssE/LnXNI+OvRAt5aEhRm4hDcWI=",
			scheme: ScramScheme, password: "chocolat"}, // as Dovecot makes it
		{line: "ann:{PLAIN}secret", scheme: PlainScheme, password: "secret"},
		{line: "ann:{plain}secret:1000:1000::/home/ann:", scheme: PlainScheme, password: "secret"},
		{line: "ann:{PLAIN.b64}c2VjOnJldA==", scheme: PlainScheme, password: "sec:ret"},
		{line: "ann@example.org:{CLEARTEXT}s\r", scheme: PlainScheme, password: "s"},
		{line: "ann", fault: "wants name:{SCHEME}secret"},
		{line: "ann:secret", fault: "wants name:{SCHEME}secret"},
		{line: "ann:", fault: "wants name"},
		{line: ":{PLAIN}x", fault: "wants name"},
		{line: "ann:{PLAIN", fault: "wants name"},
		{line: "ann:{PLAIN}", fault: "no password"},
		{line: "ann:{MD5}x", fault: `scheme "MD5" is not known here`},
		{line: "ann:{SHA512-CRYPT}$6$x", fault: "not known here"},
		{line: "ann:{PLAIN.B64}!", fault: "bad base64"},
		{line: "ann:{SCRAM-SHA-256}4096,x", fault: "rounds,salt,stored,server"},
		{line: "ann:{SCRAM-SHA-256}100,AAAA,AAAA,AAAA", fault: "SCRAM rounds are from 4096 to 600000"},
		{line: "ann:{SCRAM-SHA-256}1000000,AAAA,AAAA,AAAA", fault: "SCRAM rounds"},
		{line: "ann:{SCRAM-SHA-256}4096,AAAA,AAAA,AAAA", fault: "wrong length"},
		{line: "ann:" + strings.Replace(scram, "W22ZaJ0SNY7soEsUEjb6gQ==", "AAAA", 1), fault: "wrong length"},
		{line: "ann:" + strings.Replace(scram, "W22ZaJ0SNY7soEsUEjb6gQ==", strings.Repeat("AAAA", 22), 1), fault: "wrong length"},
		{line: "ann:" + strings.Replace(scram, "WG5d8oPm", "", 1), fault: "wrong length"},
		{line: "ann:" + strings.Replace(scram, "wfPLwcE6", "", 1), fault: "wrong length"},
		{line: "ann:{PLAIN}" + strings.Repeat("x", MaxPassword+1), fault: "no password"},
		{line: "ann:{SCRAM-SHA-256}4096,????,AAAA,AAAA", fault: "bad base64"},
	} {
		e, err := ParseEntry(tt.line)
		if tt.fault != "" {
			if err == nil || !strings.Contains(err.Error(), tt.fault) {
				t.Errorf("%q: %v, want %q", tt.line, err, tt.fault)
			}
			continue
		}
		if err != nil || e.Scheme != tt.scheme {
			t.Errorf("%q: scheme %q, %v", tt.line, e.Scheme, err)
			continue
		}
		if err := e.Check(tt.password); err != nil {
			t.Errorf("%q: %v", tt.line, err)
		}
		if err := e.Check(tt.password + "x"); !errors.Is(err, ErrCredentials) {
			t.Errorf("%q with another password: %v", tt.line, err)
		}
		again, err := ParseEntry(e.String())
		if err != nil || again.Check(tt.password) != nil || again.Name != e.Name {
			t.Errorf("%q becomes %q, %v", tt.line, e, err)
		}
	}
}

func TestMakeEntryRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, password string
		scheme         Scheme
		fault          string
	}{
		{"", "x", PlainScheme, "cannot be the name of a user"},
		{"a:b", "x", PlainScheme, "cannot be the name"},
		{"#ann", "x", PlainScheme, "cannot be the name"},
		{" ann", "x", PlainScheme, "cannot be the name"},
		{"a\nb", "x", PlainScheme, "cannot be the name"},
		{"ann", "", PlainScheme, "a password has 1 to 1024 octets"},
		{"ann", strings.Repeat("x", MaxPassword+1), PlainScheme, "a password has 1 to 1024 octets"},
		{"ann", "a\tb", PlainScheme, "no control characters"},
		{"ann", "x", "md5", "there are argon2id, bcrypt, scram and plain"},
	} {
		if e, err := MakeEntry(tt.name, tt.scheme, tt.password); err == nil || !strings.Contains(err.Error(), tt.fault) {
			t.Errorf("%q %s: %q, %v; want %q", tt.name, tt.scheme, e, err, tt.fault)
		}
	}
}

// Nobody sees in a file that two users have the same password.
func TestSalts(t *testing.T) {
	for _, s := range []Scheme{Argon2Scheme, BcryptScheme, ScramScheme} {
		if a := entry(t, "ann", s, "secret"); a == entry(t, "ann", s, "secret") {
			t.Errorf("%s twice: %s", s, a)
		}
	}
}

// The password of the entry that stands in for a missing one opens nothing.
func TestStandIn(t *testing.T) {
	for _, s := range []Scheme{PlainScheme, ScramScheme, BcryptScheme} {
		u := usersOf(t, entry(t, "ann", s, "secret"))
		for _, m := range []string{Plain, Login, CramMD5, Scram} {
			_, err := logIn(u, Choice{Offered: []string{m}, Plaintext: true}, Credentials{User: "eve", Password: "secret"}, Peer{})
			if !errors.Is(err, ErrCredentials) {
				t.Errorf("%s with %s: %v", s, m, err)
			}
		}
	}
}

func TestUsersFileChanges(t *testing.T) {
	u := usersOf(t, entry(t, "ann", PlainScheme, "secret"))
	logInAs := func(user string) error {
		_, err := exchange(t, u, Plain, Peer{}, []byte("\x00"+user+"\x00secret"))
		return err
	}
	if err := errors.Join(logInAs("ann")); err != nil {
		t.Error(err)
	}
	if err := logInAs("bob"); !errors.Is(err, ErrCredentials) {
		t.Errorf("bob before he is there: %v", err)
	}
	if err := appendLine(u.options.File, entry(t, "bob", PlainScheme, "secret")); err != nil {
		t.Fatal(err)
	}
	if err := logInAs("bob"); err != nil {
		t.Errorf("bob: %v", err)
	}
	if err := os.Remove(u.options.File); err != nil {
		t.Fatal(err)
	}
	if err := logInAs("ann"); !errors.Is(err, ErrUnavailable) {
		t.Errorf("without the file: %v", err)
	}
}

// An entry that is of no use is a fault of ours, and is named in the log,
// without its secret.
func TestBrokenEntry(t *testing.T) {
	u := usersOf(t, "# one", "ann:{SCRAM-SHA-256}1,c2VjcmV0,c2VjcmV0,c2VjcmV0", "bob:{MD5}c2VjcmV0")
	var complaints []error
	u.options.Complain = func(err error) { complaints = append(complaints, err) }
	for user, place := range map[string]string{"ann": "users:2: ann: ", "bob": "users:3: bob: "} {
		_, err := exchange(t, u, Plain, Peer{}, []byte("\x00"+user+"\x00x"))
		if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), place) || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("%s: %v", user, err)
		}
	}
	if _, err := exchange(t, u, Plain, Peer{}, []byte("\x00eve\x00x")); !errors.Is(err, ErrCredentials) {
		t.Errorf("a user who is not there, among broken ones: %v", err)
	}
	if len(complaints) != 1 {
		t.Errorf("complaints of the entry in his place: %v", complaints)
	}
}

func TestVerify(t *testing.T) {
	entries, faults := Verify("users", []byte("# c\nann:{PLAIN}x\n\nbob:{MD5}x\nann:{PLAIN}y\njunk\n"))
	if len(entries) != 1 || entries[0].Name != "ann" {
		t.Errorf("entries %v", entries)
	}
	want := []string{`users:4: bob: scheme "MD5" is not known here`, "users:5: ann: stands in line 2 already, and that one counts", "users:6: junk: wants name:{SCHEME}secret"}
	for i, w := range want {
		if i >= len(faults) || faults[i].Error() != w {
			t.Errorf("faults %v, want %q", faults, w)
			break
		}
	}
}

func TestUsersReadByAll(t *testing.T) {
	u := usersOf(t, entry(t, "ann", PlainScheme, "secret"))
	var complaints []error
	u.options.Complain = func(err error) { complaints = append(complaints, err) }
	if err := os.Chmod(u.options.File, 0o644); err != nil {
		t.Fatal(err)
	}
	exchange(t, u, Plain, Peer{}, []byte("\x00ann\x00secret"))
	exchange(t, u, Plain, Peer{}, []byte("\x00ann\x00secret"))
	if len(complaints) != 1 || !strings.Contains(complaints[0].Error(), "may be read by everybody") {
		t.Errorf("complaints %v", complaints)
	}
}

func TestSeed(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "seed")
	u := usersOf(t, entry(t, "ann", ScramScheme, "x"))
	u.options.Seed = name
	table, err := u.load()
	if err != nil {
		t.Fatal(err)
	}
	seed := u.seed(table)
	if len(seed) != seedSize || string(seed) != string(u.seed(table)) {
		t.Errorf("seeds %x and %x", seed, u.seed(table))
	}
	if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the seed's file: %v, %v", st, err)
	}
	u.options.Seed = filepath.Join(dir, "none", "seed")
	if other := u.seed(table); len(other) != seedSize || string(other) == string(seed) {
		t.Errorf("without a place for it: %x", other)
	}
	// What is made up with a seed that anybody can guess tells who exists.
	u.options.Seed = filepath.Join(dir, "short")
	if err := os.WriteFile(u.options.Seed, seed[:seedSize-1], 0o600); err != nil {
		t.Fatal(err)
	}
	if other := u.seed(table); string(other) != string(table.sum()) {
		t.Errorf("with one that is too short: %x", other)
	}
}

// TestSeedHeir: the seed that root makes can be read by those who run as their own
// user.
func TestSeedHeir(t *testing.T) {
	dir := e2e.ForeignDir(t)
	if _, err := makeSeed(filepath.Join(dir, "seed")); err != nil {
		t.Fatal(err)
	}
	if n := e2e.GivenAway(t, dir); n != 2 {
		t.Errorf("%d files, want the folder and one in it", n)
	}
}

func FuzzEntry(f *testing.F) {
	f.Add("ann:{PLAIN}secret")
	f.Add("user:{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")
	f.Add("ann:{ARGON2ID}$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("ann:$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e:x")
	f.Fuzz(func(t *testing.T, line string) {
		e, err := ParseEntry(line)
		if err != nil {
			return
		}
		again, err := ParseEntry(e.String())
		if err != nil || again.String() != e.String() || again.Name != e.Name || again.Scheme != e.Scheme {
			t.Errorf("%q becomes %q, and that %q, %v", line, e, again, err)
		}
	})
}
