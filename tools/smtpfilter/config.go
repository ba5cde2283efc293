package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"postern/lib/conf"
	"postern/lib/place"
	"postern/lib/sysexits"
)

// config is what smtpfilter obeys of smtpd.conf(5).
type config struct {
	table   *conf.Table
	etcDir  string
	program []string
	trusted []netip.Prefix
}

var rows = []conf.Row[config]{
	{Name: "EtcDir", Args: "folder", Default: "/etc/postern",
		Value: func(c *config) conf.Value { return conf.String(&c.etcDir) },
		Old:   conf.Old{Avenger: "/etc/avenger"},
		Help:  "Where the program is looked for when it is named without a folder."},
	{Name: "SMTPFilter", Args: "program [argument ...]",
		Value: func(c *config) conf.Value { return conf.Strings(&c.program) },
		Help:  "The program that tells the packet filter, see Programs."},
	{Name: "TrustedNet", Synonyms: []string{"ournets"}, Args: "net ...", Repeat: true,
		Value: func(c *config) conf.Value { return conf.Nets(&c.trusted) },
		Help:  "Clients from these networks are never kept out, whoever asks for it."},
}

// loadConfig reads the file, which is smtpd's: of directives that are not ours
// it is smtpd that complains.
func loadConfig(spec string, places place.Places) (*config, error) {
	c := &config{etcDir: places.Etc()}
	c.table = conf.NewTable(conf.Of(rows, c))
	_, err := c.table.ReadFile(conf.Source{Spec: spec, Usual: filepath.Join(places.Etc(), "smtpd.conf"), Foreign: true})
	if err != nil {
		return nil, err
	}
	return c, c.findProgram()
}

// findProgram makes the program's path absolute. It is run with a privilege,
// so that nobody but its owner may write it.
func (c *config) findProgram() error {
	if len(c.program) == 0 {
		return errors.New("no SMTPFilter in the configuration")
	}
	if !filepath.IsAbs(c.program[0]) {
		c.program[0] = filepath.Join(c.etcDir, c.program[0])
	}
	st, err := os.Stat(c.program[0])
	switch {
	case err != nil:
		return fmt.Errorf("SMTPFilter: %w", err)
	case !st.Mode().IsRegular() || st.Mode()&0o111 == 0:
		return fmt.Errorf("SMTPFilter: %s: %w", c.program[0], fs.ErrPermission)
	case st.Mode()&0o022 != 0:
		return fmt.Errorf("SMTPFilter: %s: others than its owner may write it", c.program[0])
	}
	return nil
}

// command is SMTPFilter's program and arguments, and then words.
func (c *config) command(words []string) []string { return slices.Concat(c.program, words) }

// report is --check: what is in force.
func (c *config) report(stdout, stderr io.Writer) int {
	if err := c.table.Check(stdout); err != nil {
		fmt.Fprintf(stderr, "smtpfilter: %v\n", err)
		return sysexits.IOErr
	}
	return sysexits.OK
}

// neverOut says that a network has clients in it that are not to be kept out:
// trusted ones, and this host.
func (c *config) neverOut(net netip.Prefix) bool {
	if a := net.Addr(); a.IsLoopback() || a.IsUnspecified() || net.Contains(netip.IPv6Loopback()) {
		return true
	}
	for _, t := range c.trusted {
		if t.Overlaps(net) {
			return true
		}
	}
	return false
}
