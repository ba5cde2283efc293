package mtasts

import (
	"context"
	"fmt"
	"time"

	"postern/lib/place"
	"postern/lib/prog"
)

// FetchLimit is how long fetching a policy may take (RFC 8461 3.3).
const FetchLimit = 60 * time.Second

// programName is the sister program that fetches policies.
const programName = "mtasts"

// Program returns the Fetch of a Finder that runs the sister program mtasts. The
// program is given what concerns it of our environment.
func Program(places prog.Places) func(ctx context.Context, domain string) ([]byte, error) {
	return func(ctx context.Context, domain string) ([]byte, error) {
		path, err := prog.Find(places, programName)
		if err != nil {
			return nil, err
		}
		r, err := prog.Run(ctx, prog.Command{
			Path:  path,
			Args:  []string{"-f", "--", domain},
			Env:   prog.Inherit(nil, place.RootEnv, place.ResolverEnv, "SSL_CERT_FILE", "SSL_CERT_DIR"),
			Dir:   "/",
			Limit: FetchLimit + FetchLimit/10, // it has its own, and can say more
			Join:  true,
		})
		if err != nil {
			return nil, err
		}
		if r.Status != 0 {
			return nil, fmt.Errorf("%s: exit status %d: %s", programName, r.Status, r.Reason)
		}
		return r.Output, nil
	}
}
