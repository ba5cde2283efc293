package deliver

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"postern/lib/e2e"
	"postern/lib/smtp"
)

// A-labels and U-labels are two forms of one domain (RFC 5890 2.3.2.4).
func TestOurLabels(t *testing.T) {
	in := newInstance(t, "bob")
	in.config.Domains = []string{"Bücher.example", "*.xn--m-bga.example"}
	in.aliases("whole@bücher.example: carol@remote.example\nmüller: m@remote.example\n")
	d := in.deliverer()
	for address, want := range map[string]string{
		"whole@xn--bcher-kva.example": "relay carol@remote.example",
		"Whole@BÜCHER.example":        "relay carol@remote.example",
		"Müller@mx.example":           "relay m@remote.example",
		"xn--mller-kva@mx.example":    "nobody xn--mller-kva@mx.example",
		"bob@bücher.example":          ">> ~bob/",
		"bob@BÜCHER.example":          ">> ~bob/",
		"bob@xn--bcher-kva.example":   ">> ~bob/",
		"bob@XN--Bcher-KVA.example":   ">> ~bob/",
		"bob@a.mé.example":            ">> ~bob/",
		"bob@a.xn--m-bga.example":     ">> ~bob/",
		"bob@xn--other-kva.example":   "relay bob@xn--other-kva.example",
		"bob@bucher.example":          "relay bob@bucher.example",
	} {
		if got := in.routeText(d, address); got != want {
			t.Errorf("%s: got %s, want %s", address, got, want)
		}
	}
}

func TestRouteDefault(t *testing.T) {
	in := newInstance(t, "bob", "carol", "UPPER")
	in.config.Domains = []string{"example.org", "*.wild.example"}
	in.config.Separator = "+"
	in.aliases("" +
		"# a comment\n" +
		"postmaster: root\n" +
		"root: bob\n" +
		"Both: bob, carol\n" +
		"twice: bob, bob, both\n" +
		"away: a@remote.example\n" +
		"mixed: bob,\n\n# between\n\ta@remote.example,\n  \"Full Name\" <b@remote.example>\n" +
		"carol: carol, archive@remote.example\n" +
		"\"odd name\": bob\n" +
		"quoted: \"odd name\"\n" +
		"pipe: \"|/usr/bin/prog -a 'x, y'\"\n" +
		"file: /var/mail/file\n" +
		"null: /dev/null\n" +
		"back: \\root\n" +
		"list+tag: carol\n" +
		"whole@example.org: bob\n" +
		"stale: bob, nosuch\n" +
		"dead: nosuch\n" +
		"loop: loop2\nloop2: loop3\nloop3: loop2\n")
	d := in.deliverer()
	tests := []struct{ address, want string }{
		{"bob@mx.example", ">> ~bob/"},
		{"bob@MX.Example.", ">> ~bob/"},
		{"BOB@example.org", ">> ~bob/"},
		{"bob@sub.example.org", "relay bob@sub.example.org"},
		{"bob@wild.example", ">> ~bob/"},
		{"bob@a.b.wild.example", ">> ~bob/"},
		{"bob@notwild.example", "relay bob@notwild.example"},
		{"bob@[127.0.0.1]", ">> ~bob/"},
		{"bob@[IPv6:::1]", ">> ~bob/"},
		{"bob@[192.0.2.99]", "relay bob@[192.0.2.99]"},
		{"UPPER@mx.example", ">> ~UPPER/"},
		{"nosuch@mx.example", "nobody nosuch@mx.example"},
		{"bob+x@mx.example", ">> ~bob/"},
		{"bob+@mx.example", ">> ~bob/"},
		{"+bob@mx.example", "nobody +bob@mx.example"},
		{"root+x@mx.example", ">> ~bob/"},
		{"list+tag@mx.example", ">> ~carol/; relay archive@remote.example"},
		{"postmaster", ">> ~bob/"},
		{"PostMaster@mx.example", ">> ~bob/"},
		{"both@mx.example", ">> ~bob/; >> ~carol/; relay archive@remote.example"},
		{"twice@mx.example", ">> ~bob/; >> ~carol/; relay archive@remote.example"},
		{"away@mx.example", "relay a@remote.example"},
		{"away@remote.example", "relay away@remote.example"},
		{"mixed@mx.example", ">> ~bob/; relay a@remote.example; relay b@remote.example"},
		{"carol@mx.example", ">> ~carol/; relay archive@remote.example"},
		{"odd name@mx.example", ">> ~bob/"},
		{"quoted@mx.example", ">> ~bob/"},
		{"pipe@mx.example", "| /usr/bin/prog -a 'x, y'"},
		{"file@mx.example", ">>+ /var/mail/file"},
		{"null@mx.example", ">> /dev/null"},
		{"back@mx.example", "nobody root"},
		{"whole@example.org", ">> ~bob/"},
		{"whole@mx.example", "nobody whole@mx.example"},
		{"stale@mx.example", ">> ~bob/; later nosuch"},
		{"dead@mx.example", "nobody nosuch"},
		{"loop@mx.example", "error: loop@mx.example: /etc/aliases: alias loop: /etc/aliases: alias loop2: " +
			"/etc/aliases: alias loop3: /etc/aliases: alias loop2 leads back to itself"},
	}
	for _, tt := range tests {
		if got := in.routeText(d, tt.address); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.address, got, tt.want)
		}
	}
}

