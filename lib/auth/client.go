package auth

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Credentials are what a client proves to a server who it is with.
type Credentials struct {
	User     string
	Password string
	Token    string // an access token of OAuth 2, instead of a password
}

// Choice says which of a server's mechanisms a client may use.
type Choice struct {
	Offered   []string // by the server
	Only      []string // of these, if there are any
	Plaintext bool     // also those that show the password: the channel is encrypted
	Binding   []byte   // the tls-exporter channel binding, where there is one
}

// ErrNoMechanism is Choose's when nothing that the server offers is fit.
var ErrNoMechanism = errors.New("no mechanism in common")

// ErrServer is a server that does not prove that it knows us, or asks for what
// no server should be given.
var ErrServer = errors.New("the server is not to be trusted")

// Client is the client's side of one authentication.
type Client interface {
	// Mechanism is its name.
	Mechanism() string
	// Initial is the initial response; ok is false where the server speaks
	// first.
	Initial() (response []byte, ok bool)
	// Next answers a challenge. An error ends the exchange, which is to be
	// cancelled.
	Next(challenge []byte) (response []byte, err error)
	// Finish is called when the server says that we are in. It fails with
	// ErrServer when the server should have proved who it is and has not.
	Finish() error
}

// preference lists what a client speaks, strongest first.
func preference() []string { return []string{ScramPlus, Scram, XOAuth2, CramMD5, Plain, Login} }

// Choose begins an exchange by the strongest mechanism that both sides speak
// and the credentials are fit for. The error is ErrNoMechanism, and says which
// were offered.
func Choose(c Choice, with Credentials) (Client, error) {
	for _, m := range preference() {
		if c.offers(m) && c.allows(m, with) {
			return newClient(m, c, with), nil
		}
	}
	return nil, fmt.Errorf("%w: the server offers %s", ErrNoMechanism, strings.Join(c.Offered, " "))
}

func (c Choice) offers(mechanism string) bool {
	same := func(s string) bool { return strings.EqualFold(s, mechanism) }
	return slices.ContainsFunc(c.Offered, same) && (len(c.Only) == 0 || slices.ContainsFunc(c.Only, same))
}

// allows says whether the credentials may be used in a mechanism.
func (c Choice) allows(mechanism string, with Credentials) bool {
	if Plaintext(mechanism) && !c.Plaintext || Binds(mechanism) && c.Binding == nil {
		return false
	}
	return (mechanism == XOAuth2) == (with.Token != "")
}

func newClient(mechanism string, c Choice, with Credentials) Client {
	base := clientBase{mechanism, with}
	switch mechanism {
	case ScramPlus, Scram:
		return newScramClient(base, c)
	case XOAuth2:
		return &xoauth2Client{base}
	case CramMD5:
		return &cramClient{base}
	case Plain:
		return &plainClient{base}
	}
	return &loginClient{clientBase: base}
}

// clientBase is what all mechanisms have in common.
type clientBase struct {
	mechanism string
	with      Credentials
}

func (c *clientBase) Mechanism() string       { return c.mechanism }
func (c *clientBase) Initial() ([]byte, bool) { return nil, false }
func (c *clientBase) Finish() error           { return nil }

type plainClient struct{ clientBase }

func (c *plainClient) Initial() ([]byte, bool) {
	return []byte("\x00" + c.with.User + "\x00" + c.with.Password), true
}

// Next has nothing to answer: all was said.
func (c *plainClient) Next([]byte) ([]byte, error) { return nil, ErrSyntax }

type loginClient struct {
	clientBase
	asked int
}

// Next answers the first question with the name and the second with the
// password, whatever their words are.
func (c *loginClient) Next([]byte) ([]byte, error) {
	c.asked++
	switch c.asked {
	case 1:
		return []byte(c.with.User), nil
	case 2:
		return []byte(c.with.Password), nil
	}
	return nil, ErrSyntax
}

type cramClient struct{ clientBase }

func (c *cramClient) Next(challenge []byte) ([]byte, error) {
	return []byte(c.with.User + " " + cramDigest(c.with.Password, challenge)), nil
}

// xoauth2Client is Google's and Microsoft's way to show an access token.
type xoauth2Client struct{ clientBase }

func (c *xoauth2Client) Initial() ([]byte, bool) {
	return []byte("user=" + c.with.User + "\x01auth=Bearer " + c.with.Token + "\x01\x01"), true
}

// Next takes the server's reason for a refusal, which is to be answered by
// nothing; then it refuses.
func (c *xoauth2Client) Next([]byte) ([]byte, error) { return []byte{}, nil }
