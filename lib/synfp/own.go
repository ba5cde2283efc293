package synfp

import (
	"errors"
	"strings"
)

// own are systems of today, and how each is known. "Observed" is what the tests
// of tools/synfp see of the kernel that they run on, in network namespaces whose
// MTUs and sysctls they change; the rest was published. Where a source does not
// give the time to live and DF, they are those that p0f has for the family. The
// grammar is pf.os(5)'s.
const own = `
# Observed, Linux 6.18: the largest multiple of the MSS below 64 KiB, here for
# MTUs of 1280 to 1500, of 9000 and of loopback, IPv4 and IPv6. Kernels do so
# since 4.20 ("tcp: up initial rmem to 128KB and SYN rwin to around 64KB").
S43:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S44:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S45:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S46:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S47:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S48:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S49:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S50:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S51:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S52:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S53:64:1:60:M*,S,T,N,W*:Linux:4.20::Linux 4.20 or later
S7:64:1:60:M*,S,T,N,W*:Linux:4.20:jumbo:Linux 4.20 or later, jumbo frames
S1:64:1:60:M*,S,T,N,W*:Linux:4.20:loopback:Linux 4.20 or later, loopback
# Observed, Linux 6.18 with net.ipv4.tcp_timestamps=0, and with tcp_sack=0.
S44:64:1:52:M*,N,N,S,N,W*:Linux:4.20:no timestamps:Linux 4.20 or later, no timestamps
S45:64:1:52:M*,N,N,S,N,W*:Linux:4.20:no timestamps:Linux 4.20 or later, no timestamps
S44:64:1:60:M*,N,N,T,N,W*:Linux:4.20:no SACK:Linux 4.20 or later, no selective acknowledgements
# Observed, Linux 6.18 with net.ipv4.ip_no_pmtu_disc=1, as in a host whose
# network loses the messages of too large packets; and with tcp_rmem's default
# of 1 MB. The latter was published for Android (huginn-net's p0f.fp, W8) and for
# an Ubuntu 22.04 (FoxIO's examples of JA4T, W8), too.
S44:64:0:60:M*,S,T,N,W*:Linux:4.20:no path MTU:Linux 4.20 or later, no path MTU discovery
65535:64:1:60:M*,S,T,N,W*:Linux:4.20:Android:Android, or Linux with a large receive buffer
# Published by FoxIO among its examples of JA4T, 2024: window, options, scale.
64240:128:1:52:M*,N,W8,N,N,S:Windows:10::Windows 10 or later
65535:64:1:64:M*,N,W6,N,N,T,S,E:Apple:::macOS or iOS
# Published as JA4T of a Windows 11, 2026.
65535:128:1:52:M*,N,W8,N,N,S:Windows:10::Windows 10 or later
# Published by pf.os, as nftables has it.
16384:64:1:64:M*,N,N,S,N,W6,N,N,T:OpenBSD:6.1::OpenBSD 6.1 or later
16384:64:1:64:M*,N,N,S,N,W3,N,N,T:OpenBSD:4.9::OpenBSD 4.9 to 6.0
# Published by p0f 3.09b.
S20:64:1:60:M*,S,T,N,W*:Linux:3.11::Linux 3.11 to 4.19
S10:64:1:60:M*,S,T,N,W*:Linux:3.1::Linux 3.1 to 3.10
S4:64:1:60:M*,S,T,N,W*:Linux:2.6::Linux 2.6
65535:64:1:60:M*,N,W6,S,T:FreeBSD:9::FreeBSD 9 or later
65535:64:1:64:M*,N,W4,N,N,T,S,E:Apple:10.9::macOS 10.9 or later, or iOS
8192:128:1:52:M*,N,W*,N,N,S:Windows:7::Windows 7 or 8
# Published by p0f 3.09b, for all kernels of the family; of OpenBSD's, whose order
# of options is its own, for any window.
*:64:1:60:M*,S,T,N,W*:@Linux:::Linux
*:64:1:52:M*,N,N,S,N,W*:@Linux::no timestamps:Linux, no timestamps
65535:64:1:60:M*,N,W*,S,T:@FreeBSD:::FreeBSD
65535:64:1:64:M*,N,W*,N,N,T,S,E:@Apple:::macOS or iOS
*:64:1:64:M*,N,N,S,N,W*,N,N,T:@OpenBSD:::OpenBSD
*:128:1:52:M*,N,W*,N,N,S:@Windows:NT::Windows NT kernel
*:128:1:48:M*,N,N,S:@Windows:NT::Windows NT kernel
`

// ownLinks are the kinds of links that p0f 3.09b publishes, in its grammar and
// words, which those who ask by its API look for.
const ownLinks = `
[mtu]
label = Ethernet or modem
sig = 576
sig = 1500
label = DSL
sig = 1452
sig = 1454
sig = 1492
label = GIF
sig = 1240
sig = 1280
label = generic tunnel or VPN
sig = 1300
sig = 1400
sig = 1420
sig = 1440
sig = 1450
sig = 1460
label = IPSec or GRE
sig = 1476
label = IPIP or SIT
sig = 1480
label = PPTP
sig = 1490
`

// Own is the database that comes with the package: small, and of systems of
// today, which pf.os and p0f's, of 2019 at the latest and of 2014, know little of.
func Own() *Database {
	systems, err := Read("own", strings.NewReader(own))
	links, err2 := Read("own links", strings.NewReader(ownLinks))
	if err := errors.Join(err, err2); err != nil {
		panic("synfp: own database: " + err.Error())
	}
	return Join(systems, links)
}

// Name is the system that Own names. It reads no more of that than it takes,
// which suits a process that names one SYN: few lines have the window.
func Name(f *Fingerprint, mtu int) (System, bool) {
	s := SYN{Fingerprint: *f}
	v := newView(&s, mtu)
	for line := range strings.Lines(own) {
		window, _, _ := strings.Cut(line, ":")
		if line[0] == '#' || line[0] == '\n' {
			continue
		}
		var d Database
		if n, err := pfNumber(window, true); err != nil || !n.fits(uint32(f.Window), v.links) || d.pfLine(strings.TrimSpace(line)) != nil {
			continue
		}
		if d.entries[0].fits(v) == exact {
			return d.entries[0].system, true
		}
	}
	return System{}, false
}

// Join puts databases behind one another: the first that knows a SYN names it.
// A nil one adds nothing.
func Join(list ...*Database) *Database {
	var all Database
	for _, d := range list {
		if d != nil {
			all.entries = append(all.entries, d.entries...)
			all.links = append(all.links, d.links...)
		}
	}
	return &all
}
