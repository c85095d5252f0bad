/** Exports and imports of accounts, as monitoring shows them. */

import type { AccountOptions } from "../auth_options.ts";
import type { ExportSnapshot, ImportSnapshot } from "../monitor/snapshots.ts";
import { localSubject } from "./account_imports.ts";

const RESPONSE_TYPES = {
  singleton: "Singleton",
  stream: "Streamed",
  chunked: "Chunked",
};

/** What a configured account takes from others. */
export function importsOf(
  account: AccountOptions | undefined,
): readonly ImportSnapshot[] {
  return (account?.imports ?? []).map((one): ImportSnapshot => {
    const type = one.stream === undefined ? "service" : "stream";
    const { account: from, subject } = one.stream ?? one.service ??
      { account: "", subject: "" };
    return {
      account: from,
      subject,
      localSubject: localSubject(subject, one),
      type,
      share: one.share ?? false,
    };
  });
}

/** What a configured account offers to others. */
export function exportsOf(
  account: AccountOptions | undefined,
): readonly ExportSnapshot[] {
  return (account?.exports ?? []).map((one): ExportSnapshot => {
    const { responseType = "singleton" } = one;
    const type = one.stream === undefined ? "service" : "stream";
    return {
      subject: one.stream ?? one.service ?? "",
      type,
      accounts: one.accounts ?? null,
      responseType: type === "stream" ? "" : RESPONSE_TYPES[responseType],
    };
  });
}
