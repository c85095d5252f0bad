/**
 * Files that say who somebody is: seeds of nkeys, creds files with a JWT and a
 * seed. What is in them goes into a signature, never into a message.
 */

import { NkeySigner } from "../auth/nkey_signer.ts";
import type { Info } from "../client/client.ts";
import { ConfigError } from "../errors.ts";
import { readFile } from "./flag_file.ts";

/** What CONNECT says beside the usual, once the server has said INFO. */
export type Authenticate = (info: Info) => Promise<Record<string, unknown>>;

const SEED = /^\s*(SU[A-Z2-7]+)\s*$/m;
const JWT = /^-{3,}.*BEGIN.*JWT.*-{3,}\s*^\s*(\S+)\s*^-{3,}.*END.*-{3,}\s*$/m;

/** A login by the seed in the file of `--nkey`. Rejects with `ConfigError`. */
export async function nkeyLogin(path: string): Promise<Authenticate> {
  const signer = await signerIn(readFile("nkey", path), "nkey", path);
  return async ({ nonce }) => {
    if (nonce === undefined) {
      throw new ConfigError("flag -nkey: server does not take nkeys");
    }
    return { nkey: signer.nkey, sig: await signer.sign(nonce) };
  };
}

/** A login by the file of `--creds`. Rejects with `ConfigError`. */
export async function credsLogin(path: string): Promise<Authenticate> {
  const text = readFile("creds", path);
  const [, jwt] = JWT.exec(text) ?? [];
  if (jwt === undefined) {
    throw new ConfigError(`flag -creds: no user JWT in "${path}"`);
  }
  const signer = await signerIn(text, "creds", path);
  return async ({ nonce }) =>
    nonce === undefined ? { jwt } : { jwt, sig: await signer.sign(nonce) };
}

async function signerIn(
  text: string,
  flag: string,
  path: string,
): Promise<NkeySigner> {
  const [, seed = ""] = SEED.exec(text) ?? [];
  const signer = await NkeySigner.from(seed);
  if (signer !== null) return signer;
  const problem = seed === "" ? "no seed of a user" : "the seed is damaged";
  throw new ConfigError(`flag -${flag}: ${problem} in "${path}"`);
}
