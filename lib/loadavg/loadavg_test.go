package loadavg

import "testing"

func TestAverage(t *testing.T) {
	if _, err := Average(); err != nil {
		t.Error(err)
	}
}

func TestLimit(t *testing.T) {
	for n, want := range map[int]int{-1: 10, 0: 10, 1: 1, 8: 8, Never: Never} {
		if got := Limit(n); got != want {
			t.Errorf("Limit(%d) = %d, want %d", n, got, want)
		}
	}
}
