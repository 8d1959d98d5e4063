// A probe of the matrix in Go, whose runtime makes its calls without libc: reads each file named but the last, writes that one, and
// prints the truth as all programs of the matrix do.
package main

import (
	"fmt"
	"os"
	"sync"
)

func main() {
	names := os.Args[1:]
	var all sync.WaitGroup
	for _, name := range names[:len(names)-1] {
		all.Add(1)
		go func(name string) {
			defer all.Done()
			os.ReadFile(name)
			fmt.Printf("read %s\n", name)
		}(name)
	}
	all.Wait()
	last := names[len(names)-1]
	if os.WriteFile(last, []byte("x"), 0666) == nil {
		fmt.Printf("wrote %s\n", last)
	}
}
