// Codegen makes SDKs with Pulumi's own generators, for tests/integration/test_codegen.py.
//
//	codegen SCHEMA FOLDER
//
// writes those for Go, Node.js and Python below FOLDER. What Pulumi finds wrong with the
// schema, its metaschema included, goes to stderr, and nothing is written.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "pulumi-ucimage"

// noOthers loads no package: the schema needs none but its own.
type noOthers struct{ schema.ReferenceLoader }

func main() {
	text, err := os.ReadFile(os.Args[1])
	check(err)
	var spec schema.PackageSpec
	check(json.Unmarshal(text, &spec))
	pkg, diagnostics, err := schema.BindSpec(spec, noOthers{}, schema.ValidationOptions{})
	check(err)
	for _, diagnostic := range diagnostics {
		check(diagnostic)
	}

	files, err := golang.GeneratePackage(tool, pkg, nil)
	check(err)
	write("go", files)
	files, err = nodejs.GeneratePackage(tool, pkg, nil, nil, false, noOthers{})
	check(err)
	write("nodejs", files)
	files, err = python.GeneratePackage(tool, pkg, nil, noOthers{})
	check(err)
	write("python", files)
}

func write(language string, files map[string][]byte) {
	for name, content := range files {
		path := filepath.Join(os.Args[2], language, name)
		check(os.MkdirAll(filepath.Dir(path), 0o755))
		check(os.WriteFile(path, content, 0o600))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
