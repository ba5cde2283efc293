package record

import "slices"

// Attribute is one row of the table of what a record may hold.
type Attribute struct {
	Name  string // in lines and blocks; Postfix's name where it has one
	Env   string // environment variable for scripts; Mail Avenger's where it had one
	Token string // in the X-Avenger header field, "" when it does not stand there
	Flag  bool   // yes or no: 1 or absent; a bare token in X-Avenger
	Help  string // one line of meaning
}

// Attributes returns the table in its order, which is that of X-Avenger.
func Attributes() []Attribute {
	return slices.Clone(table[:])
}

// Find returns the row of the attribute called name.
func Find(name string) (Attribute, bool) {
	for i := range table {
		if table[i].Name == name {
			return table[i], true
		}
	}
	return Attribute{}, false
}

// table is data that the compiler lays out: nothing of it is built when a
// process starts. Its rows stand in the order of a session. PATH, HOME, TMPDIR
// and ETCDIR, which Mail Avenger's scripts see too, are no attributes: they
// steer a process, and a record may come from a less trusted one.
var table = [...]Attribute{
	// The decision.
	{Name: "time", Env: "MAIL_TIME", Help: "when the decision was made, RFC 3339"},
	{Name: "id", Env: "MAIL_ID", Help: "name of the transaction, told to the client and written into Received"},
	{Name: "verdict", Env: "MAIL_VERDICT", Help: "accept, defer, reject or discard; of a transaction that ended undecided reset or lost, of a session without one none"},
	{Name: "check", Env: "MAIL_CHECK", Help: "the check that decided"},
	{Name: "reason", Env: "MAIL_ERROR", Help: "why, in words for the log; for a script the error that the mail will get by default"},
	{Name: "reply", Env: "MAIL_REPLY", Help: "the reply that was given, code and text"},
	{Name: "error", Env: "RECORD_ERROR", Help: "why this line could not be worked on: program: reason"},
	{Name: "input", Env: "RECORD_INPUT", Help: "what a line that could not be read begins with"},
	{Name: "action", Env: "POLICY_ACTION", Help: "a policy server's answer"},

	// The server.
	{Name: "version", Env: "MAIL_SERVER_VERSION", Token: "version", Help: "version of this program"},
	{Name: "server_name", Env: "HOST", Token: "receiver", Help: "the host name of this server"},
	{Name: "server_address", Env: "MYIP", Help: "address of the server's end of the connection"},
	{Name: "server_port", Env: "MYPORT", Help: "port of the server's end"},
	{Name: "request", Env: "POLICY_REQUEST", Help: "in a block from Postfix: smtpd_access_policy"},
	{Name: "instance", Env: "POLICY_INSTANCE", Help: "one value for all requests about one message"},
	{Name: "policy_context", Env: "POLICY_CONTEXT", Help: "Postfix's name for the service that asks"},
	{Name: "stress", Env: "POLICY_STRESS", Help: "yes when the server is short of processes"},
	{Name: "compatibility_level", Env: "COMPATIBILITY_LEVEL", Help: "Postfix's compatibility level"},
	{Name: "mail_version", Env: "MAIL_VERSION", Help: "Postfix's version"},

	// The client.
	{Name: "client_address", Env: "CLIENT_IP", Token: "client-ip", Help: "address of the client"},
	{Name: "client_port", Env: "CLIENT_PORT", Token: "client-port", Help: "port of the client"},
	{Name: "client", Env: "CLIENT", Help: "the client for people: its name, or its address in brackets"},
	{Name: "client_name", Env: "CLIENT_NAME", Help: "name of the client whose addresses hold the client's; unknown when there is none"},
	{Name: "reverse_client_name", Env: "CLIENT_REVERSE_NAME", Help: "name that the client's address claims, unconfirmed"},
	{Name: "client_reverse_address", Env: "CLIENT_REVIP", Help: "the address as block lists have it: octets, or nibbles, turned round"},
	{Name: "client_dns_error", Env: "CLIENT_DNSFAIL", Token: "client-dnsfail", Help: "why the name of the client could not be asked for now"},
	{Name: "client_ident", Env: "CLIENT_IDENT", Help: "user that the client's identd names (RFC 1413), or at a socket of this host the kernel"},
	{Name: "proxy_address", Env: "PROXY_ADDRESS", Help: "address of the proxy that stated the client"},
	{Name: "proxy_port", Env: "PROXY_PORT", Help: "port of that proxy"},
	{Name: "bounce_res", Env: "SENDER_BOUNCERES", Token: "bounce-res", Help: "code that a bounce to the sender would get"},
	{Name: "syn_fingerprint", Env: "CLIENT_SYNFP", Token: "syn-fingerprint", Help: "fingerprint of the client's SYN, window:ttl:df:length:options"},
	{Name: "syn_os", Env: "CLIENT_SYNOS", Help: "operating systems that send such a SYN"},
	{Name: "colon_space", Env: "CLIENT_COLONSPACE", Token: "colon-space", Flag: true, Help: "a blank stood between the colon and the address"},
	{Name: "eager_pipelining", Env: "CLIENT_PIPELINING", Token: "eager-pipelining", Flag: true, Help: "commands came before the banner, or before PIPELINING was offered"},
	{Name: "post", Env: "CLIENT_POST", Token: "post", Flag: true, Help: "the client said POST, so an HTTP proxy is abused"},
	{Name: "network_hops", Env: "CLIENT_NETHOPS", Token: "network-hops", Help: "routers between here and the client, and the client"},
	{Name: "network_path", Env: "CLIENT_NETPATH", Token: "network-path", Help: "addresses of those routers, nearest first; a * is one that did not answer"},
	{Name: "network_path_names", Env: "CLIENT_NETPATH_NAMES", Help: "names that those routers' addresses claim, unconfirmed; a * is one without"},
	{Name: "network_path_rtt", Env: "CLIENT_NETPATH_RTT", Help: "round trips to those routers, and to the client where it answered, milliseconds; a * is one unknown"},
	{Name: "network_path_time", Env: "CLIENT_NETPATH_TIME", Token: "network-path-time", Help: "when the path was measured, Unix seconds"},
	{Name: "rbl", Env: "RBL", Token: "RBL", Help: "lists that have the client, and what they answered: list (address ...), ..."},
	{Name: "rbl_errors", Env: "RBL_ERRORS", Token: "RBL-errors", Help: "lists that could not be asked: list (error), ..."},
	{Name: "rbl_score", Env: "RBL_SCORE", Help: "sum of the scores of those lists"},
	{Name: "rbl_reason", Env: "RBL_REASON", Help: "what one of those lists says in words (TXT)"},

	// HELO and TLS.
	{Name: "helo_name", Env: "CLIENT_HELO", Help: "what the client said in HELO, EHLO or LHLO"},
	{Name: "protocol_name", Env: "PROTOCOL", Help: "SMTP, ESMTP or LMTP"},
	{Name: "protocol_state", Env: "PROTOCOL_STATE", Help: "CONNECT, EHLO, HELO, MAIL, RCPT, DATA, END-OF-MESSAGE, VRFY or ETRN"},
	{Name: "encryption_protocol", Env: "SSL_VERSION", Help: "version of TLS, as TLSv1.3"},
	{Name: "encryption_cipher", Env: "SSL_CIPHER", Help: "cipher suite"},
	{Name: "encryption_keysize", Env: "SSL_KEYSIZE", Help: "bits of the cipher's key"},
	{Name: "encryption_server_name", Env: "SSL_SNI", Help: "server that the client asked for in the handshake"},
	{Name: "ccert_subject", Env: "SSL_SUBJECT", Help: "common name of the client's certificate, when it was verified, in xtext"},
	{Name: "ccert_issuer", Env: "SSL_ISSUER", Help: "common name, or organization, of its issuer, likewise"},
	{Name: "ccert_fingerprint", Env: "SSL_FINGERPRINT", Help: "fingerprint of the client's certificate, verified or not: SHA-256, AB:CD:..."},
	{Name: "ccert_pubkey_fingerprint", Env: "SSL_PUBKEY_FINGERPRINT", Help: "fingerprint of its public key, likewise"},
	{Name: "sasl_method", Env: "AUTH_METHOD", Help: "mechanism of AUTH"},
	{Name: "sasl_username", Env: "AUTH_USER", Help: "user who authenticated"},
	{Name: "sasl_sender", Env: "AUTH_SENDER", Help: "AUTH parameter of MAIL (RFC 4954 5)"},

	// The envelope.
	{Name: "sender", Env: "SENDER", Help: "envelope sender, empty for the null sender"},
	{Name: "sender_local", Env: "SENDER_LOCAL", Help: "its local part"},
	{Name: "sender_host", Env: "SENDER_HOST", Help: "its domain"},
	{Name: "sender_mxes", Env: "SENDER_MXES", Help: "mail exchangers of that domain, preference:host ..."},
	{Name: "recipient", Env: "RECIPIENT", Help: "envelope recipient"},
	{Name: "recipient_local", Env: "RECIPIENT_LOCAL", Help: "its local part"},
	{Name: "recipient_host", Env: "RECIPIENT_HOST", Help: "its domain"},
	{Name: "recipient_count", Env: "RECIPIENT_COUNT", Help: "recipients accepted; in a policy request 0 before DATA"},
	{Name: "size", Env: "MAIL_SIZE", Help: "octets of the message; before DATA what MAIL announced"},
	{Name: "body", Env: "MAIL_BODY", Help: "7BIT or 8BITMIME, as MAIL said"},
	{Name: "smtputf8", Env: "SMTPUTF8", Flag: true, Help: "MAIL said SMTPUTF8 (RFC 6531)"},
	{Name: "dsn_ret", Env: "DSN_RET", Help: "RET of MAIL: FULL or HDRS (RFC 3461)"},
	{Name: "dsn_envid", Env: "DSN_ENVID", Help: "ENVID of MAIL"},
	{Name: "dsn_notify", Env: "DSN_NOTIFY", Help: "NOTIFY of RCPT"},
	{Name: "dsn_orcpt", Env: "DSN_ORCPT", Help: "ORCPT of RCPT"},
	{Name: "etrn_domain", Env: "ETRN_DOMAIN", Help: "what ETRN asked for"},

	// SPF.
	{Name: "spf", Env: "SPF", Help: "SPF's final result (RFC 7208 2.6)"},
	{Name: "spf_record", Env: "SPF0", Help: "result of the domain's own record alone"},
	{Name: "spf_final", Env: "SPF1", Help: "final result after all local rules, as spf"},
	{Name: "spf_domain", Env: "SPF_DOMAIN", Help: "domain that was evaluated"},
	{Name: "spf_identity", Env: "SPF_IDENTITY", Help: "mailfrom or helo"},
	{Name: "spf_mechanism", Env: "SPF_MECHANISM", Help: "mechanism that matched"},
	{Name: "spf_problem", Env: "SPF_PROBLEM", Help: "what is wrong with the record or the look-up"},
	{Name: "spf_explanation", Env: "SPF_EXPL", Help: "explanation of a fail, the domain's own or SPFexp's"},

	// Greylisting.
	{Name: "greylist", Env: "GREYLIST", Help: "what the lists say: new, early, pass, white"},
	{Name: "greylist_wait", Env: "GREYLIST_WAIT", Help: "seconds until the triplet passes"},

	// The message and what became of it.
	{Name: "queue_id", Env: "QUEUE_ID", Help: "name of the message in the queue"},
	{Name: "place", Env: "QUEUE_PLACE", Help: "part of the queue where it lies: new, wait, failed or damaged"},
	{Name: "due", Env: "QUEUE_DUE", Help: "when it is to be tried again, RFC 3339"},
	{Name: "destination", Env: "QUEUE_DESTINATION", Help: "where the rules sent the recipient"},
	{Name: "state", Env: "QUEUE_STATE", Help: "of the recipient in the queue: wait, busy, done or fail"},
	{Name: "tries", Env: "QUEUE_TRIES", Help: "how often delivery to the recipient was tried"},
	{Name: "tried", Env: "QUEUE_TRIED", Help: "when it was tried last, RFC 3339"},
	{Name: "lines", Env: "MAIL_LINES", Help: "lines of the message"},
	{Name: "dns_record", Env: "DNS_RECORD", Help: "file with the answers of DNS that were used"},
	{Name: "message_id", Env: "MESSAGE_ID", Help: "Message-ID of the message"},
	{Name: "mailer", Env: "MAILER", Help: "where the message went: a mailbox, queue, or the mailer's status"},
	{Name: "host", Env: "SMTP_HOST", Help: "host that gave the reply"},
	{Name: "tls", Env: "SMTP_TLS", Help: "what the host's TLS proved, and its version: dane:TLSv1.3; none in the clear"},
	{Name: "phase", Env: "SMTP_PHASE", Help: "step at which an address was decided: connect, mail or rcpt"},
	{Name: "accept_all", Env: "SMTP_ACCEPT_ALL", Help: "1 when the host accepts any address of the domain, 0 when it does not"},
	{Name: "connect_time", Env: "SMTP_CONNECT_TIME", Help: "how long connecting took, up to the answer to EHLO, as 1.250s"},
	{Name: "mail_time", Env: "SMTP_MAIL_TIME", Help: "how long the answer to MAIL took"},
	{Name: "rcpt_time", Env: "SMTP_RCPT_TIME", Help: "how long the answer to RCPT took"},
	{Name: "dsn", Env: "SMTP_DSN", Help: "0 when the host was not asked for reports, since it offers no DSN (RFC 3461)"},
	{Name: "file", Env: "MAIL_FILE", Help: "path of the file that holds the message"},
	{Name: "offset", Env: "MAIL_OFFSET", Help: "octets of that file before the message begins"},
	{Name: "event", Env: "LISTEN_EVENT", Help: "what listen says of a connection, or of itself"},
	{Name: "left_out", Env: "LISTEN_LEFT_OUT", Help: "lines of that kind that were left out of the log before this one"},
	{Name: "elapsed", Env: "ELAPSED", Help: "how long it took, as 1.25s"},
	{Name: "commands", Env: "SMTP_COMMANDS", Help: "commands of the session"},
	{Name: "messages", Env: "SMTP_MESSAGES", Help: "messages accepted in the session"},
	{Name: "errors", Env: "SMTP_ERRORS", Help: "commands of the session that were answered by an error"},

	// Rules of users.
	{Name: "user", Env: "USER", Help: "user whose rules run"},
	{Name: "extension", Env: "EXT", Help: "the part of the local part behind the separator"},
	{Name: "suffix", Env: "SUFFIX", Help: "the part of the extension that the name of the rule file left to default"},
	{Name: "extension1", Env: "EXT1", Help: "the extension from its first part on"},
	{Name: "extension2", Env: "EXT2", Help: "the extension from its second part on"},
	{Name: "extension3", Env: "EXT3", Help: "the extension from its third part on"},
	{Name: "extension4", Env: "EXT4", Help: "the extension from its fourth part on"},
	{Name: "separator", Env: "SEPARATOR", Help: "the character between user and extension"},
	{Name: "from_line", Env: "UFLINE", Help: "the From_ line of the message"},
}
