/** The versions midge tells others: its own and the NATS level it speaks. */

import manifest from "../deno.json" with { type: "json" };

/** midge's own version, from deno.json. */
export const VERSION: string = manifest.version;

/**
 * The nats-server level midge behaves like, as INFO tells clients, which choose
 * features by it.
 */
export const NATS_VERSION = "2.12.0";

/** The `api_lvl` a 2.12.0 server announces. */
export const API_LEVEL = 2;
