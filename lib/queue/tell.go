package queue

// Tell notes that the sender has been told of what became of some recipients,
// those that have arrived, those that will not be tried again and those that
// still wait: durably, and for all of them at once.
func (e *Entry) Tell(rcpts []int) error {
	for _, i := range rcpts {
		s := e.head.status[i]
		switch s.State {
		case Arrived:
			s.State = Done
		case Rejected:
			s.State = Told
		case Waiting, Begun:
			s.State = Late
		}
		if err := e.Mark(i, s); err != nil {
			return err
		}
	}
	e.unsynced.Store(true) // of who still waits too: nobody is told twice
	return e.sync()
}
