// Package smtp has the words of the protocol that its two sides share:
// replies with their enhanced codes, paths and mailboxes, parameters, the
// envelope, and strict readers of command lines, message text and replies.
//
// It holds no state of a session and opens nothing: whoever reads gives an
// io.Reader that has its own deadlines. Every bound is a named constant
// beside the section of RFC 5321 that it comes from.
package smtp
