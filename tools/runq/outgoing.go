package main

import "postern/lib/conf"

// Processes of smtp, and the most that can be asked for.
const (
	defaultProcesses      = 50
	defaultPerDestination = 20
	maxProcesses          = 1000
)

// outgoing is how mail goes to other hosts.
type outgoing struct {
	routing        routing
	processes      int // of smtp, in all
	perDestination int
}

func defaultOutgoing() outgoing {
	return outgoing{routing: defaultRouting(), processes: defaultProcesses, perDestination: defaultPerDestination}
}

// outgoingRows say how mail goes to other hosts.
var outgoingRows = []conf.Row[outgoing]{
	{Name: "Route", Args: "domain destination [flag ...]", Repeat: true,
		Value: func(o *outgoing) conf.Value {
			return conf.Value{Set: o.routing.addRoute, Show: o.routing.showRoutes, Reset: func() { o.routing.table = nil }}
		},
		Help: "Mail for the domain goes to this destination of smtp(8), with these options of smtp instead of those of SmtpFlags. *.dom means dom and all below it, * every domain; the first line that fits counts."},
	{Name: "Gateway", Args: "host",
		Value: func(o *outgoing) conf.Value { return conf.String(&o.routing.gateway) },
		Help:  "Where mail goes for a domain that has neither MX nor address."},
	{Name: "SmtpFlags", Args: "flag ...", Default: defaultFlags,
		Value: func(o *outgoing) conf.Value {
			return conf.Value{Set: o.routing.setFlags, Show: func() [][]string { return [][]string{o.routing.flags} }}
		},
		Help: "Options of smtp(8): how TLS is used, the address to send from."},
	{Name: "SmtpProcesses", Args: "number", Default: "50",
		Value: func(o *outgoing) conf.Value { return conf.Int(&o.processes, 1, maxProcesses) },
		Help:  "Processes of smtp at once."},
	{Name: "SmtpPerDestination", Args: "number", Default: "20",
		Value: func(o *outgoing) conf.Value { return conf.Int(&o.perDestination, 1, maxProcesses) },
		Help:  "Processes of smtp at once for one destination; there are fewer as long as it has not shown that it bears them."},
}
