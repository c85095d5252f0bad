/** Checks of bcrypt hashes, as the server does them. */

import { BcryptWorker } from "../../src/auth/bcrypt_worker.ts";

/** Whether `hash` is that of `password`. */
export async function verifyPassword(
  password: string,
  hash: string,
): Promise<boolean> {
  const problems: string[] = [];
  const worker = new BcryptWorker({ error: (text) => problems.push(text) });
  const asker = { address: "127.0.0.1", wanted: () => true };
  const right = await worker.verify(password, hash, asker);
  worker.close();
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return right;
}
