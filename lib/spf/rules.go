package spf

// Rules are the receiver's own, all of them optional. They are tried in this
// order:
//
//  1. Local: pass, fail, softfail and temperror are final.
//  2. What the domain publishes. If it publishes nothing, what Hosts has for
//     it; if that has nothing either, None.
//  3. If it is a fail so far, Fail: pass, softfail and temperror replace it.
//
// Each is a record of its own, with limits of its own, and is evaluated as if
// the sender's domain published it; only that it may find nothing in the DNS as
// often as it likes.
type Rules struct {
	Local *Record // SPFlocal
	None  *Record // SPFnone
	Fail  *Record // SPFfail
	Hosts *Hosts  // SPFHostsFile

	// Explanation is for a fail that has none of its own: SPFexp.
	Explanation *MacroString
}
