package auth

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/md5"
	"encoding/hex"
)

// cramExchange is CRAM-MD5 (RFC 2195): a challenge, and as the response the
// name, a blank, and HMAC-MD5 of the challenge under the password. It keeps
// the password from who listens, and nothing more.
type cramExchange struct {
	claimed
	accounts    accounts
	host, nonce string
	asked       bool
}

func (x *cramExchange) Next(_ context.Context, response []byte) ([]byte, bool, error) {
	if !x.asked {
		if response != nil { // the server speaks first
			return nil, false, ErrSyntax
		}
		x.asked = true
		return x.challenge(), false, nil
	}
	i := bytes.LastIndexByte(response, ' ')
	if i < 0 {
		return nil, false, ErrSyntax
	}
	if err := x.claim(string(response[:i])); err != nil {
		return nil, false, err
	}
	password, err := x.accounts.secret(x.User())
	if err != nil {
		return nil, false, err
	}
	if !hmac.Equal([]byte(cramDigest(password, x.challenge())), bytes.ToLower(response[i+1:])) {
		return nil, false, ErrCredentials
	}
	return nil, true, nil
}

// challenge has the form of a Message-ID, and is never used again.
func (x *cramExchange) challenge() []byte { return []byte("<" + x.nonce + "@" + x.host + ">") }

func cramDigest(password string, challenge []byte) string {
	h := hmac.New(md5.New, []byte(password))
	h.Write(challenge)
	return hex.EncodeToString(h.Sum(nil))
}
