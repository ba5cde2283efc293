package auth

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// scramClient is the client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677).
type scramClient struct {
	clientBase
	header  string // gs2-header
	binding []byte // with -PLUS
	nonce   string
	first   string // client-first-message-bare

	step      int
	signature []byte // what the server has to say
	proved    bool   // it has
}

func newScramClient(base clientBase, c Choice) *scramClient {
	x := &scramClient{clientBase: base, nonce: newNonce(), header: "n,,"}
	switch {
	case base.mechanism == ScramPlus:
		x.header, x.binding = "p=tls-exporter,,", c.Binding
	case c.Binding != nil && !c.offers(ScramPlus) && len(c.Only) == 0:
		x.header = "y,," // we would bind, and see no offer (RFC 5802 section 6)
	}
	x.first = "n=" + quoteName(base.with.User) + ",r=" + x.nonce
	return x
}

func (x *scramClient) Initial() ([]byte, bool) { return []byte(x.header + x.first), true }

func (x *scramClient) Next(challenge []byte) ([]byte, error) {
	x.step++
	switch x.step {
	case 1:
		return x.prove(challenge)
	case 2:
		return []byte{}, x.check(challenge)
	}
	return nil, ErrSyntax
}

// prove answers server-first-message.
func (x *scramClient) prove(challenge []byte) ([]byte, error) {
	nonce, salt, iterations, err := parseServerFirst(challenge)
	if err != nil {
		return nil, err
	}
	if len(nonce) <= len(x.nonce) || !bytes.HasPrefix(nonce, []byte(x.nonce)) {
		return nil, fmt.Errorf("%w: its nonce does not begin with ours", ErrServer)
	}
	salted, err := saltPassword(x.with.Password, salt, iterations)
	if err != nil {
		return nil, err
	}
	final := "c=" + encode64(append([]byte(x.header), x.binding...)) + ",r=" + string(nonce)
	signed := x.first + "," + string(challenge) + "," + final
	x.signature = mac(mac(salted, "Server Key"), signed)
	clientKey := mac(salted, "Client Key")
	stored := sha256.Sum256(clientKey)
	subtle.XORBytes(clientKey, clientKey, mac(stored[:], signed))
	return []byte(final + ",p=" + encode64(clientKey)), nil
}

// parseServerFirst reads r=...,s=...,i=... and keeps to bounds: too few rounds
// would help whoever pretends to be the server, too many keep us busy.
func parseServerFirst(message []byte) (nonce, salt []byte, iterations int, err error) {
	nonce, rest, ok := scramField(message, 'r')
	salt64, rest, ok2 := scramField(rest, 's')
	count, _, ok3 := scramField(rest, 'i')
	if !ok || !ok2 || !ok3 || !validNonce(nonce) || !utf8.Valid(message) {
		return nil, nil, 0, fmt.Errorf("%w: its challenge is none of SCRAM", ErrServer)
	}
	salt, ok = decode64(salt64)
	iterations, err = strconv.Atoi(string(count))
	if !ok || len(salt) == 0 || len(salt) > MaxNonce || err != nil || iterations < MinIterations || iterations > MaxIterations {
		return nil, nil, 0, fmt.Errorf("%w: %.20q rounds, and a salt of %d octets", ErrServer, count, len(salt))
	}
	return nonce, salt, iterations, nil
}

// check takes server-final-message.
func (x *scramClient) check(challenge []byte) error {
	value, _, ok := scramField(challenge, 'v')
	if !ok {
		return ErrCredentials // e=...
	}
	signature, ok := decode64(value)
	if !ok || !hmac.Equal(signature, x.signature) {
		return fmt.Errorf("%w: it does not know the password", ErrServer)
	}
	x.proved = true
	return nil
}

// Finish fails when the server says that we are in without having proved that
// it knows who we are.
func (x *scramClient) Finish() error {
	if !x.proved {
		return fmt.Errorf("%w: it has not proved that it knows the password", ErrServer)
	}
	return nil
}
