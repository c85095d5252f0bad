/** The TLS flags of a client: their files, read and checked before any dialling. */

import { createPrivateKey, X509Certificate } from "node:crypto";
import type { ConnectOptions } from "../client/client.ts";
import { ConfigError } from "../errors.ts";
import type { CONNECTION_FLAGS } from "./client_flags.ts";
import { readFile } from "./flag_file.ts";
import type { FlagValues } from "./flag_table.ts";

/** What a client needs to know for TLS. Throws `ConfigError`. */
export function readTls(
  values: FlagValues<typeof CONNECTION_FLAGS>,
): ConnectOptions["tls"] {
  const { tlsca, tlscert, tlskey, tlsname, insecure, tlsfirst } = values;
  if ((tlscert === "") !== (tlskey === "")) {
    throw new ConfigError("flags -tlscert and -tlskey need each other");
  }
  if (insecure && tlsca !== "") {
    throw new ConfigError("flags -insecure and -tlsca exclude each other");
  }
  const ca = tlsca === "" ? undefined : readFile("tlsca", tlsca);
  if (ca !== undefined) certificate("tlsca", tlsca, ca);
  return {
    ca,
    ...(tlscert === "" ? {} : readPair(tlscert, tlskey)),
    serverName: tlsname || undefined,
    insecure,
    handshakeFirst: tlsfirst,
  };
}

function readPair(certPath: string, keyPath: string) {
  const cert = readFile("tlscert", certPath);
  const key = readFile("tlskey", keyPath);
  const leaf = certificate("tlscert", certPath, cert);
  if (leaf.checkPrivateKey(privateKey(keyPath, key))) return { cert, key };
  throw new ConfigError(
    `flag -tlskey: "${keyPath}" is not the key of the certificate in "${certPath}"`,
  );
}

/** The first one. */
function certificate(flag: string, path: string, text: string) {
  try {
    return new X509Certificate(text);
  } catch (cause) {
    throw new ConfigError(`flag -${flag}: no PEM certificate in "${path}"`, {
      cause,
    });
  }
}

function privateKey(path: string, text: string) {
  try {
    return createPrivateKey(text);
  } catch (cause) {
    throw new ConfigError(`flag -tlskey: no PEM private key in "${path}"`, {
      cause,
    });
  }
}
