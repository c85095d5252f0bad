/**
 * All accounts of a server, by name, as configured: their limits, and the
 * imports between them. What users they have is not known here.
 */

import type { AccountLimits, AccountOptions } from "../auth_options.ts";
import { GLOBAL_ACCOUNT } from "../auth_options.ts";
import { Account, SYSTEM_ACCOUNT } from "../core/account.ts";
import type { Connection } from "../core/connection.ts";
import type { RequesterFacts } from "../core/request_info.ts";
import { Responses } from "../core/responses.ts";
import { ServiceImport } from "../core/service_import.ts";
import { StreamImport } from "../core/stream_import.ts";
import { ConfigError } from "../errors.ts";
import type { ResolvedOptions } from "../options.ts";
import type { AccountImport } from "./account_imports.ts";
import { resolveImports } from "./account_imports.ts";

/** What the accounts are made of. */
export type AccountSettings = Pick<
  ResolvedOptions,
  "accounts" | "systemAccount" | "clock"
>;

/** The accounts of one server. */
export class Accounts {
  /** Where clients without an account of their own live. */
  readonly global: Account;
  /** Where the server itself lives. */
  readonly system: Account;
  /**
   * Says who a connection is, for services that are told by imports with
   * `share`; whoever knows that sets it.
   */
  describe: (connection: Connection) => RequesterFacts = () => ({});

  readonly #clock: AccountSettings["clock"];
  readonly #created: (account: Account) => void;
  readonly #seed: number;
  readonly #byName = new Map<string, Account>();
  readonly #responses = new Map<string, Responses>();
  /** Exports and imports, as text to compare with. */
  readonly #exchanged: string;

  /**
   * `seed` should be unpredictable; see `Sublist`. `created` is told of every
   * account before there is anything in it. Throws `ConfigError` for names,
   * limits, exports and imports that cannot be.
   */
  constructor(
    settings: AccountSettings,
    seed: number,
    created: (account: Account) => void = () => {},
  ) {
    const { accounts, systemAccount, clock } = settings;
    this.#clock = clock;
    this.#created = created;
    this.#seed = seed;
    checkAccounts(accounts);
    const imports = resolveImports(accounts);
    this.global = this.#add(GLOBAL_ACCOUNT);
    this.#configure(accounts);
    this.system = this.#systemAccount(systemAccount);
    for (const found of imports) this.#connect(found);
    this.#exchanged = exchangeOf(accounts);
  }

  /** The account of this name, if there is one. */
  get(name: string): Account | undefined {
    return this.#byName.get(name);
  }

  /** Every account, the global one first. */
  all(): Iterable<Account> {
    return this.#byName.values();
  }

  /**
   * Throws `ConfigError` if `update` cannot make these the accounts: exports
   * and imports cannot change.
   */
  checkUpdate(accounts: readonly AccountOptions[]): void {
    checkAccounts(accounts);
    if (exchangeOf(accounts) !== this.#exchanged) {
      throw new ConfigError(
        "Exports and imports of accounts cannot change while the server runs",
      );
    }
  }

  /**
   * Adds accounts that are new and sets the limits of all; those left out stay
   * for whoever is connected. Throws as `checkUpdate`, having done nothing.
   */
  update(accounts: readonly AccountOptions[]): void {
    this.checkUpdate(accounts);
    this.#configure(accounts);
  }

  /** Lets go of what is kept and no longer of use. */
  tidy(): void {
    for (const account of this.#byName.values()) account.tidy();
    const now = this.#clock.now();
    for (const responses of this.#responses.values()) responses.tidy(now);
  }

  #add(name: string): Account {
    // Any odd factor will do: every account gets a seed of its own.
    const seed = this.#seed ^ Math.imul(this.#byName.size, 0x9e3779b1);
    const account = new Account(name, seed);
    this.#byName.set(name, account);
    this.#created(account);
    return account;
  }

  #configure(accounts: readonly AccountOptions[]): void {
    for (const { name, limits = {} } of accounts) {
      const account = this.#byName.get(name) ?? this.#add(name);
      account.maxConnections = limits.maxConnections ?? -1;
      account.maxSubscriptions = limits.maxSubscriptions ?? -1;
      account.maxPayload = limits.maxPayload ?? -1;
    }
  }

  #systemAccount(name: string): Account {
    const known = this.#byName.get(name);
    if (known === undefined && name === SYSTEM_ACCOUNT) return this.#add(name);
    if (known === undefined) {
      throw new ConfigError(`System account "${name}" is not defined`);
    }
    if (known === this.global) {
      throw new ConfigError(`System account cannot be "${name}"`);
    }
    return known;
  }

  #connect(found: AccountImport): void {
    const { kind, exporter, importer, mapping, share } = found;
    const from = this.#responsesOf(exporter);
    const to = this.#responsesOf(importer);
    if (kind === "stream") {
      new StreamImport(from.account, to.account, mapping);
      return;
    }
    new ServiceImport(from, to, {
      mapping,
      single: found.single,
      thresholdMs: found.thresholdMs,
      facts: share ? (connection) => this.describe(connection) : null,
    });
  }

  /** For an account that is known to exist. */
  #responsesOf(name: string): Responses {
    let responses = this.#responses.get(name);
    if (responses === undefined) {
      responses = new Responses(this.#byName.get(name) ?? this.global);
      this.#responses.set(name, responses);
    }
    return responses;
  }
}

function checkAccounts(accounts: readonly AccountOptions[]): void {
  const names = new Set<string>();
  for (const { name, limits = {} } of accounts) {
    if (name === GLOBAL_ACCOUNT) {
      throw new ConfigError(`"${name}" is a Reserved Account`);
    }
    if (!name) throw new ConfigError("An account must have a name");
    if (names.has(name)) {
      throw new ConfigError(`Account "${name}" is defined twice`);
    }
    names.add(name);
    checkLimits(name, limits);
  }
}

/** What the accounts that take part in it export and import. */
function exchangeOf(accounts: readonly AccountOptions[]): string {
  return JSON.stringify(
    accounts
      .filter(({ exports = [], imports = [] }) =>
        exports.length + imports.length > 0
      )
      .map(({ name, exports, imports }) => [name, exports, imports]),
  );
}

function checkLimits(name: string, limits: AccountLimits): void {
  for (const [limit, value] of Object.entries(limits)) {
    if (value === undefined || (Number.isInteger(value) && value >= -1)) {
      continue;
    }
    throw new ConfigError(
      `Account "${name}": limit "${limit}" must be a whole number from -1: got ${value}`,
    );
  }
}
