package main

import (
	"fmt"
	"strconv"
	"strings"

	"postern/lib/conf"
	"postern/lib/tlsconf"
)

// tlsRows say what we show and how we encrypt.
var tlsRows = []conf.Row[tlsSettings]{
	{Name: "SSL", Synonyms: []string{"use-tls"}, Args: "[0|1|2]", Default: "1",
		Value: (*tlsSettings).modeValue,
		Old:   conf.Old{ZMailer: "0"},
		Help:  "1 offers STARTTLS when certificate and key are there; 2 also lets clients relay whose certificate an authority of SSLCAcert has signed; 0 has no TLS."},
	{Name: "SSLcert", Synonyms: []string{"tls-cert-file"}, Args: "file ...", Default: usualCert, Repeat: true,
		Value: func(t *tlsSettings) conf.Value { return conf.Strings(&t.certs) },
		Old:   conf.Old{ZMailer: conf.Unset},
		Help:  "Certificate and chain, PEM; below EtcDir unless absolute. Of several the client gets the one for the name that it asks for (SNI), else the first."},
	{Name: "SSLkey", Synonyms: []string{"tls-key-file"}, Args: "file ...", Default: usualKey, Repeat: true,
		Value: func(t *tlsSettings) conf.Value { return conf.Strings(&t.keys) },
		Old:   conf.Old{ZMailer: conf.Unset},
		Help:  "The private key of the certificate in the same place of SSLcert, PEM; below EtcDir unless absolute. A certificate for which none is left has its key in its own file."},
	{Name: "SSLciphers", Synonyms: []string{"tls-cipher-list"}, Args: "string", Raw: true,
		Value: (*tlsSettings).cipherValue,
		Help:  "Ciphers of TLS 1.2, a string as of OpenSSL. Those that can be spoken are chosen by it, not their order; --check says which words mean nothing. TLS 1.3 has a list of its own."},
	{Name: "TLSMinVersion", Args: "[1.2|1.3]", Default: "1.2",
		Value: func(t *tlsSettings) conf.Value { return conf.Choice(&t.minimum, "1.2", "1.3") },
		Help:  "The oldest version of TLS that is spoken."},
	{Name: "TLSRequired", Synonyms: []string{"tls-enforce-tls"}, Args: "[0|1]", Default: "0",
		Value: func(t *tlsSettings) conf.Value { return conf.Bool(&t.enforce) },
		Help:  "Take nothing but EHLO, NOOP, STARTTLS and QUIT before STARTTLS (530)."},
	{Name: "ListenSSMTP", Args: "[0|1]", Default: "0",
		Value: (*tlsSettings).port465Value,
		Help:  "Begin with the TLS handshake on port 465, as -t does on any port."},
	{Name: "OutlookTLSBug", Args: "[0|1]", Default: "0",
		Value: func(t *tlsSettings) conf.Value { return conf.Bool(&t.sniff) },
		Help:  "On other ports than 25, wait 2 seconds before the greeting whether the client begins with the TLS handshake."},
}

// clientCertRows are about certificates of clients.
var clientCertRows = []conf.Row[tlsSettings]{
	{Name: "SSLCAcert", Synonyms: []string{"tls-CAfile"}, Args: "file", Default: usualCA,
		Value: func(t *tlsSettings) conf.Value { return conf.String(&t.ca) },
		Help:  "The authorities whose client certificates are believed, PEM; below EtcDir unless absolute. When it is there clients are asked for a certificate. The system's own list is refused."},
	{Name: "TLSCApath", Args: "folder",
		Value: func(t *tlsSettings) conf.Value { return conf.String(&t.caDir) },
		Help:  "A folder of such files."},
	{Name: "SSLCRL", Args: "file", Default: usualCRL,
		Value: func(t *tlsSettings) conf.Value { return conf.String(&t.crl) },
		Help:  "What those authorities have revoked: a list of each of them, PEM; below EtcDir unless absolute. A file that is named must be there and in date, or no client certificate is believed; the default one need not exist."},
	{Name: "TLSAskCert", Args: "[0|1]", Default: "0",
		Value: func(t *tlsSettings) conf.Value { return conf.Bool(&t.ask) },
		Help:  "Ask clients for a certificate even without authorities, for its fingerprint."},
	{Name: "TLSRequireCert", Args: "[0|1]", Default: "0",
		Value: func(t *tlsSettings) conf.Value { return conf.Bool(&t.require) },
		Help:  "End the handshake with clients that have no certificate that can be believed."},
	{Name: "TLSCertDepth", Synonyms: []string{"tls-ccert-vd"}, Args: "number", Default: "9",
		Value: func(t *tlsSettings) conf.Value { return conf.Int(&t.depth, 1, 100) },
		Old:   conf.Old{ZMailer: "1"},
		Help:  "How many authorities there may be above a client's certificate."},
	{Name: "CertRelay", Args: "name|fingerprint ...", Repeat: true,
		Value: func(t *tlsSettings) conf.Value { return conf.Strings(&t.relay) },
		Help:  "Client certificates that may relay if they can be believed: common names, or fingerprints (SHA-256) of the certificate or of its public key."},
}

