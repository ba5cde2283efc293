package prog

import (
	"io/fs"
	"os/user"
	"testing"
)

func TestCredential(t *testing.T) {
	for _, name := range []string{"root", "0"} {
		if c, err := Credential(name); err != nil || c.Uid != 0 || c.Gid != 0 || len(c.Groups) > 0 {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	if c, err := CredentialOf(0); err != nil || c.Uid != 0 || c.Gid != 0 || len(c.Groups) > 0 {
		t.Errorf("0: %+v, %v", c, err)
	}
	if c, err := CredentialOf(1<<31 - 7); err != errNoUser {
		t.Errorf("a number that is nobody's: %+v, %v", c, err)
	}
	if c, err := Credential("nosuch"); err == nil || err.Error() != "no such user" {
		t.Errorf("nosuch: %+v, %v", c, err)
	}
}

// A list of users that cannot be read does not say that there is no such user.
func TestKnown(t *testing.T) {
	for _, err := range []error{nil, fs.ErrPermission} {
		if got := known(err); got != err {
			t.Errorf("%v is %v", err, got)
		}
	}
	for _, err := range []error{user.UnknownUserError("x"), user.UnknownUserIdError(7)} {
		if got := known(err); got != errNoUser {
			t.Errorf("%v is %v", err, got)
		}
	}
}
