// The /hi program of the first article, with Go's net/http: `go build hi.go && ./hi` listens on :8081.
// It cannot be rebuilt in Rust, so it is here as it is; demo/recordings/hi-go.jsonl is its trace.
package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	port := "8081"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	http.HandleFunc("/hi", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "Hi") })
	if err := http.ListenAndServe(":"+port, nil); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
