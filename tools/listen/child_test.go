package main

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"postern/lib/place"
	"postern/lib/record"
)

// play is a program that listen starts:
//
//	as-echo     says "hello PID", then each line that it is told
//	as-env      says its environment, and ends
//	as-stuck    says "hello PID", and is not ended by SIGTERM
//	as-worker   is handed connections, and serves each as echo does
//	as-broken   a worker that ends at once
//	as-checked FILE   as echo; with --check its exit status is what FILE says,
//	                  or it stays and says so in FILE.stays
func play(kind string, args []string) int {
	switch kind {
	case "as-echo", "as-checked":
		echo(os.Stdin, os.Stdout, "hello "+strconv.Itoa(os.Getpid()))
	case "as-env":
		fmt.Println(strings.Join(os.Environ(), "\n"))
		fmt.Println("groups", os.Getuid(), os.Getgid())
	case "as-stuck":
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("hello", os.Getpid())
		time.Sleep(time.Hour)
	case "as-worker":
		return fakeWorker()
	case "as-broken":
		if os.Getenv(place.WorkerEnv) != "" {
			return 70
		}
		echo(os.Stdin, os.Stdout, "hello alone")
	}
	return 0
}

func checking(file string) int {
	text, _ := os.ReadFile(file)
	if string(text) == "stays" {
		os.WriteFile(file+".stays", nil, 0o600)
		time.Sleep(time.Hour)
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

func echo(in, out *os.File, greeting string) {
	fmt.Fprintln(out, greeting)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		if lines.Text() == "crash" {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
		fmt.Fprintln(out, lines.Text())
	}
}

// fakeWorker speaks the protocol of -w as listen(8) has it. Its greeting says
// who it is and whom it serves.
func fakeWorker() int {
	var uses, atOnce int
	fmt.Sscanf(os.Getenv(place.WorkerEnv), "%d:%d", &uses, &atOnce)
	unix.Write(0, []byte("ready"))
	var sessions sync.WaitGroup
	buf, oob := make([]byte, 4096), make([]byte, 128)
	for n := 0; uses == 0 || n < uses; n++ {
		size, oobn, _, _, err := unix.Recvmsg(0, buf, oob, 0)
		if err != nil || size == 0 {
			break
		}
		messages, err := unix.ParseSocketControlMessage(oob[:oobn])
		if err != nil || len(messages) != 1 {
			return 1
		}
		fds, err := unix.ParseUnixRights(&messages[0])
		if err != nil || len(fds) != 1 {
			return 2
		}
		r, err := record.ParseLine(buf[:size])
		if err != nil {
			return 3
		}
		sessions.Go(func() {
			c := os.NewFile(uintptr(fds[0]), "connection")
			echo(c, c, fmt.Sprintf("hello %d %s", os.Getpid(), r.Value("client_address")))
			c.Close()
			addr, _ := netip.ParseAddr(r.Value("client_address"))
			unix.Write(0, []byte("done "+addr.String()))
		})
	}
	sessions.Wait()
	return 0
}
