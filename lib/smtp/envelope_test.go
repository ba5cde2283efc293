package smtp

import "testing"

func TestEnvelopeIsASCII(t *testing.T) {
	ann, jörg := Mailbox{"ann", "a.example"}, Mailbox{"jörg", "a.example"}
	tests := []struct {
		sender Mailbox
		rcpts  []Mailbox
		want   bool
	}{
		{Mailbox{}, nil, true},
		{ann, []Mailbox{ann, ann}, true},
		{jörg, []Mailbox{ann}, false},
		{ann, []Mailbox{ann, jörg}, false},
		{ann, []Mailbox{{"ann", "münchen.example"}}, false},
	}
	for _, tt := range tests {
		env := Envelope{Sender: tt.sender}
		for _, m := range tt.rcpts {
			env.Recipients = append(env.Recipients, Recipient{Mailbox: m})
		}
		if got := env.IsASCII(); got != tt.want {
			t.Errorf("from %v to %v: got %v", tt.sender, tt.rcpts, got)
		}
	}
}
