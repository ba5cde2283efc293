package auth

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
)

// scramExchange is the server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677):
//
//	C: n,,n=user,r=rOprNGfw           client-first-message
//	S: r=rOprNGfw%hvYDp,s=W22Za,i=4096
//	C: c=biws,r=rOprNGfw%hvYDp,p=dHz  client-final-message
//	S: v=6rriTRBi23W
//	C:                                nothing, where success carries no data
type scramExchange struct {
	claimed
	accounts accounts
	binding  []byte // not nil: channel binding was offered
	plus     bool   // and is used
	nonce    string // ours

	step    int
	header  []byte // gs2-header
	first   []byte // client-first-message-bare, a comma, server-first-message
	both    []byte // both nonces
	account ScramKeys
}

func (x *scramExchange) Next(_ context.Context, response []byte) (challenge []byte, done bool, err error) {
	if response == nil {
		return []byte{}, false, nil // the client speaks first
	}
	x.step++
	switch x.step {
	case 1:
		challenge, err = x.begin(response)
	case 2:
		challenge, err = x.prove(response)
	case 3:
		if len(response) > 0 {
			return nil, false, ErrSyntax
		}
		return nil, true, nil
	default:
		err = ErrSyntax
	}
	return challenge, false, err
}

// begin takes client-first-message.
func (x *scramExchange) begin(message []byte) ([]byte, error) {
	bare, err := x.gs2(message)
	if err != nil {
		return nil, err
	}
	quoted, rest, ok := scramField(bare, 'n')
	if !ok { // m=, an extension that must be understood, among others
		return nil, ErrSyntax
	}
	nonce, _, ok := scramField(rest, 'r')
	if !ok || !validNonce(nonce) {
		return nil, ErrSyntax
	}
	name, ok := unquoteName(quoted)
	if !ok {
		return nil, ErrSyntax
	}
	if err := x.claimAs(name); err != nil {
		return nil, err
	}
	if x.account, err = x.accounts.keys(name); err != nil {
		return nil, err
	}
	x.both = append(bytes.Clone(nonce), x.nonce...)
	challenge := []byte("r=" + string(x.both) + ",s=" + encode64(x.account.Salt) + ",i=" + strconv.Itoa(x.account.Iterations))
	x.first = bytes.Join([][]byte{bare, challenge}, []byte{','})
	return challenge, nil
}

// gs2 takes gs2-header off: what the client says of channel binding, and whom
// it wants to act as (RFC 5801 section 4).
func (x *scramExchange) gs2(message []byte) (bare []byte, err error) {
	flag, rest, ok := bytes.Cut(message, []byte{','})
	as, bare, ok2 := bytes.Cut(rest, []byte{','})
	if !ok || !ok2 {
		return nil, ErrSyntax
	}
	if err := x.checkFlag(string(flag)); err != nil {
		return nil, err
	}
	if len(as) > 0 && !bytes.HasPrefix(as, []byte("a=")) {
		return nil, ErrSyntax
	}
	x.header = bytes.Clone(message[:len(message)-len(bare)])
	return bare, nil
}

// checkFlag judges gs2-cbind-flag (RFC 5802 section 6): with -PLUS the client
// has to bind, without it cannot, and one that says that we offered no binding
// though we did was lied to.
func (x *scramExchange) checkFlag(flag string) error {
	switch {
	case x.plus && flag == "p=tls-exporter":
		return nil
	case x.plus, len(flag) > 0 && flag[0] == 'p':
		return fmt.Errorf("%w: channel binding %.40q", ErrSyntax, flag)
	case flag == "n", flag == "y" && x.binding == nil:
		return nil
	case flag == "y":
		return fmt.Errorf("%w: somebody took the mechanism with channel binding from what we offered", ErrCredentials)
	}
	return ErrSyntax
}

// claimAs takes the name, which has to be the one to act as, if any is given.
func (x *scramExchange) claimAs(name string) error {
	if err := x.claim(name); err != nil {
		return err
	}
	_, as, _ := bytes.Cut(bytes.TrimSuffix(x.header, []byte{','}), []byte(",a="))
	if other, ok := unquoteName(as); !ok || other != "" && other != name {
		return ErrCredentials
	}
	return nil
}

// prove takes client-final-message.
func (x *scramExchange) prove(message []byte) ([]byte, error) {
	channel, rest, ok := scramField(message, 'c')
	nonce, rest, ok2 := scramField(rest, 'r')
	if !ok || !ok2 || !bytes.Equal(nonce, x.both) {
		return nil, ErrSyntax
	}
	i := bytes.LastIndex(message, []byte(",p="))
	if i < len(message)-len(rest)-1 {
		return nil, ErrSyntax
	}
	proof, ok := decode64(message[i+len(",p="):])
	bound, ok2 := decode64(channel)
	if !ok || !ok2 {
		return nil, ErrSyntax
	}
	if !bytes.Equal(bound, x.bound()) {
		return nil, fmt.Errorf("%w: another channel", ErrCredentials)
	}
	signed := bytes.Join([][]byte{x.first, message[:i]}, []byte{','})
	if !x.account.proves(proof, signed) {
		return nil, ErrCredentials
	}
	return []byte("v=" + encode64(mac(x.account.Server, string(signed)))), nil
}

// bound is cbind-input: what the client has to repeat.
func (x *scramExchange) bound() []byte {
	if x.plus {
		return append(bytes.Clone(x.header), x.binding...)
	}
	return x.header
}
