package spf

import "postern/lib/record"

// Attributes are the names of those that Record may set.
func Attributes() []string {
	return []string{"spf", "spf_record", "spf_final", "spf_domain", "spf_identity", "spf_mechanism", "spf_problem", "spf_explanation"}
}

// Record sets the attributes that tell the result. Those that would be empty
// are left out, and so is spf_record when the domain was not asked.
func (r *Result) Record(rec *record.Record) {
	rec.Set("spf", r.Code.String())
	if r.Rule != LocalRule {
		rec.Set("spf_record", r.Own.String())
	}
	rec.Set("spf_final", r.Code.String())
	set := func(name, value string) {
		if value != "" {
			rec.Set(name, value)
		}
	}
	set("spf_domain", r.Domain)
	set("spf_identity", r.Identity.String())
	set("spf_mechanism", r.Mechanism)
	set("spf_problem", r.Problem)
	set("spf_explanation", r.Explanation)
}
