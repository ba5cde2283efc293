package auth

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
)

// The example of RFC 7677 section 3, from both sides.
const (
	vectorFirst  = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
	vectorServer = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
	vectorFinal  = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
	vectorEnd    = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
)

// oneUser is accounts with the user of the vector.
type oneUser struct{ accounts }

func (oneUser) keys(string) (ScramKeys, error) {
	salt, _ := base64.StdEncoding.DecodeString("W22ZaJ0SNY7soEsUEjb6gQ==")
	return MakeScramKeys("pencil", salt, 4096)
}

func TestScramVector(t *testing.T) {
	ctx := context.Background()
	server := &scramExchange{accounts: oneUser{}, nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"}
	client := newScramClient(clientBase{Scram, Credentials{User: "user", Password: "pencil"}}, Choice{})
	client.nonce, client.first = "rOprNGfwEbeRWgbNEkqO", "n=user,r=rOprNGfwEbeRWgbNEkqO"

	first, _ := client.Initial()
	challenge, _, err := server.Next(ctx, first)
	if string(first) != vectorFirst || string(challenge) != vectorServer || err != nil {
		t.Fatalf("client %q, server %q, %v", first, challenge, err)
	}
	final, err := client.Next(challenge)
	if string(final) != vectorFinal || err != nil {
		t.Fatalf("client %q, %v", final, err)
	}
	end, done, err := server.Next(ctx, final)
	if string(end) != vectorEnd || done || err != nil {
		t.Fatalf("server %q, %v, %v", end, done, err)
	}
	last, err := client.Next(end)
	if len(last) != 0 || err != nil || client.Finish() != nil {
		t.Fatalf("client %q, %v", last, err)
	}
	if _, done, err := server.Next(ctx, last); !done || err != nil || server.User() != "user" {
		t.Errorf("server %v, %v, %q", done, err, server.User())
	}
	if _, _, err := server.Next(ctx, nil); err == nil {
		_, _, err = server.Next(ctx, []byte{})
		if err == nil {
			t.Error("the exchange goes on behind its end")
		}
	}
}

func TestScramEntries(t *testing.T) {
	u := usersOf(t, entry(t, "a=n,n", ScramScheme, "secret"), entry(t, "bob", PlainScheme, "geheim"),
		"joe:$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e")
	bound := bytes.Repeat([]byte{7}, 32)
	for _, tt := range []struct {
		user, password string
		want           error
	}{
		{"a=n,n", "secret", nil},
		{"bob", "geheim", nil},
		{"bob", "secret", ErrCredentials},
		{"joe", "secret", ErrCredentials},
		{"eve", "secret", ErrCredentials},
	} {
		for _, c := range []Choice{{Offered: []string{Scram}}, {Offered: []string{ScramPlus, Scram}, Binding: bound}} {
			user, err := logIn(u, c, Credentials{User: tt.user, Password: tt.password}, Peer{Binding: c.Binding})
			if !errors.Is(err, tt.want) || user != tt.user {
				t.Errorf("%s with %v: %q, %v; want %v", tt.user, c.Offered, user, err, tt.want)
			}
		}
	}
}

// What a man in the middle may try with channel binding.
func TestScramBinding(t *testing.T) {
	u := usersOf(t, entry(t, "ann", ScramScheme, "secret"))
	ann := Credentials{User: "ann", Password: "secret"}
	here, there := bytes.Repeat([]byte{7}, 32), bytes.Repeat([]byte{8}, 32)
	for _, tt := range []struct {
		name  string
		c     Choice
		bound []byte
		want  error
	}{
		{"same channel", Choice{Offered: []string{ScramPlus, Scram}, Binding: here}, here, nil},
		{"two channels", Choice{Offered: []string{ScramPlus, Scram}, Binding: there}, here, ErrCredentials},
		{"offer taken away", Choice{Offered: []string{Scram}, Binding: here}, here, ErrCredentials},
		{"no offer", Choice{Offered: []string{Scram}, Binding: here}, nil, nil},
		{"no channel of the client's", Choice{Offered: []string{ScramPlus, Scram}}, here, nil},
		{"not wanted", Choice{Offered: []string{ScramPlus, Scram}, Only: []string{"scram-sha-256"}, Binding: here}, here, nil},
	} {
		if _, err := logIn(u, tt.c, ann, Peer{Binding: tt.bound}); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestScramServerSyntax(t *testing.T) {
	u := usersOf(t, entry(t, "ann", ScramScheme, "secret"))
	for _, first := range []string{
		"", "n", "n,", "n,,", "n,,r=abc", "n,,n=ann", "n,,n=ann,r=", "n,,n=ann,r=a b", "n,,n=ann,r=a\x7fb", "n,,n=,r=abc", "n,,n=a=nn,r=abc",
		"n,,n=a=2c,r=abc", "n,,m=x,n=ann,r=abc", "q,,n=ann,r=abc", "p=tls-unique,,n=ann,r=abc", "p=tls-exporter,,n=ann,r=abc",
		"n,ann,n=ann,r=abc", "n,,n=an\x00n,r=abc", "n,,n=ann,r=" + strings.Repeat("a", MaxNonce+1),
	} {
		if _, err := exchange(t, u, Scram, Peer{}, []byte(first)); !errors.Is(err, ErrSyntax) {
			t.Errorf("%.60q: %v, want %v", first, err, ErrSyntax)
		}
	}
	for _, first := range []string{"n,,n=ann,r=abc", "p=tls-unique,,n=ann,r=abc", "y,,n=ann,r=abc"} {
		if _, err := exchange(t, u, ScramPlus, Peer{Binding: make([]byte, 32)}, []byte(first)); !errors.Is(err, ErrSyntax) {
			t.Errorf("-PLUS, %q: %v, want %v", first, err, ErrSyntax)
		}
	}
	if _, err := exchange(t, u, Scram, Peer{}, []byte("n,a=bob,n=ann,r=abc")); !errors.Is(err, ErrCredentials) {
		t.Errorf("acting as another: %v", err)
	}
	if _, err := exchange(t, u, Scram, Peer{}, []byte("n,a=a=nn,n=ann,r=abc")); !errors.Is(err, ErrCredentials) {
		t.Errorf("acting as a malformed name: %v", err)
	}
	for _, final := range []string{"", "c=biws", "c=biws,r=abc,p=AAAA", "c=biws,r=%s", "c=biws,r=%s,p=", "c=biws,r=%s,p=!!!!", "c=b,r=%s,p=AAAA", "r=%s,c=biws,p=AAAA"} {
		x, _ := u.Begin(context.Background(), Scram, Peer{})
		challenge, _, err := x.Next(context.Background(), []byte("n,,n=ann,r=abc"))
		if err != nil {
			t.Fatal(err)
		}
		nonce, _, _ := strings.Cut(string(challenge[2:]), ",")
		_, _, err = x.Next(context.Background(), []byte(strings.ReplaceAll(final, "%s", nonce)))
		if !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrCredentials) {
			t.Errorf("%q: %v", final, err)
		}
	}
}

// Whoever knows the password has to say the rest right as well.
func TestScramFinal(t *testing.T) {
	const key = "pencil" // of oneUser
	for _, tt := range []struct {
		name, header, final, end string
		want                     error
	}{
		{"as it should be", "n,,", "c=biws,r=%s", "", nil},
		{"acting as oneself", "n,a=user,", "c=bixhPXVzZXIs,r=%s", "", nil},
		{"an extension", "n,,", "c=biws,r=%s,x=y", "", nil},
		{"another header", "n,,", "c=eSws,r=%s", "", ErrCredentials},
		{"no header", "n,,", "r=%s", "", ErrSyntax},
		{"a header not in base64", "n,,", "c=biw,r=%s", "", ErrSyntax},
		{"the client's nonce only", "n,,", "c=biws,r=abc", "", ErrSyntax},
		{"a longer nonce", "n,,", "c=biws,r=%sx", "", ErrSyntax},
		{"no nonce", "n,,", "c=biws", "", ErrSyntax},
		{"an extension that must be understood", "n,,", "m=x,c=biws,r=%s", "", ErrSyntax},
		{"a line end in the proof", "n,,", "c=biws,r=%s", "\n", ErrSyntax},
	} {
		x := &scramExchange{accounts: oneUser{}, nonce: "xyz"}
		challenge, _, err := x.Next(context.Background(), []byte(tt.header+"n=user,r=abc"))
		if err != nil {
			t.Fatal(err)
		}
		final := strings.ReplaceAll(tt.final, "%s", "abcxyz")
		signed := "n=user,r=abc," + string(challenge) + "," + final
		salted, _ := saltPassword(key, x.account.Salt, x.account.Iterations)
		proof := mac(x.account.Stored, signed)
		for i, c := range mac(salted, "Client Key") {
			proof[i] ^= c
		}
		_, _, err = x.Next(context.Background(), []byte(final+",p="+encode64(proof)+tt.end))
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// A name without a user gets a salt like any other, the same each time and in
// each process, and another one than its neighbour's.
func TestScramUnknownUser(t *testing.T) {
	u := usersOf(t, entry(t, "ann", ScramScheme, "secret"))
	ask := func(u *Users, name string) string {
		x, _ := u.Begin(context.Background(), Scram, Peer{})
		challenge, _, err := x.Next(context.Background(), []byte("n,,n="+name+",r=abc"))
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(challenge), ",")
		return rest
	}
	again := NewUsers(u.options)
	real, eve, bob := ask(u, "ann"), ask(u, "eve"), ask(u, "bob")
	if eve != ask(u, "eve") || eve != ask(again, "eve") || eve == bob || len(eve) != len(real) || !strings.HasSuffix(eve, ",i=4096") {
		t.Errorf("ann %q, eve %q and %q, bob %q", real, eve, ask(again, "eve"), bob)
	}
	// A changed file changes nothing of it.
	if err := appendLine(u.options.File, entry(t, "zoe", ScramScheme, "x")); err != nil {
		t.Fatal(err)
	}
	if now := ask(u, "eve"); now != eve {
		t.Errorf("eve's salt was %q and is %q", eve, now)
	}
}

func TestScramHostileServer(t *testing.T) {
	for _, challenge := range []string{
		"", "e=other-error", "r=%s,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=x%sx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		"r=%sx,s=,i=4096", "r=%sx,s=!,i=4096", "r=%sx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1", "r=%sx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4095",
		"r=%sx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999999999999", "r=%sx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=600001", "m=x,r=%sx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
	} {
		c := newScramClient(clientBase{Scram, Credentials{User: "ann", Password: "secret"}}, Choice{})
		response, err := c.Next([]byte(strings.ReplaceAll(challenge, "%s", c.nonce)))
		if !errors.Is(err, ErrServer) || response != nil {
			t.Errorf("%q: %q, %v", challenge, response, err)
		}
	}
	c := newScramClient(clientBase{Scram, Credentials{User: "ann", Password: "secret"}}, Choice{})
	if _, err := c.Next([]byte("r=" + c.nonce + "x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Next([]byte("v=" + encode64(make([]byte, 32)))); !errors.Is(err, ErrServer) {
		t.Errorf("a server that does not know the password: %v", err)
	}
	if err := c.Finish(); !errors.Is(err, ErrServer) {
		t.Errorf("success without proof: %v", err)
	}
}

func FuzzScramServer(f *testing.F) {
	f.Add([]byte(vectorFirst), []byte(vectorFinal))
	f.Add([]byte("p=tls-exporter,,n=user,r=abc"), []byte("c=biws,r=abc,p="))
	f.Add([]byte("y,a=x,n=user,r=abc,x=y"), []byte("c=biws,r=abc,x=y,p=AAAA"))
	f.Fuzz(func(t *testing.T, first, final []byte) {
		for _, plus := range []bool{false, true} {
			x := &scramExchange{accounts: oneUser{}, nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0", plus: plus, binding: make([]byte, 32)}
			if _, _, err := x.Next(context.Background(), first); err != nil {
				continue
			}
			if _, _, err := x.Next(context.Background(), final); err == nil && (plus || string(final) != vectorFinal) {
				t.Errorf("%q and %q were taken for a proof", first, final)
			}
		}
	})
}

func FuzzScramClient(f *testing.F) {
	f.Add([]byte("r=%sx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"))
	f.Fuzz(func(t *testing.T, challenge []byte) {
		nonce, salt, n, err := parseServerFirst(challenge)
		if err == nil && (len(nonce) == 0 || len(salt) == 0 || n < MinIterations || n > MaxIterations) {
			t.Errorf("%q: %q, %q, %d", challenge, nonce, salt, n)
		}
	})
}

func FuzzName(f *testing.F) {
	f.Add("a=b,c")
	f.Fuzz(func(t *testing.T, name string) {
		if got, ok := unquoteName([]byte(quoteName(name))); !ok || got != name {
			t.Errorf("%q becomes %q, %v", name, got, ok)
		}
	})
}
