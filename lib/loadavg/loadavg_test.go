package loadavg

import "testing"

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		text string
		want int
		ok   bool
	}{
		{"0.52 0.58 0.59 1/597 12345\n", 0, true},
		{"50.99 0.58 0.59 1/597 12345\n", 50, true},
		{"", 0, false},
		{"-1.0 ", 0, false},
		{"high", 0, false},
	} {
		got, err := parse(tt.text)
		if got != tt.want || (err == nil) != tt.ok {
			t.Errorf("parse(%q) = %d, %v", tt.text, got, err)
		}
	}
}

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
