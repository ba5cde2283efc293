package spf

// Code is one of the seven results of RFC 7208 2.6.
type Code uint8

// The results.
const (
	None      Code = iota // nothing is published, or there is no domain to ask about
	Neutral               // the domain says nothing about the client
	Pass                  // the client may
	Fail                  // the client may not
	SoftFail              // the client may not, perhaps
	TempError             // the DNS did not answer in time
	PermError             // what is published cannot be understood
)

var codeNames = [...]string{"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"}

// String returns the result's name in RFC 7208.
func (c Code) String() string { return codeNames[c] }

// ParseCode finds a result by its name. The names that RFC 4408's forerunners
// and Mail Avenger had are known too: error is temperror, unknown permerror.
func ParseCode(name string) (c Code, ok bool) {
	switch name {
	case "error":
		return TempError, true
	case "unknown":
		return PermError, true
	}
	for i, n := range codeNames {
		if n == name {
			return Code(i), true
		}
	}
	return None, false
}

// Identity is what was checked (RFC 7208 2.3, 2.4).
type Identity uint8

// The identities.
const (
	MailFrom Identity = iota
	HELO
)

// String returns "mailfrom" or "helo", as Received-SPF has them (RFC 7208 9.1).
func (i Identity) String() string {
	if i == HELO {
		return "helo"
	}
	return "mailfrom"
}

// Rule says whose words decided.
type Rule uint8

// Who decides.
const (
	Published Rule = iota // the domain's record, or that there is none
	LocalRule             // Rules.Local
	HostsRule             // Rules.Hosts
	NoneRule              // Rules.None
	FailRule              // Rules.Fail
)

// String names the rule as the configuration does.
func (r Rule) String() string {
	return [...]string{"record", "SPFlocal", "spfhosts", "SPFnone", "SPFfail"}[r]
}

// Result is what a check found.
type Result struct {
	Code      Code     // all told
	Own       Code     // of the domain's own record alone; None when it was not asked
	Rule      Rule     // who decided on Code
	Domain    string   // that was checked, in A-labels and lower case; "" when there is none
	Identity  Identity // that was checked
	Sender    string   // the sender as it was used, "postmaster@" in front where it had no local part
	Mechanism string   // the directive that matched, as it is published; "" when none did
	Includes  []string // domains whose records led to it, by include and redirect, outermost first

	Lookups     int    // terms that asked the DNS, of all records
	Voids       int    // those that found nothing
	Several     bool   // rules of the receiver's were evaluated too, each with limits of its own
	Explanation string // of a fail: the domain's own, else Rules.Explanation
	Explainer   string // the domain whose words these are; "" when they are the receiver's
	Problem     string // of an error: what is wrong, for a log
}
