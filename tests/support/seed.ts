// Random tests are the same in every ordinary run, so that a change is judged by what it changed. `SEED=random` looks for new counterexamples.
import fc from "fast-check";

const { SEED } = process.env;
if (SEED !== "random") fc.configureGlobal({ seed: Number(SEED ?? 1) });