func TestPostmasterAlways(t *testing.T) {
	tests := []struct {
		name, aliases string
		users         []string
		want          string
	}{
		{"nothing at all", "", nil, ">>+ ~postmaster/"},
		{"a mailbox", "", []string{"postmaster"}, ">> ~postmaster/"},
		{"an alias", "postmaster: bob\n", []string{"bob"}, ">> ~bob/"},
		{"an alias to nobody", "postmaster: root\n", nil, ">>+ ~postmaster/"},
		{"an alias to nobody, and a mailbox", "postmaster: root\n", []string{"postmaster"}, ">> ~postmaster/"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := newInstance(t, tt.users...)
			if tt.aliases != "" {
				in.aliases(tt.aliases)
			}
			for _, address := range []string{"postmaster", "Postmaster@mx.example"} {
				if got := in.routeText(in.deliverer(), address); got != tt.want {
					t.Errorf("%s: got %s, want %s", address, got, tt.want)
				}
			}
		})
	}
}

func TestRouteRules(t *testing.T) {
	in := newInstance(t, "bob", "carol")
	in.rules(`# rules
robert@mx\.example          alias bob@mx.example
two@mx\.example             alias 'bob@mx.example, carol'
(.*)@old\.example           alias \1@new.example
(.*)@boxes\.example         >> \1/
(.*)@files\.example         >> ` + in.root + `/\1
all@mx\.example             >> ` + in.root + `/all/
here@mx\.example            >> all/
null@mx\.example            >> /dev/null
lmtp@mx\.example            >> lmtp:/run/lmtp
cmd@mx\.example             | '/bin/cat' '&'
tr@mx\.example              translate /bin/cat
rl1@mx\.example             alias rl2@mx.example
rl2@mx\.example             alias rl1@mx.example
bad@mx\.example             alias 'a b@'
part@mx\.example            alias \7@mx.example
`)
	in.aliases("sam: robert\n")
	d := in.deliverer()
	tests := []struct{ address, want string }{
		{"Robert@MX.example", ">> ~bob/"},
		{"sam@mx.example", ">> ~bob/"},
		{"two@mx.example", ">> ~bob/; >> ~carol/"},
		{"Any.One@old.example", "relay Any.One@new.example"},
		{"bob@boxes.example", ">> ~bob/"},
		{"nosuch@boxes.example", "nobody nosuch@boxes.example"},
		{"../bob@boxes.example", `nobody "../bob"@boxes.example`},
		{"nosuch@files.example", "nobody nosuch@files.example"},
		{"all@mx.example", ">>+ /all/"},
		{"here@mx.example", ">>+ ~all/"},
		{"null@mx.example", ">> /dev/null"},
		{"lmtp@mx.example", ">> lmtp:/run/lmtp"},
		{"cmd@mx.example", "| /bin/cat cmd@mx.example"},
		{"tr@mx.example", "later tr@mx.example"},
		{"rl1@mx.example", "error: rl1@mx.example: /etc/postern/rewrite:13: rl1@mx.example leads back to itself"},
		{"part@mx.example", `error: part@mx.example: /etc/postern/rewrite:16: the pattern has no part \7`},
		{"other@remote.example", "relay other@remote.example"},
		{"bob@mx.example", ">> ~bob/"},
	}
	for _, tt := range tests {
		if got := in.routeText(d, tt.address); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.address, got, tt.want)
		}
	}
}

