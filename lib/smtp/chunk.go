package smtp

import "io"

// ChunkState is what has to be known from one BDAT to the next of the same
// message. The zero value is the beginning of a message.
type ChunkState struct {
	TextResult
}

// Chunk reads the n octets of a BDAT (RFC 3030), neither more nor less, and
// writes them with LF line ends, a CRLF that lies across two chunks included.
// The error is one of reading alone; faults of the text are in the state.
func (r *Reader) Chunk(w io.Writer, n int64, st *ChunkState, o TextOptions) error { return nil }

// Finish ends the message behind the last chunk: a CR at the very end is a
// bare one, and a last line without an end gets its LF.
func (st *ChunkState) Finish(w io.Writer, o TextOptions) {}

// Discard reads n octets and throws them away: the chunk of a refused BDAT.
func (r *Reader) Discard(n int64) error { return nil }
