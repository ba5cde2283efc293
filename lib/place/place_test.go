package place

import "testing"

func TestPlaces(t *testing.T) {
	type paths struct{ etc, spool, queue, lib, mail, run, submit, aliases, programs string }
	all := func(p Places) paths {
		return paths{p.Etc(), p.Spool(), p.Queue(), p.Lib(), p.Mail(), p.Run(), p.Submit(), p.Aliases(), p.Programs()}
	}
	system := paths{
		"/etc/postern", "/var/spool/postern", "/var/spool/postern/queue", "/var/lib/postern",
		"/var/lib/postern/mail", "/run/postern", "/run/postern/submit", "/etc/aliases", "/usr/local/lib/postern",
	}
	private := paths{
		"/x/etc/postern", "/x/var/spool/postern", "/x/var/spool/postern/queue", "/x/var/lib/postern",
		"/x/var/lib/postern/mail", "/x/run/postern", "/x/run/postern/submit", "/x/etc/aliases", "/x/usr/local/lib/postern",
	}
	tests := []struct {
		root string
		want paths
	}{
		{"", system}, {"/", system}, {"/x", private}, {"/x//", private},
	}
	for _, tt := range tests {
		if got := all(New(tt.root)); got != tt.want {
			t.Errorf("New(%q):\ngot  %v\nwant %v", tt.root, got, tt.want)
		}
	}
	if got := New("/x/").Root(); got != "/x" {
		t.Errorf("Root = %q, want /x", got)
	}
	if Version() == "" {
		t.Error("no version")
	}
}