// TestBroken is what may not bounce mail: files that cannot be understood.
func TestBroken(t *testing.T) {
	tests := []struct {
		name, address, words string
		make                 func(in *instance)
	}{
		{"rules", "bob@mx.example", "rewrite:2: unknown type", func(in *instance) { in.rules("a alias b\nx y z\n") }},
		{"pattern", "bob@mx.example", "rewrite:1: error parsing regexp", func(in *instance) { in.rules("'(' alias b\n") }},
		{"rules of all", "bob@mx.example", "others may write it", func(in *instance) {
			in.put(in.places.Etc()+"/rewrite", "", 0o666)
		}},
		{"aliases of all", "bob@mx.example", "others may write it", func(in *instance) { in.put(in.places.Aliases(), "", 0o666) }},
		{"line in aliases", "nosuch@mx.example", "aliases:2: not an entry", func(in *instance) { in.aliases("a: b\nwords\n") }},
		{"twice in aliases", "nosuch@mx.example", `alias "A" is there twice`, func(in *instance) { in.aliases("a: bob\nA: carol\n") }},
		{"member", "a@mx.example", "alias a: ", func(in *instance) { in.aliases("a: @@\n") }},
		{"a name with control characters", "a@mx.example", "is no name", func(in *instance) { in.aliases("a: b\x01c\n") }},
		{"a long name", "a@mx.example", "is no name", func(in *instance) { in.aliases("a: " + strings.Repeat("x", maxName+1) + "\n") }},
		{"no name", "a@mx.example", "is no name", func(in *instance) { in.aliases("a: Ann <>\n") }},
		{"missing include", "a@mx.example", "no such file", func(in *instance) { in.aliases("a: :include:/nonexistent/x\n") }},
		{"relative include", "a@mx.example", "must begin with /", func(in *instance) { in.aliases("a: :include:x\n") }},
		{"linked mailbox", "link@mx.example", "symbolic link", func(in *instance) {
			os.Symlink(in.box("bob"), in.box("link"))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := newInstance(t, "bob")
			tt.make(in)
			answer, err := in.deliverer().Ask(context.Background(), mailbox(tt.address))
			if answer != Broken || err == nil || !strings.Contains(err.Error(), tt.words) {
				t.Errorf("got %v, %v, want Broken with %q", answer, err, tt.words)
			}
		})
	}
}

func TestInclude(t *testing.T) {
	in := newInstance(t, "bob", "carol")
	list := in.put("list", "# members\nbob,\n\\carol\na@remote.example\n:include:"+in.root+"/more\n", 0o644)
	in.put("more", "b@remote.example\n", 0o600)
	open := in.put("open", "bob\n", 0o664)
	self := in.put("self", "bob\n:include:"+in.root+"/self\n", 0o644)
	named := in.put("named", "carol\nnamed\n", 0o644)
	fifo := in.root + "/fifo"
	mkfifo(t, fifo)
	os.Symlink(list, in.root+"/symlink")
	in.aliases("list: :include:" + list + "\nopen: :include:" + open + "\nself: :INCLUDE: " + self +
		"\nnamed: :include:" + named + "\nfifo: :include:" + fifo + "\nlink: :include:" + in.root + "/symlink\n")
	d := in.deliverer()
	tests := []struct{ address, want string }{
		{"list@mx.example", ">> ~bob/; >> ~carol/; relay a@remote.example; relay b@remote.example"},
		{"open@mx.example", "error: open@mx.example: /etc/aliases: alias open: /open: others may write it (mode -rw-rw-r--)"},
		{"self@mx.example", "error: self@mx.example: /etc/aliases: alias self: :include:/self leads back to itself"},
		{"named@mx.example", ">> ~carol/; later named"},
		{"fifo@mx.example", "error: fifo@mx.example: /etc/aliases: alias fifo: open /fifo: not a regular file"},
	}
	for _, tt := range tests {
		if got := in.routeText(d, tt.address); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.address, got, tt.want)
		}
	}
	if got := in.routeText(d, "link@mx.example"); !strings.HasPrefix(got, "error: ") {
		t.Errorf("a linked include: got %s, want an error", got)
	}
}

// A user's list holds addresses alone: its files and commands would be ours.
func TestIncludeOfUser(t *testing.T) {
	e2e.NeedRoot(t)
	in := newInstance(t, "bob")
	for member, want := range map[string]string{
		"a@remote.example\n\\bob\n": ">> ~bob/; relay a@remote.example",
		"|/bin/cat\n":               "only addresses may stand",
		"/dev/null\n":               "only addresses may stand",
		":include:/etc/passwd\n":    "only addresses may stand",
	} {
		list := in.put("list", member, 0o644)
		in.aliases("list: :include:" + list + "\n")
		for owner, want := range map[int]string{0: "", 12345: want} {
			if err := os.Chown(list, owner, 0); err != nil {
				t.Fatal(err)
			}
			got := in.routeText(in.deliverer(), "list@mx.example")
			if !strings.Contains(got, want) || owner == 0 && strings.Contains(got, "only addresses") {
				t.Errorf("%q of %d: got %s, want %s", member, owner, got, want)
			}
		}
	}
}

