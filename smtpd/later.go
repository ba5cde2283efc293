package main

import "postern/lib/conf"

// notYet says of the directive of an old program that its feature is not there yet.
const notYet = "not obeyed yet by this version"

// laterRows are directives of old programs that nothing here obeys yet. They
// may stand in a file, and --check names them.
var laterRows = []conf.Row[config]{
	{Name: "SMTPCB", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "ClientTimeout", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "VrfyDelay", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "VrfyCacheTime", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "MaxRevClients", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "DebugSMTPc", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "AliasFile", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "DomainFile", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "Env", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "UserMail", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "UserRcpt", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "AvengerMaxPerUser", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "AvengerTimeout", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "DebugAvenger", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "policydb", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "contentfilter", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "etrn-cluster", Args: "argument ...", Repeat: true, Void: notYet},
	{Name: "rcvd-whoson", Args: "[0|1]", Void: "nobody asks a whoson server any more, see SASL"},
}
