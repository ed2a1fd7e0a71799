// Checks an evidence log with the Go checksum database's own code, golang.org/x/mod/sumdb/{note,tlog}, which shares
// no line with the guard: every checkpoint's signature, every record against every tile and the root, the growth of
// the log from each checkpoint to the last, and a tlog-proof file.
//
//	tlog LOG VKEY [PROOF INDEX]
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func open(text []byte, verifiers note.Verifiers, name string) tlog.Tree {
	n, err := note.Open(text, verifiers)
	check(err)
	lines := strings.Split(n.Text, "\n")
	if len(lines) != 4 || lines[0] != name {
		check(fmt.Errorf("not a checkpoint of %s: %q", name, n.Text))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	hash, err := tlog.ParseHash(lines[2])
	check(err)
	return tlog.Tree{N: size, Hash: hash}
}

type tiles struct{ log string }

func (t tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, one := range wanted {
		// C2SP leaves the height out of the path, for it is always 8.
		path := "tile/" + strings.TrimPrefix(one.Path(), "tile/8/")
		data, err := os.ReadFile(filepath.Join(t.log, path))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func leaves(log string) [][]byte {
	files, err := filepath.Glob(filepath.Join(log, "seg", "*.seg"))
	check(err)
	sort.Strings(files)
	var found [][]byte
	for _, file := range files {
		data, err := os.ReadFile(file)
		check(err)
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint32(data))
			found = append(found, data[36:36+length])
			data = data[36+length:]
		}
	}
	return found
}

func main() {
	log := os.Args[1]
	verifier, err := note.NewVerifier(os.Args[2])
	check(err)
	verifiers := note.VerifierList(verifier)
	newest, err := os.ReadFile(filepath.Join(log, "checkpoint"))
	check(err)
	tree := open(newest, verifiers, verifier.Name())
	hashes := tlog.TileHashReader(tree, tiles{log})
	records := leaves(log)
	for index := int64(0); index < tree.N; index++ {
		proof, err := tlog.ProveRecord(tree.N, index, hashes)
		check(err)
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(records[index])))
	}
	history, err := os.ReadFile(filepath.Join(log, "checkpoints.log"))
	check(err)
	count := 0
	for _, text := range strings.SplitAfter(string(history), "=\n"+verifier.Name()) {
		text = strings.TrimSuffix(text, verifier.Name())
		if count > 0 {
			text = verifier.Name() + text
		}
		older := open([]byte(text), verifiers, verifier.Name())
		count++
		if older.N == 0 {
			continue
		}
		proof, err := tlog.ProveTree(tree.N, older.N, hashes)
		check(err)
		check(tlog.CheckTree(proof, tree.N, tree.Hash, older.N, older.Hash))
	}
	if len(os.Args) > 4 {
		index, err := strconv.ParseInt(os.Args[4], 10, 64)
		check(err)
		proven(os.Args[3], index, verifiers, verifier.Name(), records[index])
	}
	fmt.Println(tree.N, count)
}

func proven(file string, index int64, verifiers note.Verifiers, name string, leaf []byte) {
	data, err := os.ReadFile(file)
	check(err)
	head, text, found := strings.Cut(string(data), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" || lines[1] != fmt.Sprintf("index %d", index) {
		check(fmt.Errorf("not a proof of record %d: %q", index, head))
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		raw, err := base64.StdEncoding.DecodeString(line)
		check(err)
		proof = append(proof, tlog.Hash(raw))
	}
	tree := open([]byte(text), verifiers, name)
	check(tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(leaf)))
}
