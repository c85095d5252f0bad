/**
 * Names of addresses, looked up beside the drawing: a slow name server delays
 * names, nothing else.
 */

import { lookupService } from "node:dns/promises";
import { demandNet } from "../permission.ts";

/** Looks up the name of one address. Rejects when there is none. */
export type Lookup = (ip: string) => Promise<string>;

/** Names that are remembered. */
const MAX_KNOWN = 10_000;
/** Lookups under way at a time. */
const MAX_LOOKUPS = 8;

/** Names of addresses as far as they are known. */
export class HostNames {
  readonly #lookup: Lookup;
  readonly #known = new Map<string, string>();
  readonly #wanted = new Set<string>();
  #running = 0;
  /** Called when a name has arrived. */
  onName: () => void = () => {};

  constructor(lookup: Lookup = systemLookup) {
    this.#lookup = lookup;
  }

  /** The name of `ip`, if it is known by now; asks for it otherwise. */
  nameOf(ip: string): string | undefined {
    const known = this.#known.get(ip);
    if (known === undefined && this.#known.size < MAX_KNOWN) {
      this.#wanted.add(ip);
      this.#lookUp();
    }
    return known === ip ? undefined : known;
  }

  /** Resolves once all addresses asked for so far have been looked up. */
  async settled(): Promise<void> {
    while (this.#wanted.size > 0) {
      await new Promise<void>((resolve) => this.onName = resolve);
    }
  }

  #lookUp(): void {
    for (const ip of this.#wanted) {
      if (this.#running === MAX_LOOKUPS) return;
      if (this.#known.has(ip)) continue;
      // Stands for "no name" until there is one, so that it is asked for once.
      this.#known.set(ip, ip);
      this.#running++;
      void this.#one(ip);
    }
  }

  async #one(ip: string): Promise<void> {
    try {
      this.#known.set(ip, await this.#lookup(ip));
    } catch {
      // Most addresses have no name; the address itself is shown.
    }
    this.#running--;
    this.#wanted.delete(ip);
    this.onName();
    this.#lookUp();
  }
}

async function systemLookup(ip: string): Promise<string> {
  demandNet(ip, 0);
  return (await lookupService(ip, 0)).hostname;
}
