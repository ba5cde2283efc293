package spf

type memo struct{}
