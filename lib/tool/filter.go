package tool

import (
	"context"
	"io"
)

// Filter reads lines, each a record or bare words, makes the check for each, and
// writes each as a record with the program's attributes, in the order of the
// input. Up to f.Jobs checks are made at once. What is done is written when
// nothing more is there to be written soon. A line that cannot be checked goes
// out with the attribute error.
func (p *Program) Filter(ctx context.Context, c Checker, f Flags, in io.Reader, out io.Writer) error {
	return nil
}
