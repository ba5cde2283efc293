package tlsconf

import "crypto/tls"

// ChannelBinding is the binding tls-exporter of a connection (RFC 9266), 32
// octets, by which SCRAM proves that both sides see the same channel. It is nil
// before TLS 1.3: there two connections may have the same one.
func ChannelBinding(state *tls.ConnectionState) []byte {
	if state.Version < tls.VersionTLS13 {
		return nil
	}
	binding, err := state.ExportKeyingMaterial("EXPORTER-Channel-Binding", nil, 32)
	if err != nil {
		return nil
	}
	return binding
}
