// Reads an exported log with golang.org/x/mod/sumdb (note, tlog), as the Go checksum database's own
// clients do: every byte is the node's, unmodified.
//
// Usage: go run main.go FOLDER (GO111MODULE=off GOPATH=/usr/share/gocode with Debian's
// golang-golang-x-mod-dev). Exit 0 only if everything holds and every alteration is refused.
//
// Two names differ from the checksum database's and are translated, nothing else: the first line of a
// checkpoint is the log's origin, and a tile's path has no height in it (C2SP tlog-tiles fixes it at 8).
package main

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const tileHeight = 8

var folder string

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "x/mod: "+format+"\n", arguments...)
	os.Exit(1)
}

func read(path string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, path))
	if err != nil {
		fail("%v", err)
	}
	return data
}

func parseHash(line string) tlog.Hash {
	hash, err := tlog.ParseHash(line)
	if err != nil {
		fail("%q: %v", line, err)
	}
	return hash
}

func names(path string) []string {
	entries, err := os.ReadDir(filepath.Join(folder, path))
	if err != nil {
		fail("%v", err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

// open verifies the log's signature and gives the tree that the checkpoint names.
func open(verifier note.Verifier, checkpoint []byte) (tlog.Tree, error) {
	signed, err := note.Open(checkpoint, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	_, rest, found := strings.Cut(signed.Text, "\n")
	if !found {
		return tlog.Tree{}, errors.New("no origin")
	}
	return tlog.ParseTree([]byte("go.sum database tree\n" + rest))
}

// site gives the tiles of the exported log; flip, if not empty, names a tile of which one bit is
// changed.
type site struct {
	flip string
	read int
}

func (s *site) Height() int { return tileHeight }

func (s *site) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		data, err := os.ReadFile(filepath.Join(folder, path))
		if err != nil {
			return nil, err
		}
		if path == s.flip {
			data[len(data)/2] ^= 1
		}
		s.read++
		all = append(all, data)
	}
	return all, nil
}

func (s *site) SaveTiles([]tlog.Tile, [][]byte) {}

// entries reads the entry bundles of a tree of size leaves.
func entries(size int64) [][]byte {
	var all [][]byte
	for bundle := int64(0); bundle*256 < size; bundle++ {
		path := fmt.Sprintf("tile/entries/%03d", bundle)
		if rest := size - bundle*256; rest < 256 {
			path += fmt.Sprintf(".p/%d", rest)
		}
		data := read(path)
		for len(data) > 0 {
			length := int(binary.BigEndian.Uint16(data))
			all = append(all, data[2:2+length])
			data = data[2+length:]
		}
	}
	if int64(len(all)) != size {
		fail("%d entries in bundles, %d in the tree", len(all), size)
	}
	return all
}

func flipped(hashes []tlog.Hash) []tlog.Hash {
	altered := append([]tlog.Hash(nil), hashes...)
	altered[len(altered)/2][7] ^= 1
	return altered
}

func refused(what string, err error) {
	if err == nil {
		fail("accepted: %s", what)
	}
}

func must(what string, err error) {
	if err != nil {
		fail("%s: %v", what, err)
	}
}

// checkLeaves proves every leaf from the tiles, and checks each proof against its entry.
func checkLeaves(tree tlog.Tree) int {
	tiles := &site{}
	reader := tlog.TileHashReader(tree, tiles)
	all := entries(tree.N)
	for index, entry := range all {
		leaf := tlog.RecordHash(entry)
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		must(fmt.Sprintf("leaf %d from tiles", index), err)
		must(fmt.Sprintf("leaf %d", index), tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), leaf))
		altered := append([]byte(nil), entry...)
		altered[len(altered)/2] ^= 1
		err = tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(altered))
		refused("an altered entry", err)
	}
	// Older x/mod do not compare every tile with its parent in ReadHashes; what they read wrongly, no
	// proof made of it survives.
	last := tree.N - 1
	for index, path := range map[int64]string{
		0:    "tile/0/000",
		last: fmt.Sprintf("tile/0/%03d.p/%d", last/256, tree.N%256),
	} {
		proof, err := tlog.ProveRecord(tree.N, index, tlog.TileHashReader(tree, &site{flip: path}))
		if err == nil {
			leaf := tlog.RecordHash(all[index])
			err = tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf)
		}
		refused("an altered tile "+path, err)
	}
	if tiles.read == 0 {
		fail("no tile was read")
	}
	return len(all)
}

