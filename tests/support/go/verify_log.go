// Reads logs of Ringfence with Go's own sumdb packages (golang.org/x/mod/sumdb/note and tlog): nothing of Ringfence is in here.
//
//	verify_log log DIR VKEYFILE       a log's folder: notes, epochs, chain, tree, every proof, tiles
//	verify_log tlog DIR VKEYFILE      a C2SP tlog-tiles directory signed by that key
//	verify_log vectors COUNT SEED     proofs over random trees, one JSON object a line
//
// Prints OK SIZE ROOT, or what is wrong and exits 1.
package main

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 4 && os.Args[1] == "log":
		err = checkLog(os.Args[2], os.Args[3])
	case len(os.Args) == 4 && os.Args[1] == "tlog":
		err = checkTiles(os.Args[2], os.Args[3])
	case len(os.Args) == 4 && os.Args[1] == "vectors":
		err = vectors(os.Args[2], os.Args[3])
	default:
		err = errors.New("usage: verify_log log|tlog DIR VKEYFILE | vectors COUNT SEED")
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// hashes holds the stored hashes of a tree, in tlog's own order.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, at := range indexes {
		if at >= int64(len(h)) {
			return nil, fmt.Errorf("no hash %d", at)
		}
		out[i] = h[at]
	}
	return out, nil
}

func (h *hashes) add(n int64, leaf tlog.Hash) error {
	more, err := tlog.StoredHashesForRecordHash(n, leaf, *h)
	*h = append(*h, more...)
	return err
}

func verifier(line string) (note.Verifier, error) {
	return note.NewVerifier(strings.TrimSpace(line))
}

// open returns the text of a note that this key signed.
func open(text string, keys ...note.Verifier) (string, error) {
	opened, err := note.Open([]byte(text), note.VerifierList(keys...))
	if err != nil {
		return "", err
	}
	return opened.Text, nil
}

func field(text, name string) string {
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, name+" ") {
			return line[len(name)+1:]
		}
	}
	return ""
}

type epoch struct {
	from int64
	key  note.Verifier
}

func openEpochs(notes []string, genesis note.Verifier, authority []note.Verifier) ([]epoch, error) {
	epochs := []epoch{{0, genesis}}
	for i, text := range notes {
		last := epochs[len(epochs)-1]
		body, err := open(text, append([]note.Verifier{last.key}, authority...)...)
		if err != nil {
			return nil, fmt.Errorf("epoch %d: %w", i+1, err)
		}
		key, err := verifier(field(body, "key"))
		if err != nil {
			return nil, err
		}
		from, err := strconv.ParseInt(field(body, "from"), 10, 64)
		if err != nil {
			return nil, err
		}
		lines := strings.Split(body, "\n")
		if lines[0] != "ringfence/epoch v1" || lines[1] != genesis.Name() || key.Name() != genesis.Name() || field(body, "epoch") != strconv.Itoa(i+1) || from <= last.from {
			return nil, fmt.Errorf("epoch %d does not follow", i+1)
		}
		epochs = append(epochs, epoch{from, key})
	}
	return epochs, nil
}

func splitNotes(text string) []string {
	const first = "ringfence/epoch v1\n"
	var notes []string
	for _, part := range strings.Split(text, first)[1:] {
		notes = append(notes, first+part)
	}
	return notes
}

func readIfAny(name string) string {
	data, _ := os.ReadFile(name)
	return string(data)
}

