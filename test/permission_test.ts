import assert from "node:assert/strict";
import { runModule, SRC } from "./support/module.ts";

const IMPORT =
  `import { demand, demandNet, granted } from "${SRC}permission.ts";`;

Deno.test("demand() names the flag that grants what is not granted", async () => {
  const { stdout } = await runModule(`${IMPORT}
    for (const wanted of [
      () => demandNet("127.0.0.1", 4222),
      () => demandNet("::1", 4222),
      () => demandNet("edge-1", 4222),
      () => demand({ name: "net" }),
      () => demand({ name: "read", path: "edge.conf" }),
      () => demand({ name: "write", path: "midge.log" }),
      () => demand({ name: "env", variable: "SITE" }),
      () => demand({ name: "sys", kind: "hostname" }),
      () => demand({ name: "run" }),
    ]) {
      try { wanted(); } catch (error) { console.log(error.name, error.message); }
    }`);
  assert.deepEqual(
    stdout.trimEnd().split("\n"),
    [
      "--allow-net=127.0.0.1:4222",
      "--allow-net=[::1]:4222",
      "--allow-net=edge-1:4222",
      "--allow-net",
      "--allow-read=edge.conf",
      "--allow-write=midge.log",
      "--allow-env=SITE",
      "--allow-sys=hostname",
      "--allow-run",
    ].map((flag) => `NotCapable not permitted: run with ${flag}`),
  );
});

Deno.test("demand() says nothing to what is granted, in whole or as a part of more", async () => {
  const { stdout, stderr } = await runModule(
    `${IMPORT}
    demandNet("127.0.0.1", 4222);
    demandNet("::1", 4222);
    demand({ name: "read", path: "/etc/midge/edge.conf" });
    demand({ name: "env", variable: "SITE" });
    console.log("fine");`,
    ["--allow-net=127.0.0.1,[::1]:4222", "--allow-read=/etc", "--allow-env"],
  );
  assert.equal(stdout, "fine\n", stderr);
});

Deno.test("granted() wants all of what may be had in part", async () => {
  const { stdout } = await runModule(
    `${IMPORT}
    console.log(granted({ name: "run" }), granted({ name: "run", command: "ls" }));`,
    ["--allow-run=ls"],
  );
  assert.equal(stdout, "false true\n");
});
