// Preloaded into a supervisor whose session must have a name that is known before it starts, because strace follows paths by their whole
// names: the clock starts at KNOWN_START and goes a tenth as fast, and the three random bytes of the name are KNOWN_NAME.
"use strict";
const crypto = require("node:crypto");
const { syncBuiltinESMExports } = require("node:module");

const start = Date.parse(process.env.KNOWN_START);
const name = Buffer.from(process.env.KNOWN_NAME, "hex");
const { randomBytes } = crypto;
crypto.randomBytes = (size, ...rest) => (size === name.length ? Buffer.from(name) : randomBytes(size, ...rest));
syncBuiltinESMExports();

const now = () => Math.floor(start + performance.now() / 10);
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...args) {
    super(...(args.length === 0 ? [now()] : args));
  }
  static now() {
    return now();
  }
};
