package record

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestAppendBlock(t *testing.T) {
	r := Of("request", "smtpd_access_policy", "sender", "", "helo_name", "a\r\nb\x00=\xff")
	got := string(r.AppendBlock(nil))
	want := "request=smtpd_access_policy\nsender=\nhelo_name=a??b?=\xff\n\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every request gets its answer, whatever was wrong with the one before.
func TestReadBlocks(t *testing.T) {
	input := "request=smtpd_access_policy\nsender=\nsize=1=2\n\n" +
		"\n" +
		"sender=a\r\n\r\n" +
		"sender=12345678\r\n\n" + // CR and LF do not come together
		"rubbish\nsender=b\n\n" +
		"a b=1\n\n" +
		"sender=" + strings.Repeat("x", MaxSize-7) + "\n\n" +
		"sender=" + strings.Repeat("x", MaxSize) + "\nsender=y\n\n" +
		"sender=" + strings.Repeat("x", MaxSize) + "\r\nsender=y\r\n\r\n" +
		strings.ReplaceAll(manyAttributes(MaxAttributes+1), " ", "\n") + "\n" +
		"sender=c\n\n" +
		"sender=d\n"
	want := []string{
		`request=smtpd_access_policy sender="" size="1=2"`,
		"",
		"sender=a",
		"sender=12345678",
		`error not a record: "rubbish" is not name=value`,
		`error not a record: "a b=1" is not name=value`,
		"sender=" + strings.Repeat("x", MaxSize-7),
		fmt.Sprintf("error record too long: block of more than %d octets", MaxSize),
		fmt.Sprintf("error record too long: block of more than %d octets", MaxSize),
		"error record too long: more than 256 attributes",
		"sender=c",
		"error unexpected EOF",
	}
	br := bufio.NewReaderSize(strings.NewReader(input), 16)
	for _, want := range want {
		r, err := ReadBlock(br)
		got := r.String()
		if err != nil {
			got = "error " + err.Error()
		}
		if got != want {
			t.Errorf("got %.100s, want %.100s", got, want)
		}
	}
	if _, err := ReadBlock(br); err != io.EOF {
		t.Errorf("at the end: %v, want EOF", err)
	}
}

func FuzzBlock(f *testing.F) {
	f.Add([]byte("a=1\nb=\n\n"))
	f.Add([]byte("a=1\r\nrubbish\n\na=2\n\n"))
	f.Add([]byte("a=1"))
	f.Fuzz(func(t *testing.T, input []byte) {
		br := bufio.NewReader(strings.NewReader(string(input)))
		for {
			r, err := ReadBlock(br)
			switch {
			case errors.Is(err, ErrSyntax), errors.Is(err, ErrTooLong):
				continue
			case err == io.EOF, err == io.ErrUnexpectedEOF:
				return
			case err != nil:
				t.Fatal(err)
			}
			written := r.AppendBlock(nil)
			again, err := ReadBlock(bufio.NewReader(strings.NewReader(string(written))))
			if err != nil || string(again.AppendBlock(nil)) != string(written) {
				t.Fatalf("%q: written as %q, read as %s, %v", input, written, again.String(), err)
			}
		}
	})
}
