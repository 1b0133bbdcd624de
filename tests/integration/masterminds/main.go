// Masterminds answers what github.com/Masterminds/semver/v3 and Flux make of
// version ranges and versions: one JSON question a line in, one JSON answer a
// line out. It is the oracle of tests/integration/test_masterminds.py.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"

	"github.com/Masterminds/semver/v3"
	"github.com/fluxcd/pkg/version"
)

type question struct {
	Range    string   `json:"range"`
	Versions []string `json:"versions"`
}

type answer struct {
	// Range says whether the range is valid.
	Range bool `json:"range"`
	// Loose and Flux say which versions NewVersion and Flux accept.
	Loose []bool `json:"loose"`
	Flux  []bool `json:"flux"`
	// Contains has the versions that the range contains: none of them is
	// in an invalid range, and no invalid version is in any range.
	Contains []bool `json:"contains"`
	// Compare has -1, 0 or 1 for each version and the next; 0 where either
	// is invalid.
	Compare []int `json:"compare"`
}

func ask(q question) answer {
	constraints, err := semver.NewConstraint(q.Range)
	a := answer{Range: err == nil, Compare: []int{}}
	var previous *semver.Version
	for i, text := range q.Versions {
		v, err := semver.NewVersion(text)
		_, fluxErr := version.ParseVersion(text)
		a.Loose = append(a.Loose, err == nil)
		a.Flux = append(a.Flux, fluxErr == nil)
		a.Contains = append(a.Contains, a.Range && v != nil && constraints.Check(v))
		if i > 0 {
			compared := 0
			if previous != nil && v != nil {
				compared = previous.Compare(v)
			}
			a.Compare = append(a.Compare, compared)
		}
		previous = v
	}
	return a
}

func main() {
	questions := json.NewDecoder(bufio.NewReader(os.Stdin))
	out := bufio.NewWriter(os.Stdout)
	answers := json.NewEncoder(out)
	for questions.More() {
		var q question
		if err := questions.Decode(&q); err != nil {
			log.Fatal(err)
		}
		if err := answers.Encode(ask(q)); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
