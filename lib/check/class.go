package check

// Class is what the postmaster's lists say about a client or a sender. When several
// entries match, the class that stands first here counts, whatever the order of
// the entries.
type Class uint8

const (
	// Unlisted is for those of whom no list speaks.
	Unlisted Class = iota
	// Allow passes by all lists.
	Allow
	// Block refuses the message: 554 5.7.1.
	Block
	// Deny refuses it and says to whom one may turn: 554 5.7.1.
	Deny
	// Dial refuses it and all that the client says behind it: 554 5.7.1.
	Dial
	// Delay refuses it for now: 450 4.3.0.
	Delay
	classes
)

var classNames = [classes]string{"", "allow", "block", "deny", "dial", "delay"}

// String is the word by which lists name the class.
func (c Class) String() string { return classNames[c] }

// parseClass reads the word at the beginning of a line of a list.
func parseClass(word string) (Class, bool) {
	switch word {
	case "accept":
		return Allow, true
	case "relay":
		return Delay, true
	}
	for c := Allow; c < classes; c++ {
		if classNames[c] == word {
			return c, true
		}
	}
	return Unlisted, false
}

// An entry is a class and the line that gives it.
type entry struct {
	class Class
	line  int
}

// better takes the entry that counts of the two.
func (e entry) better(other entry) entry {
	if e.class == Unlisted || other.class != Unlisted && other.class < e.class {
		return other
	}
	return e
}
