package prog

import "testing"

func TestCredential(t *testing.T) {
	for _, name := range []string{"root", "0"} {
		if c, err := Credential(name); err != nil || c.Uid != 0 || c.Gid != 0 || len(c.Groups) > 0 {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	if c, err := Credential("nosuch"); err == nil || err.Error() != "no such user" {
		t.Errorf("nosuch: %+v, %v", c, err)
	}
}
