package synfp

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// TestReadP0f reads the file of Debian's p0f.
func TestReadP0f(t *testing.T) {
	file, err := os.Open("/etc/p0f/p0f.fp")
	if err != nil {
		e2e.Missing(t, "%v", err)
	}
	defer file.Close()
	d, err := Read("p0f.fp", file)
	if err != nil || d.Len() < 50 {
		t.Fatalf("%d signatures, %v", d.Len(), err)
	}
	f, _ := Parse("29200:51:1:60:M1460,S,T,N,W7")
	if s, _ := d.Name(&f, 0); s.String() != "Linux 3.11 and newer" {
		t.Errorf("%s is %q", f.String(), s)
	}
}

// TestReadPfOS reads OpenBSD's own file, as nftables has it among its examples.
func TestReadPfOS(t *testing.T) {
	text, err := os.ReadFile("/usr/share/doc/nftables/examples/pf.os")
	if err != nil {
		t.Skip(err) // systems without documentation do not have it
	}
	d, err := Read("pf.os", bytes.NewReader(text))
	lines := 0
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines++
		}
	}
	if err != nil || d.Len() != lines || lines < 200 {
		t.Fatalf("%d signatures of %d lines, %v", d.Len(), lines, err)
	}
	for fingerprint, want := range map[string]string{
		"5840:60:1:60:M1460,S,T,N,W0":             "Linux",
		"65535:60:1:60:M1460,N,W1,N,N,T":          "FreeBSD",
		"16384:60:1:64:M1460,N,N,S,N,W0,N,N,T":    "OpenBSD",
		"65535:120:1:48:M1460,N,N,S":              "Windows",
		"64240:60:1:60:M1460,S,T,N,W7":            "Linux",
		"32768:60:1:60:M1460,N,W0,N,N,T,?99,?100": "",
	} {
		f, err := Parse(fingerprint)
		if s, _ := d.Name(&f, UsualMTU); s.Name != want || err != nil {
			t.Errorf("%s: %q, %v, want %q", fingerprint, s.Name, err, want)
		}
	}
}

// TestP0fSignatures fits one SYN, or the fingerprint of it alone, to signatures
// of p0f: exactly, nearly, not at all.
func TestP0fSignatures(t *testing.T) {
	s, err := ParsePacket([]byte(linux4)) // with an identification, DF, 44 times the MSS, scale 10
	if err != nil {
		t.Fatal(err)
	}
	const layout = ":mss,sok,ts,nop,ws:"
	for signature, want := range map[string]string{
		"*:64:0:*:mss*44,10" + layout + "df,id+:0":      "exact exact",
		"4:64:0:1460:64240,10" + layout + "df,id+:0":    "exact exact",
		"*:64:0:*:*,*" + layout + "df,id+:*":            "exact exact",
		"*:64:0:*:%10,*" + layout + "df,id+:0":          "exact exact",
		"*:60+4:0:*:%10,*" + layout + "df,id+,flow:0":   "exact exact",
		"*:90-:0:*:*,*" + layout + "df,id+:0":           "exact exact",
		"*:90:0:*:*,*" + layout + "df,id+:0":            "exact exact",
		"*:100:0:*:*,*" + layout + "df,id+:0":           "nearly nearly", // 36 routers
		"*:63:0:*:*,*" + layout + "df,id+:0":            "nearly nearly",
		"*:63-:0:*:*,*" + layout + "df,id+:0":           "not not",
		"*:64:0:*:*,*" + layout + "df:0":                "not exact", // an identification has come
		"*:64:0:*:*,*" + layout + "df,id+,ecn:0":        "not exact",
		"*:64:0:*:*,*" + layout + ":0":                  "not not",
		"*:64:0:*:*,*" + layout + "df,id+,id-:0":        "not exact",
		"*:64:0:*:*,*" + layout + "df,id+,ts1-:0":       "not not",
		"*:64:4:*:*,*" + layout + "df,id+:0":            "not exact",
		"*:64:0:*:*,*" + layout + "df,id+:+":            "not exact",
		"6:64:0:*:*,*" + layout + "id+:0":               "not not",
		"*:64:0:*:%7,*" + layout + "df,id+:0":           "not not",
		"*:64:0:*:mtu*44,*" + layout + "df,id+:0":       "not not",
		"*:64:0:1400:*,*" + layout + "df,id+:0":         "not not",
		"*:64:0:*:*,9" + layout + "df,id+:0":            "not not",
		"*:64:0:*:*,*:mss,sok,ts,nop,nop,ws:df,id+:0":   "not not",
		"*:64:0:*:*,*:mss,sok,ts,nop,ws,eol+1:df,id+:0": "not not",
	} {
		d, err := Read("x.fp", strings.NewReader("[tcp:request]\nlabel = s:unix:x:\nsig = "+signature+"\n"))
		if err != nil {
			t.Fatalf("%s: %v", signature, err)
		}
		alone := SYN{Fingerprint: s.Fingerprint}
		if got := howWell(d, &s) + " " + howWell(d, &alone); got != want {
			t.Errorf("%s: %s, want %s", signature, got, want)
		}
	}
}

// TestDataInSYN: what a SYN carries (RFC 7413) does not make it one of IPv6.
func TestDataInSYN(t *testing.T) {
	s, err := ParsePacket([]byte("\x45\x00\x00\x78" + linux4[4:] + strings.Repeat("x", 60)))
	if err != nil {
		t.Fatal(err)
	}
	d, err := Read("x.fp", strings.NewReader("[tcp:request]\nlabel = s:unix:x:\nsig = 4:64:0:1460:mss*44,10:mss,sok,ts,nop,ws:df,id+:+\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := howWell(d, &s); got != "exact" {
		t.Errorf("%s: %s", s.String(), got)
	}
	if got := Own().Link(&s); got != "Ethernet or modem" {
		t.Errorf("link %q", got)
	}
}

func howWell(d *Database, s *SYN) string {
	switch found, ok := d.NameSYN(s, UsualMTU); {
	case !ok:
		return "not"
	case found.Fuzzy:
		return "nearly"
	}
	return "exact"
}