func TestAliasDepth(t *testing.T) {
	in := newInstance(t, "bob")
	var text strings.Builder
	for c := 'a'; c < 'z'; c++ {
		text.WriteString(string(c) + ": " + string(c+1) + "\n")
	}
	text.WriteString("z: bob\n")
	in.aliases(text.String())
	d := in.deliverer()
	if got := in.routeText(d, "q@mx.example"); got != ">> ~bob/" {
		t.Errorf("ten deep: got %s", got)
	}
	if got := in.routeText(d, "a@mx.example"); !strings.Contains(got, "leads back to itself") {
		t.Errorf("26 deep: got %s, want an error", got)
	}
}

func TestFilesAreReadAgain(t *testing.T) {
	in := newInstance(t, "bob", "carol")
	in.aliases("a: bob\n")
	d := in.deliverer()
	now := time.Now()
	d.aliases.Now = func() time.Time { return now }
	d.aliases.Load()
	in.aliases("a: carol, bob\n")
	now = now.Add(time.Hour)
	if got := in.routeText(d, "a@mx.example"); got != ">> ~bob/; >> ~carol/" {
		t.Errorf("a changed file: got %s", got)
	}
	os.Remove(in.places.Aliases())
	now = now.Add(time.Hour)
	d.routes = routeCache{}
	if got := in.routeText(d, "a@mx.example"); got != "nobody a@mx.example" {
		t.Errorf("a removed file: got %s", got)
	}
}

func TestAsk(t *testing.T) {
	in := newInstance(t, "bob")
	in.aliases("away: a@remote.example\n")
	in.rules("(.*)@old\\.example alias \\1@new.example\n(.*)@box\\.example >> bob/\n")
	d := in.deliverer()
	for address, want := range map[string]Answer{
		"bob@mx.example":  Known,
		"away@mx.example": Known,
		"x@mx.example":    Unknown,
		"x@other.example": Remote,
		"x@old.example":   Remote, // a rule is no leave to relay
		"x@box.example":   Known,
		"postmaster":      Known,
	} {
		if got, err := d.Ask(context.Background(), mailbox(address)); got != want || err != nil {
			t.Errorf("%s: got %v, %v, want %v", address, got, err, want)
		}
	}
}

// TestHostile are addresses as attackers send them: each is nobody, or stays
// on its way to another host; none reaches a file that is not a mailbox.
func TestHostile(t *testing.T) {
	in := newInstance(t, "bob")
	in.config.Domains = []string{"*.files.example"}
	in.rules(`(.*)@files\.example >> ` + in.root + "/var/lib/postern/mail/\\1\n")
	in.put("secret", "", 0o600)
	d := in.deliverer()
	locals := []string{
		".", "..", "...", "../bob", "../../../etc/passwd", "/etc/passwd", "//bob", "bob/", "./bob", "bob/.", "bob/new", "bob/../bob",
		"../../../../secret", ".bob", "..bob", "bob\x00", "bob\x00/../x", "bob\n", "bob\r\nX: y", "\tbob", " bob", "bob ", "", " ",
		"|/bin/sh", "|id", "`id`", "$(id)", "${IFS}id", ";id", "&& id", "bob;id", "bob|id", "-f", "--", "-oQ/tmp", "-C/etc/passwd",
		"*", "?", "[a-z]*", "~bob", "~", "%00", "%2e%2e%2fbob", "bob%remote.example", "remote.example!bob", "bob@remote.example",
		":include:/etc/passwd", "/dev/null", "\\bob", "\"bob\"", "'bob'", "bob\xff", "\u202ebob", "b\u00f6b", "bob\u2024x", "b\uff0fob",
		"con", "nul.", strings.Repeat("a", 300), strings.Repeat("../", 40), strings.Repeat("\u00e9", 64), "%" + strings.Repeat("0", 64),
	}
	if len(locals) < 50 {
		t.Fatalf("only %d hostile names", len(locals))
	}
	for _, local := range locals {
		for _, domain := range []string{"mx.example", "files.example", "sub.files.example", ""} {
			list, err := d.Route(context.Background(), smtp.Mailbox{Local: local, Domain: domain})
			if err != nil || !unknown(list) {
				t.Errorf("%q@%s: got %v, %v, want nobody", local, domain, list, err)
			}
		}
	}
	for _, m := range []string{"bob@../mx.example", "bob@mx.example/", "bob@mx.example@x", "bob@[mx.example]", "bob@", "bob@mx.example\n"} {
		list, err := d.Route(context.Background(), mailbox(m))
		if m == "bob@" {
			continue // no domain: a name of this host
		}
		if err != nil || len(list) != 1 || list[0].Kind != Relay {
			t.Errorf("%q: got %v, %v, want relay", m, list, err)
		}
	}
}