// ticketRows are about resuming sessions.
var ticketRows = []conf.Row[tlsSettings]{
	{Name: "TicketKeys", Args: "file", Default: usualTickets,
		Value: func(t *tlsSettings) conf.Value { return conf.String(&t.tickets) },
		Help:  "Keys by which one process resumes TLS sessions that another began; below /var/lib/postern unless absolute. It is made when it is missing. An empty name has no session resumed."},
	{Name: "TicketLife", Synonyms: []string{"tls-scache-timeout", "tls-use-scache-timeout"}, Args: "time", Default: "24h",
		Value: func(t *tlsSettings) conf.Value { return conf.Duration(&t.ticketLife) },
		Old:   conf.Old{ZMailer: "1h"},
		Help:  "How long a session can be resumed. Four keys are made in that time."},
}

// voidTLSRows are settings of OpenSSL that mean nothing today.
var voidTLSRows = []conf.Row[tlsSettings]{
	{Name: "tls-use-scache", Args: "[0|1]", Void: "sessions are resumed by tickets, see TicketKeys"},
	{Name: "tls-scache-name", Synonyms: []string{"tls-use-scache-name"}, Args: "file", Void: "sessions are resumed by tickets, see TicketKeys"},
	{Name: "tls-loglevel", Args: "number", Void: "the record of each session says version, cipher and certificate"},
	{Name: "tls-random-source", Args: "file", Void: "the kernel's random numbers are used"},
	{Name: "tls-dh512", Synonyms: []string{"tls-dh512-param", "tls-dh512-param-file"}, Args: "file", Void: "such short groups are broken, and none is spoken"},
	{Name: "tls-dh1024", Synonyms: []string{"tls-dh1024-param", "tls-dh1024-param-file"}, Args: "file", Void: "finite field groups are not spoken, elliptic curves are"},
	{Name: "tls-dcert-file", Synonyms: []string{"tls-dcert"}, Args: "file", Void: "DSA certificates are not spoken by anybody"},
	{Name: "tls-dkey-file", Synonyms: []string{"tls-dkey"}, Args: "file", Void: "DSA certificates are not spoken by anybody"},
}

// modeValue takes 0, 1, 2, or a word for off and on.
func (t *tlsSettings) modeValue() conf.Value {
	return conf.Value{
		Set: func(args []string) error {
			on := true
			if len(args) == 1 && args[0] == "2" {
				t.mode = tlsRelay
				return nil
			}
			if err := conf.Bool(&on).Set(args); err != nil {
				return fmt.Errorf("%w, nor 2", err)
			}
			t.mode = tlsOff
			if on {
				t.mode = tlsOffer
			}
			return nil
		},
		Show:  func() [][]string { return [][]string{{strconv.Itoa(t.mode)}} },
		Reset: func() { t.mode = tlsOff },
		Note: func() string {
			if t.mode == tlsRelay && t.ca == "" && t.caDir == "" {
				return "nobody relays by certificate, since SSLCAcert names no authority"
			}
			return ""
		},
	}
}

// port465Value is ListenSSMTP, which of the two things that it did in ZMailer
// does one.
func (t *tlsSettings) port465Value() conf.Value {
	v := conf.Bool(&t.port465)
	v.Note = func() string {
		if t.port465 {
			return "who listens has to be told of the port by itself"
		}
		return ""
	}
	return v
}

// cipherValue takes a cipher string.
func (t *tlsSettings) cipherValue() conf.Value {
	v := conf.String(&t.ciphers)
	set := v.Set
	v.Set = func(args []string) error {
		suites, notes, err := tlsconf.ParseCiphers(strings.Join(args, " "))
		if err != nil {
			return err
		}
		t.suites, t.notes = suites, notes
		return set(args)
	}
	reset := v.Reset
	v.Reset = func() {
		reset()
		t.suites, t.notes = nil, nil
	}
	v.Note = func() string { return strings.Join(t.notes, "; ") }
	return v
}
