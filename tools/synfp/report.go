package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
)

// report is --check: what is in force, in the grammar of smtpd.conf(5), and in
// its comments what there is to work with. The error is what the operands or
// --collect ask for and cannot be had.
func (p *program) report(out io.Writer, w wanted, n naming, c config) error {
	names, missing := w.choose()
	may := ready()
	_, err := fmt.Fprintf(out, "SynOsMTU %d\nSynFpBuf %d\nSynFpWait %d\n# signatures: %d\n# interfaces: %s\n# capturing: %s\n# collector: %s\n",
		c.mtu, c.keep, c.waitMs, n.db.Len(), sayList(names, missing), sayError(may, "permitted"), sayError(answers(p.path()), p.path()+" answers"))
	switch {
	case err != nil || !p.collect && w.zero():
		return err
	case may != nil:
		return fmt.Errorf("cannot capture: %w", may)
	case p.collect: // it waits for interfaces
		return nil
	}
	return missing
}

// zero says whether there were no operands.
func (w wanted) zero() bool { return w.port == 0 && !w.addr.IsValid() && len(w.interfaces) == 0 }

// sayList names what was found, and what is missing.
func sayList(names []string, missing error) string {
	text := strings.Join(names, " ")
	if missing != nil {
		text = strings.TrimPrefix(text+"; "+missing.Error(), "; ")
	}
	return text
}

func sayError(err error, otherwise string) string {
	if err == nil {
		return otherwise
	}
	return err.Error()
}

// answers says whether a collector is there, by what is wrong.
func answers(socket string) error {
	c, err := net.Dial("unix", socket)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("none at %s", socket)
	}
	if err != nil {
		return err
	}
	return c.Close()
}
