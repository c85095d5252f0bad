/**
 * Who may join a cluster of midge and official servers: passwords, mutual TLS
 * and names, with either kind at either end, and what is said to outsiders.
 */

import assert from "node:assert/strict";
import { exchange, Stream } from "../support/exchange.ts";
import type { FleetMember, FleetOptions, Kind } from "../support/fleet.ts";
import { Fleet, MIDGE, OFFICIAL, skipped, until } from "../support/fleet.ts";
import { Table } from "../support/table.ts";
import { certFile } from "../support/tls.ts";

const [OLD = MIDGE] = OFFICIAL;
const NEW: Kind = OFFICIAL.at(-1) ?? MIDGE;

const LOGIN: FleetOptions = {
  login: "ruser:T0pS3cr3t@",
  cluster: 'authorization { user: ruser, password: "T0pS3cr3t", timeout: 2 }',
};

/** Certificates for routes: whose, and signed by which authority. */
function tls(certificate: string, authority: string): FleetOptions {
  return {
    host: "localhost",
    cluster: `tls {
      cert_file: "${certFile(`${certificate}.pem`)}"
      key_file: "${certFile(`${certificate}-key.pem`)}"
      ca_file: "${certFile(`${authority}.pem`)}"
      timeout: 2
    }`,
  };
}

const TLS = tls("member", "route-ca");

const CLUSTERS: readonly (readonly [string, FleetOptions])[] = [
  ["who share a password", LOGIN],
  ["who show each other certificates", TLS],
];

for (const [what, options] of CLUSTERS) {
  Deno.test({
    ...skipped(`Servers ${what} form a cluster, whoever dials`),
    async fn() {
      // Later members hear of each other: either kind dials either kind.
      const orders = [[MIDGE, OLD, NEW, MIDGE], [NEW, MIDGE, OLD, MIDGE]];
      await Promise.all(orders.map(async (kinds) => {
        await using fleet = await Fleet.start(kinds, options);
        await using table = await Table.lay(fleet);
        await exchange(table);
      }));
    },
  });
}

/** What keeps an outsider out, and what the two logs then say. */
interface Refusal {
  readonly outsider: FleetOptions;
  /** In the log of our member. */
  readonly inside: RegExp;
  /** In the log of our outsider. */
  readonly outside: RegExp;
}

const HANDSHAKE = /\[ERR\] .*TLS route handshake error: \S+/;
const SILENCE = /\[ERR\] .*Route to .* ended before the other side said who/;

const REFUSED: readonly (readonly [string, FleetOptions, Refusal[]])[] = [
  ["who do not know the password or name another cluster", LOGIN, [
    {
      outsider: { ...LOGIN, login: "ruser:guess@" },
      inside: /\[ERR\] .*rid:\d+ - authentication error/,
      outside: /\[ERR\] .*rid:\d+ - Router Error 'Authorization Violation'/,
    },
    {
      outsider: { ...LOGIN, cluster: `name: strangers\n${LOGIN.cluster}` },
      inside:
        /\[ERR\] .*Rejecting connection, cluster name "strangers" does not match "fleet"/,
      outside:
        /\[ERR\] .*Rejecting connection, cluster name "\w+" does not match "\w+"/,
    },
  ]],
  ["without the right certificates", TLS, [
    {
      outsider: tls("other-member", "route-ca"),
      inside: HANDSHAKE,
      outside: SILENCE,
    },
    {
      outsider: tls("member", "other-route-ca"),
      inside: HANDSHAKE,
      outside: /\[ERR\] Error trying to connect to route.*: \S+/,
    },
    { outsider: { host: "localhost" }, inside: HANDSHAKE, outside: SILENCE },
  ]],
];

for (const [what, cluster, refusals] of REFUSED) {
  Deno.test({
    ...skipped(`Servers refuse outsiders ${what}, and say so once`),
    async fn() {
      const seeds: [Kind, Kind[]][] = [
        [MIDGE, [MIDGE, OLD, NEW]],
        [OLD, [MIDGE]],
        [NEW, [MIDGE]],
      ];
      await Promise.all(seeds.map(async ([seed, kinds]) => {
        await using fleet = await Fleet.start([seed, MIDGE], cluster);
        await using table = await Table.lay(fleet);
        const [from, to] = table.seats;
        using stream = new Stream(from.client, to.client, "healthy");
        await Promise.all(
          refusals.flatMap((refusal) =>
            kinds.map((kind) => refuse(fleet, kind, refusal))
          ),
        );
        const [member] = fleet.members;
        for (const { inside } of seed === MIDGE ? refusals : []) {
          assert.match(member.text, inside);
        }
        assert.equal((await member.routez()).num_routes, 1);
        for (const one of fleet.members) onlyOnce(one);
        await stream.check();
      }));
    },
  });
}

/** Has an outsider try several times, in vain. */
async function refuse(
  fleet: Fleet,
  kind: Kind,
  { outsider, outside }: Refusal,
): Promise<void> {
  const stranger = fleet.add(kind, { cluster: "", ...outsider });
  await stranger.start();
  const attempts = () =>
    stranger.text.match(/Trying to connect to route on/g)?.length ?? 0;
  await until(
    () => Promise.resolve(attempts() >= 4),
    `${stranger.name} to dial again and again`,
    () => stranger.text,
  );
  if (kind === MIDGE) await stranger.logged(outside);
  await stranger.stop();
}

/** Of ours: no error is in its log twice, and no secret at all. */
function onlyOnce({ kind, text, name }: FleetMember): void {
  if (kind !== MIDGE) return;
  const errors = [
    ...text.matchAll(/\[ERR\] (?:[\d.:]+ - (?:rid:\d+ - )?)?(.*)/g),
  ]
    .map(([, error]) => error);
  assert.deepEqual([...new Set(errors)], errors, name);
  assert.doesNotMatch(text, /T0pS3cr3t|guess/);
}