// openTree reads a checkpoint that the owner of its size signed.
func openTree(text string, epochs []epoch) (tlog.Tree, error) {
	var tree tlog.Tree
	lines := strings.Split(text, "\n")
	if len(lines) < 5 || lines[0] != epochs[0].key.Name() {
		return tree, errors.New("checkpoint of another log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tree, err
	}
	owner := epochs[0]
	for _, each := range epochs {
		if each.from < size {
			owner = each
		}
	}
	if _, err := open(text, owner.key); err != nil {
		return tree, fmt.Errorf("checkpoint of size %d: %w", size, err)
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

func keysOf(dir string, machine note.Verifier) ([]epoch, error) {
	var notes []string
	for n := 1; ; n++ {
		text, err := os.ReadFile(filepath.Join(dir, "epochs", strconv.Itoa(n)))
		if err != nil {
			break
		}
		notes = append(notes, string(text))
	}
	certificate := readIfAny(filepath.Join(dir, "certificate"))
	if certificate == "" {
		return openEpochs(notes, machine, nil)
	}
	machines, err := openEpochs(splitNotes(readIfAny(filepath.Join(dir, "authority"))), machine, nil)
	if err != nil {
		return nil, err
	}
	var authority []note.Verifier
	for _, each := range machines {
		authority = append(authority, each.key)
	}
	text, err := open(certificate, authority...)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	key, err := verifier(field(text, "key"))
	session := regexp.QuoteMeta(field(text, "session"))
	names := regexp.MustCompile("^" + regexp.QuoteMeta(machine.Name()) + "/(" + session + "|append/" + session + "/[0-9a-f]{8})$")
	if err != nil || !names.MatchString(key.Name()) {
		return nil, fmt.Errorf("certificate of another log (%v)", err)
	}
	return openEpochs(notes, key, authority)
}

func checkLog(dir, vkeyFile string) error {
	vkey, err := os.ReadFile(vkeyFile)
	if err != nil {
		return err
	}
	machine, err := verifier(string(vkey))
	if err != nil {
		return err
	}
	epochs, err := keysOf(dir, machine)
	if err != nil {
		return err
	}
	lines, err := readLines(dir)
	if err != nil {
		return err
	}
	var stored hashes
	leaves := make([]tlog.Hash, len(lines))
	prev := strings.Repeat("0", 64)
	for i, line := range lines {
		var record struct {
			Seq     int64  `json:"seq"`
			Prev    string `json:"prev"`
			Session string `json:"session"`
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
		if record.Seq != int64(i) || record.Prev != prev {
			return fmt.Errorf("the chain breaks at record %d", i)
		}
		leaves[i] = tlog.RecordHash([]byte(line))
		prev = hex.EncodeToString(leaves[i][:])
		if err := stored.add(int64(i), leaves[i]); err != nil {
			return err
		}
	}
	names := []string{filepath.Join(dir, "checkpoint")}
	kept, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "*"))
	var newest tlog.Tree
	for _, name := range append(names, kept...) {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		tree, err := openTree(string(text), epochs)
		if err != nil {
			return err
		}
		if tree.N > int64(len(lines)) {
			return fmt.Errorf("%d records, %d signed", len(lines), tree.N)
		}
		root, err := tlog.TreeHash(tree.N, stored)
		if err != nil || root != tree.Hash {
			return fmt.Errorf("another root at size %d (%v)", tree.N, err)
		}
		if newest.N < tree.N {
			newest = tree
		}
	}
	if newest.N != int64(len(lines)) {
		return fmt.Errorf("%d records, %d signed", len(lines), newest.N)
	}
	for i, leaf := range leaves {
		proof, err := tlog.ProveRecord(newest.N, int64(i), stored)
		if err == nil {
			err = tlog.CheckRecord(proof, newest.N, newest.Hash, int64(i), leaf)
		}
		if err != nil {
			return fmt.Errorf("record %d: %w", i, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "tile")); err == nil && isClosed(lines) {
		if err := readAll(dir, newest, leaves); err != nil {
			return err
		}
	}
	fmt.Println("OK", newest.N, newest.Hash)
	return nil
}

// isClosed tells a session that was closed: only those have all their tiles.
func isClosed(lines []string) bool {
	return len(lines) > 0 && strings.Contains(lines[len(lines)-1], `"type":"session.close"`)
}

func readLines(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "log", "*.jsonl"))
	sort.Strings(names)
	var lines []string
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		parts := strings.Split(string(data), "\n")
		if parts[len(parts)-1] != "" {
			return nil, errors.New("bytes behind the last line")
		}
		lines = append(lines, parts[:len(parts)-1]...)
	}
	return lines, err
}

