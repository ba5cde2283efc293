package main

import (
	"errors"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"postern/lib/auth"
)

const secretsText = `# servers
mx.example ann password  open sesame 
*.big.example bob token ya29.x=
mx.example eve password other
`

// secretsFile makes a file of credentials.
func secretsFile(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCredentialsFile(t *testing.T) {
	ann := auth.Credentials{User: "ann", Password: "open sesame "}
	tests := []struct {
		text, host, user string
		mode             os.FileMode
		want             auth.Credentials
		err              string
	}{
		{secretsText, "mx.example", "", 0o600, ann, ""},
		{secretsText, "MX.Example.", "ann", 0o400, ann, ""},
		{secretsText, "mx.example", "eve", 0o600, auth.Credentials{User: "eve", Password: "other"}, ""},
		{secretsText, "a.big.example", "", 0o600, auth.Credentials{User: "bob", Token: "ya29.x="}, ""},
		{secretsText, "mx.example", "joe", 0o600, auth.Credentials{}, "no credentials for joe at mx.example in "},
		{"  \tmx.example ann password open sesame \n", "mx.example", "", 0o600, ann, ""},
		{secretsText, "x.mx.example", "", 0o600, auth.Credentials{}, "no credentials for x.mx.example in "},
		{secretsText, "mx.example", "", 0o640, auth.Credentials{}, ": others may use it (mode 0640); chmod 600"},
		{secretsText, "mx.example", "", 0o604, auth.Credentials{}, ": others may use it (mode 0604); chmod 600"},
		{"\nmx.example ann sesame\n", "mx.example", "", 0o600, auth.Credentials{}, `:2: a line is "host user password ..." or "host user token ..."`},
		{"mx.example ann password\n", "mx.example", "", 0o600, auth.Credentials{}, ":1: no secret"},
		{"mx.example ann password sesame\x00\n", "mx.example", "", 0o600, auth.Credentials{}, ":1: a secret with a control character in it"},
		{strings.Repeat("#", maxCredentials+1), "mx.example", "", 0o600, auth.Credentials{}, ": larger than 1048576 octets"},
	}
	for _, test := range tests {
		c := credentialConfig{file: secretsFile(t, "secrets", test.text, test.mode)}
		got, err := c.find(t.Context(), test.host, test.user)
		if got != test.want {
			t.Errorf("%s, %s: got %v", test.host, test.user, got)
		}
		checkSecretError(t, err, test.err)
	}
	checkSecretError(t, errOf((&credentialConfig{file: "/nonexistent/x"}).find(t.Context(), "a", "")), "no such file")
}

func errOf(_ auth.Credentials, err error) error { return err }

// checkSecretError wants an error with some words in it and no secret.
func checkSecretError(t *testing.T, err error, want string) {
	t.Helper()
	if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame")) {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestCredentialsOwner(t *testing.T) {
	info, err := os.Stat(secretsFile(t, "secrets", "", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if err := checkOwner(info, owners()); err != nil {
		t.Error(err)
	}
	if err := checkOwner(info, []int{os.Getuid() + 1}); err == nil || !strings.Contains(err.Error(), "it belongs to user") {
		t.Errorf("got %v", err)
	}
}

// A file of root's is of no use to the one whose rights runq gives to smtp.
func TestCredentialsOfAnother(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every file")
	}
	_, err := readSecrets(secretsFile(t, "secrets", secretsText, 0), owners())
	checkSecretError(t, err, "permission denied; it has to belong to user "+strconv.Itoa(os.Geteuid()))
}

func TestCredentialsByDefault(t *testing.T) {
	root := t.TempDir()
	t.Setenv("POSTERN_ROOT", root)
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	var c credentialConfig
	_, err := c.find(t.Context(), "mx.example", "")
	if !errors.Is(err, errNoCredentials) {
		t.Errorf("nowhere: got %v", err)
	}
	hostSecrets(t, root)
	systemd := filepath.Dir(secretsFile(t, "smtp", "b.example unit password b\n", 0o440))
	for _, test := range []struct{ dir, host, want string }{
		{"", "mx.example", "host"}, {systemd, "mx.example", "host"}, {systemd, "b.example", "unit"}, {root, "mx.example", "host"},
	} {
		t.Setenv("CREDENTIALS_DIRECTORY", test.dir)
		if got, err := c.find(t.Context(), test.host, ""); got.User != test.want || err != nil {
			t.Errorf("%q, %s: got %v, %v", test.dir, test.host, got, err)
		}
	}
}

// hostSecrets makes the file of the host, with user host for mx.example.
func hostSecrets(t *testing.T, root string) {
	t.Helper()
	etc := filepath.Join(root, "etc/postern")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(etc, "credentials"), []byte("mx.example host password a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The folder of a service of root's is closed to the smtp of its runq, which is
// not root: then there is the file of the host, or the folder is what is wrong.
func TestCredentialsOfRootsService(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read every folder")
	}
	root := t.TempDir()
	t.Setenv("POSTERN_ROOT", root)
	unit := filepath.Dir(secretsFile(t, "smtp", "mx.example unit password b\n", 0o400))
	if err := os.Chmod(unit, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(unit, 0o700) })
	t.Setenv("CREDENTIALS_DIRECTORY", unit)
	var c credentialConfig
	if _, err := c.find(t.Context(), "mx.example", ""); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("nowhere else: got %v", err)
	}
	hostSecrets(t, root)
	if got, err := c.find(t.Context(), "mx.example", ""); got.User != "host" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestCredentialsCommand(t *testing.T) {
	// The argument is the first line of what is printed: no shell has seen it.
	echo := secretsFile(t, "echo", "#!/bin/sh\necho \"$1\"\necho next line\n", 0o755)
	names := secretsFile(t, "names", "#!/bin/sh\necho \"$SMTP_USER at $SMTP_HOST $SECRET\"\n", 0o755)
	fails := secretsFile(t, "fails", "#!/bin/sh\necho open sesame; echo locked >&2; exit 3\n", 0o755)
	t.Setenv("SECRET", "sesame")
	tests := []struct {
		c    credentialConfig
		want auth.Credentials
		err  string
	}{
		{credentialConfig{passwordCommand: echo + " $(id)"}, auth.Credentials{User: "ann", Password: "$(id)"}, ""},
		{credentialConfig{tokenCommand: names}, auth.Credentials{User: "ann", Token: "ann at mx.example "}, ""},
		{credentialConfig{passwordCommand: echo}, auth.Credentials{}, "echo: no secret"},
		{credentialConfig{passwordCommand: fails}, auth.Credentials{}, "fails: exit status 3: locked"},
		{credentialConfig{passwordCommand: "pass show"}, auth.Credentials{}, "its first word is to be a path from the root"},
		{credentialConfig{tokenCommand: "/nonexistent/x"}, auth.Credentials{}, "the command /nonexistent/x: "},
	}
	for _, test := range tests {
		got, err := test.c.find(t.Context(), "mx.example", "ann")
		if err == nil && got != test.want {
			t.Errorf("%v: got %v", test.c, got)
		}
		checkSecretError(t, err, test.err)
	}
	me, err := user.Current()
	if err != nil {
		t.Skip("we have no name: ", err)
	}
	c := credentialConfig{passwordCommand: echo + " x"}
	if got, err := c.find(t.Context(), "mx.example", ""); got.User != me.Username || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}
