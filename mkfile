# For mk, Plan 9's make (package 9base: /usr/lib/plan9/bin/mk). Nobody needs
# it: a target is one go command or nearly, printed as it runs.
#
#	mk all                        programs into ./bin
#	mk PREFIX=/usr install        programs, pages and units under PREFIX
#	DESTDIR=/tmp/x mk install     the same below a folder, for a package

PREFIX=/usr/local
CGO_ENABLED=0
GO=go
LIB=$PREFIX/lib/postern
MAN=$PREFIX/share/man
UNITS=$PREFIX/lib/systemd/system
LDFLAGS=-X postern/lib/place.prefix=$PREFIX
PROGS=./smtpd ./send ./smtp ./spf ./greylist ./tools/limit ./tools/listen ./tools/mtasts ./tools/netpath ./tools/rbl ./tools/runq ./tools/smtpfilter ./tools/synfp ./tools/users
PAGES=`{find . -name '*.[1578]' | sort}
INSTALLEDPAGES=`{find . -name '*.[1578]' ! -name demo.1 | sort}
EXAMPLES=`{find . -name '*.cron' -o -name workers.conf | sort}
UNITFILES=`{find . -name '*.socket' -o -name '*.service' -o -name '*.timer' | sort}

all:V:
	$GO build -trimpath -ldflags "$LDFLAGS" -o bin/ $PROGS

test:V:
	$GO test ./...

check:V:
	gofmt -s -d .
	test -z "$(gofmt -s -l .)"
	$GO vet ./...
	$GO tool -modfile=.ci/tools/go.mod staticcheck ./...

bench:V:
	$GO test -run '^$' -bench . ./...

man:V:
	mandoc -T lint -W warning $PAGES

install:V:
	umask 022
	$GO build -trimpath -ldflags "$LDFLAGS" -o $DESTDIR$LIB/ $PROGS
	install -d $DESTDIR$MAN/man1 $DESTDIR$MAN/man5 $DESTDIR$MAN/man7 $DESTDIR$MAN/man8
	for f in $INSTALLEDPAGES; do sed -e "s,/usr/local/lib/postern,$LIB,g" -e "s,/usr/local/share/postern,$PREFIX/share/postern,g" $f >$DESTDIR$MAN/man${f##*.}/${f##*/}; done
	install -d $DESTDIR$UNITS $DESTDIR$PREFIX/lib/sysusers.d $DESTDIR$PREFIX/lib/tmpfiles.d
	for f in $UNITFILES; do sed "s,/usr/local,$PREFIX,g" $f >$DESTDIR$UNITS/${f##*/}; done
	install -m 644 smtpd/postern.sysusers $DESTDIR$PREFIX/lib/sysusers.d/postern.conf
	install -m 644 smtpd/postern.tmpfiles $DESTDIR$PREFIX/lib/tmpfiles.d/postern.conf
	install -D -m 644 smtpd/fail2ban.conf $DESTDIR$PREFIX/share/postern/fail2ban.conf
	for f in $EXAMPLES; do sed "s,/usr/local,$PREFIX,g" $f >$DESTDIR$PREFIX/share/postern/${f##*/}; done
	install -m 755 tools/smtpfilter/smtp-filter.* $DESTDIR$PREFIX/share/postern/

uninstall:V:
	rm -rf $DESTDIR$LIB $DESTDIR$PREFIX/share/postern
	for f in $INSTALLEDPAGES; do rm -f $DESTDIR$MAN/man${f##*.}/${f##*/}; done
	for f in $UNITFILES; do rm -f $DESTDIR$UNITS/${f##*/}; done
	rm -f $DESTDIR$PREFIX/lib/sysusers.d/postern.conf $DESTDIR$PREFIX/lib/tmpfiles.d/postern.conf

clean:V:
	rm -rf bin
	$GO clean ./...
