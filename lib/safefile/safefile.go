// Package safefile makes files that are either whole or not there, whatever
// happens to the process or the machine, and locks files by flock(2).
package safefile