// checkReceipts checks the inclusion proofs in our receipts. The entry stands beside each.
func checkReceipts(verifier note.Verifier) int {
	count := 0
	for _, name := range names("receipts") {
		index := strings.TrimSuffix(name, ".tlog-proof")
		if index == name {
			continue
		}
		n, err := strconv.ParseInt(index, 10, 64)
		must(name, err)
		head, checkpoint, _ := strings.Cut(string(read("receipts/"+name)), "\n\n")
		tree, err := open(verifier, []byte(checkpoint))
		must(name, err)
		var proof tlog.RecordProof
		lines := strings.Split(head, "\n")
		for _, line := range lines[3:] {
			proof = append(proof, parseHash(line))
		}
		if lines[2] != "index "+index {
			fail("%s: %s", name, lines[2])
		}
		leaf := tlog.RecordHash(read("receipts/" + index + ".entry"))
		must(name, tlog.CheckRecord(proof, tree.N, tree.Hash, n, leaf))
		refused(name+" altered", tlog.CheckRecord(flipped(proof), tree.N, tree.Hash, n, leaf))
		refused(name+" elsewhere", tlog.CheckRecord(proof, tree.N, tree.Hash, n^1, leaf))
		count++
	}
	return count
}

// checkHistory checks, for every older checkpoint, the consistency proof made from tiles and ours.
func checkHistory(newest tlog.Tree, trees []tlog.Tree) int {
	reader := tlog.TileHashReader(newest, &site{})
	for _, old := range trees {
		proof, err := tlog.ProveTree(newest.N, old.N, reader)
		must("consistency from tiles", err)
		var ours tlog.TreeProof
		text := string(read(fmt.Sprintf("consistency/%d", old.N)))
		for _, line := range strings.Fields(text) {
			ours = append(ours, parseHash(line))
		}
		for _, proof := range []tlog.TreeProof{proof, ours} {
			must("consistency", tlog.CheckTree(proof, newest.N, newest.Hash, old.N, old.Hash))
			err := tlog.CheckTree(flipped(proof), newest.N, newest.Hash, old.N, old.Hash)
			refused("an altered consistency proof", err)
			other := old.Hash
			other[0] ^= 1
			err = tlog.CheckTree(proof, newest.N, newest.Hash, old.N, other)
			refused("a rewritten history", err)
		}
	}
	return len(trees)
}

func main() {
	if len(os.Args) != 2 {
		fail("usage: main.go FOLDER")
	}
	folder = os.Args[1]
	verifier, err := note.NewVerifier(strings.TrimSpace(string(read("log.vkey"))))
	must("log.vkey", err)
	newest, err := open(verifier, read("checkpoint"))
	must("checkpoint", err)
	var older []tlog.Tree
	for _, name := range names("checkpoints") {
		data := read("checkpoints/" + name)
		tree, err := open(verifier, data)
		must("checkpoint "+name, err)
		if tree.N < newest.N {
			older = append(older, tree)
		}
		altered := append([]byte(nil), data...)
		root := base64.StdEncoding.EncodeToString(tree.Hash[:])
		altered[strings.Index(string(data), root)] ^= 2
		_, err = open(verifier, altered)
		refused("an altered checkpoint", err)
	}
	sort.Slice(older, func(i, j int) bool { return older[i].N < older[j].N })
	leaves := checkLeaves(newest)
	receipts := checkReceipts(verifier)
	history := checkHistory(newest, older)
	if leaves == 0 || receipts == 0 || history == 0 {
		fail("nothing to check: %d leaves, %d receipts, %d checkpoints", leaves, receipts, history)
	}
	fmt.Printf("x/mod/sumdb: checkpoint of %d leaves, %d leaves and %d older checkpoints from tiles, "+
		"%d receipts; every alteration refused\n", newest.N, leaves, history, receipts)
}
