/** Requests in the system account, as their subjects say what they are. */

/** A request to be answered. */
export interface SystemRequest {
  /** What is asked for: `VARZ`, `USER.INFO`. */
  readonly what: string;
  /** The account it is about; `null` for the server. */
  readonly about: string | null;
  /** Where the answer is waited for. */
  readonly reply: Uint8Array;
  /** Options as JSON, maybe none. */
  readonly body: Uint8Array;
  /** Number of the connection it came over. */
  readonly requester: number;
}

/** Where a client asks who it is, in any account. */
export const USER_INFO = "$SYS.REQ.USER.INFO";

/** What can be asked of a server. */
const OF_SERVER: readonly string[] = [
  ...["STATSZ", "IDZ", "VARZ", "CONNZ", "ROUTEZ", "SUBSZ", "HEALTHZ"],
  ...["ACCOUNTZ", "LEAFZ", "GATEWAYZ", "JSZ"],
];

/** What can be asked of an account. */
const OF_ACCOUNT: readonly string[] = ["CONNZ", "SUBSZ", "INFO", "STATZ"];

/** Where the server with this id listens for requests. */
export function requestSubjects(id: string): string[] {
  return [
    "$SYS.REQ.SERVER.PING",
    "$SYS.REQ.SERVER.PING.*",
    `$SYS.REQ.SERVER.${id}.*`,
    "$SYS.REQ.ACCOUNT.*.*",
  ];
}

/** What a request on one of these subjects is for; `null` for nothing known. */
export function readSubject(
  subject: string,
): Pick<SystemRequest, "what" | "about"> | null {
  if (subject === USER_INFO) return { what: "USER.INFO", about: null };
  const [, , kind, whom, what = "STATSZ"] = subject.split(".");
  if (kind === "SERVER") {
    return OF_SERVER.includes(what) ? { what, about: null } : null;
  }
  return OF_ACCOUNT.includes(what) ? { what, about: whom } : null;
}
