// Package place is the table of the paths that the programs use when nothing
// else is said.
//
// All of them may be moved below another folder, $POSTERN_ROOT, which makes a
// private instance that needs no privilege.
package place

// version and prefix are set by the build:
//
//	go build -ldflags '-X postern/lib/place.prefix=/usr'
var (
	version = "0.1"
	prefix  = "/usr/local"
)

// Version is the version of the toolkit, "0.1".
func Version() string { return version }

// Places are the paths below one root. The zero value is the system's own.
type Places struct{ root string }

// New gives the paths below root, which is $POSTERN_ROOT in a program; "" and
// "/" both mean the system's own. A slash at the end of root does not count.
func New(root string) Places {
	for len(root) > 0 && root[len(root)-1] == '/' {
		root = root[:len(root)-1]
	}
	return Places{root}
}

// Root is the folder in front of all others, "" for the system's own.
func (p Places) Root() string { return p.root }

// Etc holds the configuration: /etc/postern.
func (p Places) Etc() string { return p.root + "/etc/postern" }

// Spool holds what is on its way: /var/spool/postern.
func (p Places) Spool() string { return p.root + "/var/spool/postern" }

// Queue holds the messages that wait for delivery.
func (p Places) Queue() string { return p.Spool() + "/queue" }

// Lib holds what lasts: /var/lib/postern.
func (p Places) Lib() string { return p.root + "/var/lib/postern" }

// Mail holds the Maildirs of the default rules, one for each user.
func (p Places) Mail() string { return p.Lib() + "/mail" }

// Run holds sockets and process numbers: /run/postern.
func (p Places) Run() string { return p.root + "/run/postern" }

// Submit is the socket at which those who cannot write the spool hand in mail.
func (p Places) Submit() string { return p.Run() + "/submit" }

// Mailq is the socket at which those who cannot read the spool see what they
// have handed in.
func (p Places) Mailq() string { return p.Run() + "/mailq" }

// Aliases is the system's table of aliases: /etc/aliases.
func (p Places) Aliases() string { return p.root + "/etc/aliases" }

// Programs holds the programs that other programs start:
// /usr/local/lib/postern, unless the build chose another prefix.
func (p Places) Programs() string { return p.root + prefix + "/lib/postern" }
