package dsn

import (
	"os/exec"
	"strings"
	"testing"

	"postern/lib/e2e"
)

// reader is another implementation: Python's email package.
const reader = `
import sys, email, email.policy
m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.SMTPUTF8)
print(m.get_content_type(), m.get_param("report-type"), m["to"].addresses[0].addr_spec.encode("utf-8", "surrogateescape").decode())
def defects(m):
    n = len(m.defects)
    if m.is_multipart():
        for p in m.get_payload():
            n += defects(p)
    return n
human, status, original = m.get_payload()
print(human.get_content_type(), "bob" in human.get_content())
print(status.get_content_type())
for block in status.get_payload() if status.is_multipart() else []:
    print(block["Reporting-MTA"] or block["Action"] + " " + block["Status"])
print(original.get_content_type())
if original.get_content_type() == "message/rfc822":
    print(original.get_payload(0)["Subject"])
print("defects", defects(m))
`

// Reports are read by others as they are meant.
func TestPython(t *testing.T) {
	python := e2e.Need(t, "python3")[0]
	header, eight, global := failure(letter), failure("Subject: eight\n\nna\xefve\n"), failure("Subject: naïve\n\nx\n")
	header.Original.Ret = "HDRS"
	global.Original.UTF8, global.To = true, box("änn@example.org")
	tests := []struct {
		r    Report
		want string
	}{
		{failure(letter), "multipart/report delivery-status ann@example.org\ntext/plain True\nmessage/delivery-status\ndns; mx.example.org\nfailed 5.1.1\nmessage/rfc822\nLunch on Sunday\ndefects 0\n"},
		{header, "multipart/report delivery-status ann@example.org\ntext/plain True\nmessage/delivery-status\ndns; mx.example.org\nfailed 5.1.1\ntext/rfc822-headers\ndefects 0\n"},
		{eight, "multipart/report delivery-status ann@example.org\ntext/plain True\nmessage/delivery-status\ndns; mx.example.org\nfailed 5.1.1\nmessage/rfc822\neight\ndefects 0\n"},
		{global, "multipart/report global-delivery-status änn@example.org\ntext/plain True\nmessage/global-delivery-status\ndns; mx.example.org\nmessage/global\ndefects 0\n"},
	}
	for _, tt := range tests {
		text, _, _ := build(t, tt.r)
		cmd := exec.Command(python, "-c", reader)
		cmd.Env = []string{"PYTHONIOENCODING=utf-8", "PATH=/usr/bin:/bin"}
		cmd.Stdin = strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))
		out, err := cmd.CombinedOutput()
		if err != nil || string(out) != tt.want {
			t.Errorf("%v\ngot:\n%swant:\n%s", err, out, tt.want)
		}
	}
}
