package main

import "postern/lib/tool"

func lint(e *tool.Env, domains []string) int { return 0 }
