package dsn

import "bytes"

// Narrow is a report that a Message has written, made fit for a host that does
// not take 8 bits (RFC 6152): of the original only the header goes back,
// since a message within a message cannot be encoded (RFC 2046 5.2.1). It is
// nil for what is no such report, or has 8 bits elsewhere too.
func Narrow(report []byte) []byte {
	head, body, _ := bytes.Cut(report, []byte("\n\n"))
	head, wide := bytes.CutSuffix(head, []byte("\nContent-Transfer-Encoding: 8bit"))
	_, quoted, _ := bytes.Cut(head, []byte(`boundary="`))
	boundary, _, ok := bytes.Cut(quoted, []byte(`"`))
	if !wide || !ok {
		return nil
	}
	before, original, ok := bytes.Cut(body, emptyOriginal(string(boundary)))
	if !ok || !isASCII(before) || !isASCII(head) {
		return nil
	}
	end := []byte("--" + string(boundary) + "--\n")
	b := bytes.NewBuffer(bytes.Join([][]byte{head, before}, []byte("\n\n")))
	p := new(Message).originalPart(cutHead(bytes.TrimSuffix(original, append([]byte("\n"), end...))), false)
	p.write(b, string(boundary))
	b.Write(end)
	return b.Bytes()
}

// emptyOriginal is how a part begins that holds a whole message in 8 bits.
func emptyOriginal(boundary string) []byte {
	var b bytes.Buffer
	p := part{description: wholeMessage, kind: "message/rfc822", encoding: eightBit}
	p.write(&b, boundary)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
