package place

// Environment variables by which the programs tell one another something. All
// begin with POSTERN_.
const (
	// RootEnv holds the folder that a program gives to New.
	RootEnv = "POSTERN_ROOT"
	// ResolverEnv holds the DNS server to ask, ip[:port], where neither a flag
	// nor a directive names one.
	ResolverEnv = "POSTERN_RESOLVER"
	// PeerEnv holds the two ends of the connection, as a line of record(7) that
	// listen gives to the program that it starts for it.
	PeerEnv = "POSTERN_PEER"
	// WorkerEnv makes smtpd serve the connections that listen -w passes to it on
	// descriptor 0: uses:at-once, how many in all (0 for any number) and how
	// many at once.
	WorkerEnv = "POSTERN_WORKER"
	// EnvelopeEnv holds the number of the descriptor, 3, from which a mailer
	// reads the envelope in the form of queue.AppendEnvelope.
	EnvelopeEnv = "POSTERN_ENVELOPE"
)
