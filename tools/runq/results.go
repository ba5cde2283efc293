package main

import (
	"bufio"
	"fmt"
	"slices"

	"postern/lib/deliver"
)

// maxResult bounds a line of results, in octets.
const maxResult = 64 << 10

// read takes the results, up to the end of the process's output: a process that
// nobody listens to would not end. A line that is too long is passed over.
func (c *client) read(results *bufio.Reader) {
	whole := true // the last piece ended its line
	for {
		line, err := results.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return
		}
		began := whole
		if whole = err == nil; whole && began {
			err = c.result(line)
		}
		if began && err != nil {
			c.d.t.log(fmt.Sprintf("smtp %s: %v", c.d.to, err))
		}
	}
}

// result takes one line.
func (c *client) result(line []byte) error {
	a, err := parseAnswerLine(line)
	if err != nil {
		return err
	}
	t := c.d.t
	t.mu.Lock()
	c.results++
	j, rcpt := c.find(a)
	again := j != nil && c.judge(a)
	if again {
		j.load.add(1)
		c.back = append(c.back, &job{load: j.load, rcpts: []int{rcpt}, lost: j.lost})
	}
	complete := j != nil && len(j.rcpts) == 0
	if complete {
		c.out = slices.DeleteFunc(c.out, func(other *job) bool { return other == j })
		c.setSpare(!c.over && !c.refused)
		if len(c.out) <= c.ahead()/2 {
			c.d.wake.Broadcast()
		}
	}
	t.mu.Unlock()
	if j == nil {
		return fmt.Errorf("a result for %s %s, which was not asked for", a.id, a.recipient)
	}
	if !again {
		t.note(j.load.e, rcpt, a.result)
	}
	if complete {
		t.release(j.load)
	}
	return nil
}

// find takes the recipient that an answer is about out of his job.
func (c *client) find(a answerLine) (*job, int) {
	for _, j := range c.out {
		if j.load.e.ID != a.id {
			continue
		}
		if i, ok := j.remove(a.recipient); ok {
			return j, i
		}
	}
	return nil, 0
}

// judge learns from an answer how the destination does. It says whether the
// recipient should be tried by another process.
func (c *client) judge(a answerLine) (again bool) {
	d := c.d
	if !a.unserved() {
		if a.Status != deliver.Deferred {
			d.works()
		}
		return false
	}
	if !c.refused {
		c.refused = true
		d.fails(a.Reply)
	}
	return !d.down() && !d.t.ending
}
