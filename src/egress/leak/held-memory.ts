// How much all bodies together may hold back while they are looked at: a thousand clients that each hold a little are a lot.

const ALL_MOST = 256 * 1024 * 1024;

/** What one body holds. */
export interface HeldAccount {
  bytes: number;
}

/** The account of one proxy. What a body holds counts until it is sent, refused, or, for one that was cut off, until the memory is free again. */
export class HeldMemory {
  private readonly accounts = new Set<HeldAccount>();
  private readonly gone = new FinalizationRegistry<HeldAccount>((account) => this.accounts.delete(account));

  /** An account for as long as its owner is there. */
  open(owner: object): HeldAccount {
    const account = { bytes: 0 };
    this.accounts.add(account);
    this.gone.register(owner, account, account);
    return account;
  }

  /** Nothing is held on it any longer. */
  close(account: HeldAccount): void {
    this.accounts.delete(account);
    this.gone.unregister(account);
  }

  /** True while all of them together hold no more than they may. */
  get hasRoom(): boolean {
    let all = 0;
    for (const { bytes } of this.accounts) all += bytes;
    return all <= ALL_MOST;
  }
}
