/** The TLS flags of a client: their files, read and checked before any dialling. */

import type { ConnectOptions } from "../client/client.ts";
import { ConfigError } from "../errors.ts";
import { checkTexts } from "../transport/pem.ts";
import type { CONNECTION_FLAGS } from "./client_flags.ts";
import { readFile } from "./flag_file.ts";
import type { FlagValues } from "./flag_table.ts";

/** What a client needs to know for TLS. Rejects with `ConfigError`. */
export async function readTls(
  values: FlagValues<typeof CONNECTION_FLAGS>,
): Promise<ConnectOptions["tls"]> {
  const { tlsca, tlscert, tlskey, tlsname, insecure, tlsfirst } = values;
  if ((tlscert === "") !== (tlskey === "")) {
    throw new ConfigError("flags -tlscert and -tlskey need each other");
  }
  if (insecure && tlsca !== "") {
    throw new ConfigError("flags -insecure and -tlsca exclude each other");
  }
  const texts = {
    ca: textOf("tlsca", tlsca),
    cert: textOf("tlscert", tlscert),
    key: textOf("tlskey", tlskey),
  };
  await checkTexts(texts, {
    ca: `flag -tlsca: "${tlsca}"`,
    cert: `flag -tlscert: "${tlscert}"`,
    key: `flag -tlskey: "${tlskey}"`,
  });
  return {
    ...texts,
    serverName: tlsname || undefined,
    insecure,
    handshakeFirst: tlsfirst,
  };
}

function textOf(flag: string, path: string): string | undefined {
  return path === "" ? undefined : readFile(flag, path);
}
