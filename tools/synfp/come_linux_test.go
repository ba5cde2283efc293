package main

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/gopacket/layers"

	"postern/lib/e2e"
	"postern/lib/maillog"
	"postern/lib/synfp"
)

// TestInterfacesComeAndGo: an interface that comes later, goes down, goes away
// and comes again is captured from whenever it is there.
func TestInterfacesComeAndGo(t *testing.T) {
	if !e2e.InNetwork(t, "ip", "nsenter", "bash") {
		return
	}
	log, seen := new(logged), make(chan string, 100)
	for name, w := range map[string]wanted{"any": {port: 2525}, "named": {port: 2525, interfaces: []string{"here"}}} {
		c := newCapture(w, maillog.Open(maillog.Options{Stderr: log}), func(synfp.SYN) error { seen <- name; return nil })
		c.patient = true
		if err := c.open(); err != nil {
			t.Fatal(err)
		}
		go c.run()
	}
	until(t, "what is missing is said", func() bool {
		return log.has("no interface is up but loopback")() && log.has("here: no such interface, or it is down")()
	})
	pid := clientHost(t)
	both := func(what string) {
		t.Helper()
		got := map[string]bool{}
		for end := time.After(20 * time.Second); len(got) < 2; {
			exec.Command("nsenter", "-t", pidText(pid), "-n", "bash", "-c", "exec 3<>/dev/tcp/10.9.0.1/2525").Run()
			for more := true; more; {
				select {
				case name := <-seen:
					got[name] = true
				case <-time.After(100 * time.Millisecond):
					more = false
				case <-end:
					t.Fatalf("%s: captured by %v alone", what, got)
				}
			}
		}
	}
	both("come")
	sh(t, 0, "ip link set here down")
	until(t, "its loss is said", log.has("here: down or gone"))
	sh(t, 0, "ip link set here up")
	both("up again")
	until(t, "its coming is said", log.has("here: capturing again"))
	sh(t, 0, "ip link del here")
	sh(t, 0, "ip link add here type veth peer name there netns "+pidText(pid)+"; ip link set here up; ip addr add 10.9.0.1/24 dev here")
	sh(t, pid, "ip link set there up; ip addr add 10.9.0.2/24 dev there")
	both("made anew")
}

// TestNoPatience: without patience what is missing is an error.
func TestNoPatience(t *testing.T) {
	if !e2e.InNetwork(t, "ip") {
		return
	}
	sh(t, 0, "ip link set lo up")
	for _, tt := range []struct {
		operands []string
		want     string
	}{
		{[]string{"25"}, "no interface is up but loopback"},
		{[]string{"25", "192.0.2.1"}, "no interface that is up has the address 192.0.2.1"},
		{[]string{"25", "0.0.0.0", "lo", "eth7"}, "eth7: no such interface, or it is down"},
	} {
		w, err := parseWanted(tt.operands)
		if err == nil {
			err = newCapture(w, nil, nil).open()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.operands, err, tt.want)
		}
	}
}

// TestManyInterfaces: what an open interface takes does not grow with how many
// there are beside it.
func TestManyInterfaces(t *testing.T) {
	if !e2e.InNetwork(t, "ip") {
		return
	}
	sh(t, 0, "for i in $(seq 100); do echo link add c$i type veth peer name d$i; done | ip -batch -")
	const open = 50
	var list []source
	before := liveHeap()
	for range open {
		src, err := openSource("c1", wanted{})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, src)
	}
	if each := (liveHeap() - before) / open; each > 16<<10 {
		t.Errorf("%d octets for each", each)
	}
	for _, src := range list {
		src.Close()
	}
}

// TestLinkTypes: what stands in front of IP is known without the files of sysfs,
// which tell of the namespace that it was mounted in.
func TestLinkTypes(t *testing.T) {
	if !e2e.InNetwork(t, "ip") {
		return
	}
	sh(t, 0, "ip tuntap add dev tun7 mode tun; ip tuntap add dev tap7 mode tap; ip link add veth7 type veth")
	for name, want := range map[string]layers.LinkType{
		"lo": layers.LinkTypeEthernet, "veth7": layers.LinkTypeEthernet, "tap7": layers.LinkTypeEthernet, "tun7": layers.LinkTypeRaw,
	} {
		if got, err := linkType(name); got != want || err != nil {
			t.Errorf("%s: %v, %v; want %v", name, got, err, want)
		}
	}
	if got, err := linkType("nosuch"); err == nil {
		t.Errorf("of none: %v", got)
	}
}

// liveHeap is how much of the heap is in use.
func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
