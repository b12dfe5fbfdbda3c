// Where something compressed begins in a file, wherever that is: in an archive that is none itself (tar, ar, cpio), behind a script (zipapp, self-extracting
// archives), behind another stream. Marks that chance writes are told, too: what begins there ends at once.

/** Where, and by what mark. */
export interface PackedMark {
  readonly at: number;
  readonly kind: "gzip" | "zip-entry" | "xz" | "bzip2";
}

const MARK =
  /(\x1f\x8b\x08[\0-\x1f])|(PK\x03\x04)|(\xfd7zXZ\0\0(?:\0\xff\x12\xd9A|\x01i"\xde6|\x04\xe6\xd6\xb4F|\x0a\xe1\xfb\x0c\xa1))|(BZh[1-9]1AY&SY)/g;
const LONGEST = 12;
/** More are a maze. */
const MARKS_MOST = 100_000;

/** Looks for them in a file's pieces. */
export class MarkSearch {
  readonly marks: PackedMark[] = [];
  /** There are more than are told. */
  isFull = false;
  private tail = "";
  private size = 0;

  take(piece: Buffer): void {
    const text = this.tail + piece.toString("latin1");
    const from = this.size - this.tail.length;
    for (const { 0: mark, 1: gzip, 2: zip, 3: xz, index } of text.matchAll(MARK)) {
      if (index + mark.length <= this.tail.length) continue; // told already
      if (this.marks.length >= MARKS_MOST) this.isFull = true;
      else this.marks.push({ at: from + index, kind: gzip ? "gzip" : zip ? "zip-entry" : xz ? "xz" : "bzip2" });
    }
    this.size += piece.length;
    this.tail = text.slice(-(LONGEST - 1));
  }
}