// tiles reads tiles of height 8 from C2SP's paths, which leave the height out.
type tiles struct{ dir string }

func (tiles) Height() int                         { return 8 }
func (tiles) SaveTiles(_ []tlog.Tile, _ [][]byte) {}
func (t tiles) ReadTiles(wanted []tlog.Tile) (data [][]byte, err error) {
	for _, each := range wanted {
		name := strings.Replace(each.Path(), "tile/8/", "tile/", 1)
		part, err := os.ReadFile(filepath.Join(t.dir, name))
		if err != nil {
			return nil, err
		}
		data = append(data, part)
	}
	return data, nil
}

// readAll compares every leaf with what the tiles prove; tlog checks each tile against the root on the way.
func readAll(dir string, tree tlog.Tree, leaves []tlog.Hash) error {
	reader := tlog.TileHashReader(tree, tiles{dir})
	for i, leaf := range leaves {
		found, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, int64(i))})
		if err != nil {
			return fmt.Errorf("tiles: %w", err)
		}
		if found[0] != leaf {
			return fmt.Errorf("tiles have another record %d", i)
		}
	}
	return nil
}

func checkTiles(dir, vkeyFile string) error {
	vkey, err := os.ReadFile(vkeyFile)
	if err != nil {
		return err
	}
	key, err := verifier(string(vkey))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := openTree(string(text), []epoch{{0, key}})
	if err != nil {
		return err
	}
	var leaves []tlog.Hash
	for n := int64(0); int64(len(leaves)) < tree.N; n++ {
		width := 256
		if rest := tree.N - int64(len(leaves)); rest < 256 {
			width = int(rest)
		}
		name := strings.Replace(tlog.Tile{H: 8, L: 0, N: n, W: width}.Path(), "tile/8/0/", "tile/entries/", 1)
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		for ; width > 0; width-- {
			if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
				return fmt.Errorf("%s is cut short", name)
			}
			end := 2 + int(binary.BigEndian.Uint16(data))
			leaves = append(leaves, tlog.RecordHash(data[2:end]))
			data = data[end:]
		}
		if len(data) != 0 {
			return fmt.Errorf("%s is too long", name)
		}
	}
	if err := readAll(dir, tree, leaves); err != nil {
		return err
	}
	fmt.Println("OK", tree.N, tree.Hash)
	return nil
}

func vectors(count, seed string) error {
	n, err := strconv.Atoi(count)
	if err != nil {
		return err
	}
	start, err := strconv.ParseInt(seed, 10, 64)
	if err != nil {
		return err
	}
	random := rand.New(rand.NewSource(start))
	const most = 70000
	var stored hashes
	for i := int64(0); i < most; i++ {
		if err := stored.add(i, tlog.RecordHash([]byte(fmt.Sprintf("leaf %d", i)))); err != nil {
			return err
		}
	}
	out := json.NewEncoder(os.Stdout)
	for ; n > 0; n-- {
		size := 1 + random.Int63n([]int64{9, 300, 2000, most}[random.Intn(4)])
		index, old := random.Int63n(size), 1+random.Int63n(size)
		root, err := tlog.TreeHash(size, stored)
		if err != nil {
			return err
		}
		oldRoot, err := tlog.TreeHash(old, stored)
		if err != nil {
			return err
		}
		record, err := tlog.ProveRecord(size, index, stored)
		if err != nil {
			return err
		}
		tree, err := tlog.ProveTree(size, old, stored)
		if err != nil {
			return err
		}
		vector := map[string]interface{}{"size": size, "index": index, "root": root, "proof": record, "old": old, "oldRoot": oldRoot, "tree": tree}
		if err := out.Encode(vector); err != nil {
			return err
		}
	}
	return nil
}
