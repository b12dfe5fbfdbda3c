// The shell of the search through git's objects (git-scan.ts): what runs inside the fence, in a repository of our own that borrows the store.
// Arguments are `store:short|wide:PATH` and `index:short|wide:PATH`; what is found is written to /out.

const LARGEST_BLOB = 4 * 1024 * 1024;

// A repository of our own without settings, so that only objects are read. `ulimit -f`: half a gigabyte of trees is the most that is held in memory.
const OWN_REPOSITORY = `
ulimit -f 1048576
mkdir /g /g/refs /g/objects
echo 'ref: refs/heads/none' >/g/HEAD
own() { if [ "$1" = wide ]; then printf '[core]\\n\\trepositoryformatversion = 1\\n[extensions]\\n\\tobjectformat = sha256\\n' >/g/config; else : >/g/config; fi; }
export GIT_DIR=/g
`;

// `known.N`: names of commits and trees that need not be read again, in their order.
/** Lists every object of the stores that are named, reads commits and trees, and lists what the indexes stage. */
export const LIST: string = `${OWN_REPOSITORY}
export LC_ALL=C
n=0
i=0
for one; do
  rest="\${one#*:}"
  own "\${rest%%:*}"
  if [ "\${one%%:*}" = index ]; then
    GIT_INDEX_FILE="\${rest#*:}" git ls-files -s -z >/out/index.$i
    i=$((i + 1))
    continue
  fi
  export GIT_OBJECT_DIRECTORY="\${rest#*:}"
  git cat-file --batch-all-objects --unordered --batch-check='%(objecttype) %(objectname)' >/out/all.$n
  sed -n 's/^\\(commit\\|tree\\) //p' /out/all.$n | sort -u | comm -23 - /out/known.$n | git cat-file --batch --buffer >/out/trees.$n
  unset GIT_OBJECT_DIRECTORY
  n=$((n + 1))
done
`;

/** Reads the blobs of one store that are `wanted`. */
export const BLOBS: string = `${OWN_REPOSITORY}
own "$1"
export GIT_OBJECT_DIRECTORY="$2"
git cat-file --batch-check='%(objectname) %(objectsize)' </out/wanted | while read -r name size; do
  if [ "$size" -le ${LARGEST_BLOB} ]; then echo "$name"; fi
done | git cat-file --batch --buffer >/out/blobs
`;
