/** Who a client turned out to be, and what it had to say for it. */

import type { PermissionOptions } from "../auth_options.ts";
import type { TlsFacts } from "../transport/transport.ts";
import type { ClientConnect } from "../wire/info.ts";

/** A client that was let in. */
export interface Identity {
  /** Name of the user; empty for tokens, nkeys and where nobody is asked. */
  readonly user: string;
  /** Public nkey of the user; empty without. */
  readonly nkey: string;
  /** Name of the account it belongs to. */
  readonly account: string;
  /** What it may do, defaults applied; `null` for everything. */
  readonly permissions: PermissionOptions | null;
}

/** One login: what was said, and over which connection. */
export interface Attempt {
  /** What CONNECT said. */
  readonly credentials: Readonly<ClientConnect>;
  /** What an nkey user had to sign; empty if there was nothing to sign. */
  readonly nonce: string;
  /** `cid` of the connection. */
  readonly id: number;
  /** Address of the client. */
  readonly hostname: string;
  /** Port of the client. */
  readonly port: number;
  /** How it is connected: `STANDARD`, `IN_PROCESS`. */
  readonly connectionType: string;
  /** How the connection is encrypted; `null` if it is not. */
  readonly tls: TlsFacts | null;
  /** Whether anybody still waits for the answer. */
  wanted(): boolean;
}

/** An answer, `null` for no, at once or after a while. Never rejects. */
export type Verdict = Identity | null | Promise<Identity | null>;
