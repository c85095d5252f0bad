/**
 * The midge executable. Everything it does, `src/cli` does; everything that
 * does, `src/mod.ts` offers to programs as well.
 */

import { main } from "./src/cli/main.ts";

if (import.meta.main) Deno.exit(await main(Deno.args));
