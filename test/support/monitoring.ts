/** What a server's monitoring says, as whoever reads the JSON sees it. */

import assert from "node:assert/strict";
import type { Server } from "../../src/mod.ts";

// deno-lint-ignore no-explicit-any -- JSON.
export type Json = any;

/** The answer of an endpoint, which must be one. */
export async function ask(server: Server, path: string): Promise<Json> {
  const response = await fetch(`${server.monitorURL()}${path}`);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}
