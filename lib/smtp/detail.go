package smtp

import "strconv"

// Detail is the subject and the detail of an enhanced status code (RFC 3463
// and the IANA registry "Enumerated Status Codes"), as 1000*subject+detail.
// Its class is not in it: that comes from the reply code, so that "503 2.5.2"
// cannot be written.
type Detail uint32

// NoEnhanced is for replies that carry no enhanced code: the banner, the
// answers to HELO and EHLO, and all of 3yz (RFC 2034 section 4).
const NoEnhanced = ^Detail(0)

// The details, named by what they say. The comment gives x.subject.detail.
const (
	NoDetail Detail = 0 // x.0.0 other or undefined status

	OtherAddress      Detail = 1_000 // x.1.0 other address status
	NoMailbox         Detail = 1_001 // x.1.1 bad destination mailbox address
	BadDestination    Detail = 1_002 // x.1.2 bad destination system address
	RecipientSyntax   Detail = 1_003 // x.1.3 bad destination mailbox address syntax
	AmbiguousMailbox  Detail = 1_004 // x.1.4 destination mailbox address ambiguous
	ValidRecipient    Detail = 1_005 // x.1.5 destination address valid
	MailboxMoved      Detail = 1_006 // x.1.6 destination mailbox has moved, no forwarding address
	SenderSyntax      Detail = 1_007 // x.1.7 bad sender's mailbox address syntax
	BadSenderSystem   Detail = 1_008 // x.1.8 bad sender's system address
	RecipientNullMX   Detail = 1_010 // x.1.10 recipient address has null MX (RFC 7505)
	OtherMailbox      Detail = 2_000 // x.2.0 other or undefined mailbox status
	MailboxDisabled   Detail = 2_001 // x.2.1 mailbox disabled, not accepting messages
	MailboxFull       Detail = 2_002 // x.2.2 mailbox full
	MessageTooLong    Detail = 2_003 // x.2.3 message length exceeds administrative limit
	ListProblem       Detail = 2_004 // x.2.4 mailing list expansion problem
	OtherSystem       Detail = 3_000 // x.3.0 other or undefined mail system status
	SystemFull        Detail = 3_001 // x.3.1 mail system full
	NotAccepting      Detail = 3_002 // x.3.2 system not accepting network messages
	NoFeature         Detail = 3_003 // x.3.3 system not capable of selected features
	MessageTooBig     Detail = 3_004 // x.3.4 message too big for system
	BadConfiguration  Detail = 3_005 // x.3.5 system incorrectly configured
	OtherNetwork      Detail = 4_000 // x.4.0 other or undefined network or routing status
	NoAnswer          Detail = 4_001 // x.4.1 no answer from host
	BadConnection     Detail = 4_002 // x.4.2 bad connection
	DirectoryFailure  Detail = 4_003 // x.4.3 directory server failure
	NoRoute           Detail = 4_004 // x.4.4 unable to route
	Congestion        Detail = 4_005 // x.4.5 mail system congestion
	RoutingLoop       Detail = 4_006 // x.4.6 routing loop detected
	DeliveryExpired   Detail = 4_007 // x.4.7 delivery time expired
	OtherProtocol     Detail = 5_000 // x.5.0 other or undefined protocol status
	InvalidCommand    Detail = 5_001 // x.5.1 invalid command
	CommandSyntax     Detail = 5_002 // x.5.2 syntax error
	TooManyRecipients Detail = 5_003 // x.5.3 too many recipients
	InvalidArguments  Detail = 5_004 // x.5.4 invalid command arguments
	ProtocolVersion   Detail = 5_005 // x.5.5 wrong protocol version
	AuthLineTooLong   Detail = 5_006 // x.5.6 authentication exchange line is too long (RFC 4954)

	OtherMedia            Detail = 6_000 // x.6.0 other or undefined media error
	MediaUnsupported      Detail = 6_001 // x.6.1 media not supported
	ConversionForbidden   Detail = 6_002 // x.6.2 conversion required and prohibited
	ConversionUnsupported Detail = 6_003 // x.6.3 conversion required but not supported
	NonASCIIRefused       Detail = 6_007 // x.6.7 non-ASCII addresses not permitted for that sender/recipient (RFC 6531)
	UTF8ReplyRefused      Detail = 6_008 // x.6.8 UTF-8 string reply is required, but not permitted by the SMTP client
	UTF8HeaderRefused     Detail = 6_009 // x.6.9 UTF-8 header message cannot be transferred

	OtherSecurity      Detail = 7_000 // x.7.0 other or undefined security status
	NotAuthorized      Detail = 7_001 // x.7.1 delivery not authorized, message refused
	ExpansionForbidden Detail = 7_002 // x.7.2 mailing list expansion prohibited
	CryptoFailure      Detail = 7_005 // x.7.5 cryptographic failure
	BadCredentials     Detail = 7_008 // x.7.8 authentication credentials invalid (RFC 4954)
	MechanismTooWeak   Detail = 7_009 // x.7.9 authentication mechanism is too weak
	EncryptionNeeded   Detail = 7_010 // x.7.10 encryption needed (RFC 5248)
	EncryptionRequired Detail = 7_011 // x.7.11 encryption required for requested authentication mechanism
	PasswordTransition Detail = 7_012 // x.7.12 a password transition is needed
	AccountDisabled    Detail = 7_013 // x.7.13 user account disabled
	NoPassingDKIM      Detail = 7_020 // x.7.20 no passing DKIM signature found (RFC 7372)
	SPFFailed          Detail = 7_023 // x.7.23 SPF validation failed (RFC 7372)
	SPFError           Detail = 7_024 // x.7.24 SPF validation error (RFC 7372)
	ReverseDNSFailed   Detail = 7_025 // x.7.25 reverse DNS validation failed (RFC 7372)
	AuthChecksFailed   Detail = 7_026 // x.7.26 multiple authentication checks failed (RFC 7372)
	SenderNullMX       Detail = 7_027 // x.7.27 sender address has null MX (RFC 7505)
	MailFlood          Detail = 7_028 // x.7.28 mail flood detected
	NeedRequireTLS     Detail = 7_030 // x.7.30 REQUIRETLS support required (RFC 8689)
)

// Subject returns the second number of the code.
func (d Detail) Subject() int { return int(d / 1000) }

// Number returns the third number of the code.
func (d Detail) Number() int { return int(d % 1000) }

// append writes the whole code, the class in front: "5.1.1".
func (d Detail) append(b []byte, class int) []byte {
	b = strconv.AppendInt(b, int64(class), 10)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(d.Subject()), 10)
	b = append(b, '.')
	return strconv.AppendInt(b, int64(d.Number()), 10)
}
