/**
 * Bytes in, bytes out: what the official server answers, taken from
 * nats-server 2.9.10 and checked against it wherever it is installed.
 *
 * Text stands for bytes, one character each. Every INFO line is shortened to
 * `INFO\r\n`; the first one, before anything is sent, is left out. Where the
 * level midge speaks (2.12) differs from 2.9.10, `before212` has the old answer.
 */

/** One exchange on a connection of its own. */
export interface Transcript {
  readonly name: string;
  /** What the client sends. */
  readonly in: string;
  /** What it gets back. */
  readonly out: string;
  /** What a server before 2.12 answers instead. */
  readonly before212?: string;
  /** The server closes; otherwise a PING at the end must still be answered. */
  readonly closes?: boolean;
}

const C = 'CONNECT {"verbose":false,"pedantic":false}\r\n';
const H =
  'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true}\r\n';
const UNKNOWN = "-ERR 'Unknown Protocol Operation'\r\n";
const x = (count: number) => "x".repeat(count);

const connect: Transcript[] = [
  {
    name: "without CONNECT everything is acknowledged",
    in: "SUB foo 1\r\nPUB foo 5\r\nhello\r\nUNSUB 1\r\n",
    out: "+OK\r\n+OK\r\nMSG foo 1 5\r\nhello\r\n+OK\r\n",
  },
  { name: "empty CONNECT means verbose", in: "CONNECT {}\r\n", out: "+OK\r\n" },
  {
    name: "CONNECT needs no blank",
    in: 'CONNECT{"verbose":false}\r\n',
    out: "",
  },
  {
    name: "CONNECT keys have no case, unknown ones are ignored",
    in:
      'CONNECT {"VERBOSE":false,"Pedantic":false,"xxx":[1,{"y":2}]}\r\nSUB a 1\r\n',
    out: "",
  },
  {
    name: "CONNECT null leaves everything as it is",
    in: 'CONNECT {"verbose":null,"echo":null}\r\n',
    out: "+OK\r\n",
  },
  {
    name: "malformed CONNECT closes silently",
    in: "CONNECT {verbose:false}\r\n",
    out: "",
    closes: true,
  },
  {
    name: "CONNECT without an argument closes silently",
    in: "CONNECT\r\n",
    out: "",
    closes: true,
  },
  {
    name: "CONNECT with a wrong type closes silently",
    in: 'CONNECT {"verbose":"no"}\r\n',
    out: "",
    closes: true,
  },
  {
    name: "CONNECT with an array closes silently",
    in: "CONNECT []\r\n",
    out: "",
    closes: true,
  },
  {
    name: "CONNECT nested deeply closes silently",
    in: `CONNECT ${"[".repeat(4000)}\r\n`,
    out: "",
    closes: true,
  },
  {
    name: "CONNECT with an unknown protocol",
    in: 'CONNECT {"verbose":false,"protocol":2}\r\n',
    out: "-ERR 'invalid client protocol'\r\n",
    closes: true,
  },
  {
    name: "CONNECT with a negative protocol",
    in: 'CONNECT {"verbose":false,"protocol":-1}\r\n',
    out: "-ERR 'invalid client protocol'\r\n",
    closes: true,
  },
  {
    name: "no responders need headers",
    in: 'CONNECT {"verbose":false,"no_responders":true}\r\n',
    out: "-ERR 'no responders requires headers support'\r\n",
    closes: true,
  },
  {
    name: "CONNECT must not name an account",
    in: 'CONNECT {"verbose":false,"account":"A"}\r\n',
    out: "-ERR 'Authorization Violation'\r\n",
    closes: true,
  },
  {
    name: "credentials are accepted where none are asked for",
    in: 'CONNECT {"verbose":false,"user":"u","pass":"p","auth_token":"t"}\r\n',
    out: "",
  },
  {
    name: "the first PING is answered before INFO",
    in: 'CONNECT {"verbose":false,"protocol":1}\r\nPING\r\nPING\r\n',
    out: "PONG\r\nINFO\r\nPONG\r\n",
    before212: "PONG\r\nPONG\r\n",
  },
  {
    name: "a second CONNECT keeps what it does not name",
    in:
      'CONNECT {"verbose":false,"pedantic":false,"echo":false}\r\nCONNECT {"verbose":true}\r\nSUB foo 1\r\nPUB foo 1\r\nx\r\n',
    out: "+OK\r\n+OK\r\n+OK\r\n",
  },
];

const lexical: Transcript[] = [
  {
    name: "operations in lower and mixed case",
    in:
      `cOnNeCt {"verbose":false,"headers":true}\r\nsub foo 1\r\nPuB foo 2\r\nhi\r\nhpub foo 12 12\r\nNATS/1.0\r\n\r\n\r\nunsub 1\r\nping\r\npong\r\n`,
    out:
      "MSG foo 1 2\r\nhi\r\nHMSG foo 1 12 12\r\nNATS/1.0\r\n\r\n\r\nPONG\r\n",
  },
  {
    name: "a line feed alone ends a line",
    in:
      'CONNECT {"verbose":false}\nSUB foo 1\nPUB foo 2\nhi\r\nUNSUB 1\nPING\n',
    out: "MSG foo 1 2\r\nhi\r\nPONG\r\n",
  },
  {
    name: "a line feed alone does not end a payload",
    in: `${C}PUB foo 2\r\nhi\nPING\r\n`,
    out: UNKNOWN,
    closes: true,
  },
  {
    name: "tabs, runs of blanks and trailing blanks",
    in:
      `${C}SUB \t foo \t 1 \t\r\nPUB\tfoo\t 2 \r\nhi\r\nPUB   foo   bar   2  \r\nhi\r\nUNSUB  1  \r\n`,
    out: "MSG foo 1 2\r\nhi\r\nMSG foo 1 bar 2\r\nhi\r\n",
  },
  {
    name: "a stray carriage return separates arguments of SUB",
    in: `${C}SUB foo\r1\r\nPUB foo 2\r\nhi\r\n`,
    out: "MSG foo 1 2\r\nhi\r\n",
  },
  {
    name: "PING and PONG ignore the rest of the line",
    in: `${C}PINGxyz\r\nPING foo bar\r\nPONG ${x(5000)}\r\n`,
    out: "PONG\r\nPONG\r\n",
  },
  { name: "+OK is ignored", in: `${C}+OK\r\n+ok whatever\r\n`, out: "" },
  {
    name: "-ERR closes silently",
    in: `${C}-ERR 'nothing works'\r\nPING\r\n`,
    out: "",
    closes: true,
  },
  { name: "INFO is ignored", in: `${C}INFO {"version":"1"}\r\n`, out: "" },
  {
    name: "malformed INFO closes silently",
    in: `${C}INFO nonsense\r\n`,
    out: "",
    closes: true,
  },
  ...[
    "FOO\r\n",
    "\r\n",
    " PING\r\n",
    "MSG foo 1 2\r\nhi\r\n",
    "HMSG foo 1 2 2\r\nhi\r\n",
    "RS+ $G foo\r\n",
    "LS+ foo\r\n",
    "A+ foo\r\n",
    "PUB\r\n",
    "HPUB\r\n",
    "SUB\r\n",
    "UNSUB\r\n",
    "-ERR\r\n",
    "+KO\r\n",
    "PUBX foo 1\r\nx\r\n",
    "\0\x01\xff\xfe",
    "GET / HTTP/1.1\r\n\r\n",
  ].map((text) => ({
    name: `unknown operation ${JSON.stringify(text)}`,
    in: C + text,
    out: UNKNOWN,
    closes: true,
  })),
  {
    name: "what came before an unknown operation has taken effect",
    in: `${C}SUB foo 1\r\nPUB foo 2\r\nhi\r\nFOO\r\nPUB foo 2\r\nno\r\n`,
    out: `MSG foo 1 2\r\nhi\r\n${UNKNOWN}`,
    closes: true,
  },
  ...[
    "SUB foo\r\n",
    "SUB foo bar 1 2\r\n",
    "SUB  \r\n",
    "UNSUB \r\n",
    "UNSUB 1 2 3\r\n",
    "PUB foo\r\n",
    "PUB foo bar 2 3\r\n",
    "PUB foo 0x1\r\n",
    "PUB foo -1\r\n",
    "PUB foo +1\r\n",
    "PUB foo 1.0\r\n",
    "PUB foo 1e1\r\n",
    "PUB foo 1234567890\r\n",
    "PUB foo 999999999999999999999999999999\r\n",
    "PUB foo bar\r\n",
  ].map((text) => ({
    name: `bad arguments close silently: ${JSON.stringify(text)}`,
    in: C + text,
    out: "",
    closes: true,
  })),
  {
    name: "longest control line of SUB",
    in: `${C}SUB ${x(4094)} 1\r\n`,
    out: "",
  },
  ...[
    `SUB ${x(4095)} 1\r\n`,
    `PUB ${x(4095)} 1\r\n`,
    `CONNECT {"name":"${x(4086)}"}\r\n`,
    `SUB ${x(5000)}`,
  ].map((text) => ({
    name: `control line too long: ${text.slice(0, 9)}… of ${text.length}`,
    in: C + text,
    out: "-ERR 'maximum control line exceeded'\r\n",
    closes: true,
  })),
];

const publish: Transcript[] = [
  {
    name: "an empty payload",
    in: `${C}SUB foo 1\r\nPUB foo 0\r\n\r\nPUB foo bar 0\r\n\r\n`,
    out: "MSG foo 1 0\r\n\r\nMSG foo 1 bar 0\r\n\r\n",
  },
  {
    name: "leading zeros of a size are kept",
    in: `${C}SUB foo 1\r\nPUB foo 0003\r\nabc\r\n`,
    out: "MSG foo 1 0003\r\nabc\r\n",
  },
  {
    name: "a reply made of digits",
    in: `${C}SUB foo 1\r\nPUB foo 1 3\r\nabc\r\n`,
    out: "MSG foo 1 1 3\r\nabc\r\n",
  },
  {
    name: "payloads that look like operations",
    in:
      `${C}SUB foo 1\r\nPUB foo 13\r\nPING\r\nPUB x 1\r\nPUB foo 2\r\n\r\n\r\n`,
    out: "MSG foo 1 13\r\nPING\r\nPUB x 1\r\nMSG foo 1 2\r\n\r\n\r\n",
  },
  {
    name: "payload of any bytes",
    in: `${C}SUB foo 1\r\nPUB foo 4\r\n\0\xff\n\r\r\n`,
    out: "MSG foo 1 4\r\n\0\xff\n\r\r\n",
  },
  {
    name: "payload longer than announced",
    in: `${C}PUB foo 2\r\nabc\r\n`,
    out: UNKNOWN,
    closes: true,
  },
  {
    name: "payload announced above the limit closes at once",
    in: `${C}PUB foo 1048577\r\n`,
    out: "-ERR 'Maximum Payload Violation'\r\n",
    closes: true,
  },
  {
    name: "acknowledged before it is delivered to the same connection",
    in: 'CONNECT {"pedantic":false}\r\nSUB foo 1\r\nPUB foo 1\r\nx\r\n',
    out: "+OK\r\n+OK\r\n+OK\r\nMSG foo 1 1\r\nx\r\n",
  },
  {
    name: "wildcards in a published subject are literal",
    in:
      `${C}SUB foo.* 1\r\nSUB foo.bar 2\r\nSUB > 3\r\nPUB foo.* 1\r\nx\r\nPUB > 1\r\ny\r\nUNSUB 3\r\nPUB foo.> 1\r\nz\r\n`,
    out:
      "MSG foo.* 3 1\r\nx\r\nMSG foo.* 1 1\r\nx\r\nMSG > 3 1\r\ny\r\nMSG foo.> 1 1\r\nz\r\n",
  },
  {
    name: "subjects with empty tokens reach nobody",
    in:
      `${C}SUB > 1\r\nPUB foo. 1\r\nx\r\nPUB .foo 1\r\nx\r\nPUB a..b 1\r\nx\r\nPUB . 1\r\nx\r\n`,
    out: "",
  },
  {
    name: "a pedantic client is told and the message goes out all the same",
    in:
      'CONNECT {"verbose":false,"pedantic":true}\r\nSUB foo.* 1\r\nPUB foo.* 1\r\nx\r\nPUB foo..bar 1\r\nx\r\nPUB foo.x* 1\r\nx\r\n',
    out:
      "-ERR 'Invalid Publish Subject'\r\nMSG foo.* 1 1\r\nx\r\n-ERR 'Invalid Publish Subject'\r\nMSG foo.x* 1 1\r\nx\r\n",
  },
  {
    name: "subjects are bytes",
    in: `${C}SUB \xc3\x28\0.* 1\r\nPUB \xc3\x28\0.\xff 1\r\nx\r\n`,
    out: "MSG \xc3\x28\0.\xff 1 1\r\nx\r\n",
  },
  {
    name: "subjects differ by case",
    in: `${C}SUB FOO 1\r\nPUB foo 1\r\nx\r\nPUB FOO 1\r\ny\r\n`,
    out: "MSG FOO 1 1\r\ny\r\n",
  },
  ...["_GR_.a.b", '_GR_."\\.\x01', "_GR_.\xc3\xa4\xff\x7f"].map((subject) => ({
    name: `reserved subject ${JSON.stringify(subject)}`,
    in: `${C}SUB > 1\r\nPUB ${subject} 1\r\nx\r\n`,
    out: `-ERR 'Permissions Violation for Publish to ${
      {
        "_GR_.a.b": '"_GR_.a.b"',
        '_GR_."\\.\x01': '"_GR_.\\"\\\\.\\x01"',
        "_GR_.\xc3\xa4\xff\x7f": '"_GR_.\xc3\xa4\\xff\\x7f"',
      }[subject]
    }'\r\n`,
  })),
  ...["_R_.a", "$JS.ACK.a.b", "_GR_.a.b"].map((reply) => ({
    name: `reserved reply ${reply}`,
    in: `${C}SUB > 1\r\nPUB foo ${reply} 1\r\nx\r\n`,
    out:
      `-ERR 'Permissions Violation for Publish with Reply of "${reply}"'\r\n`,
  })),
  ...["_R_a", "$JS.ACKx", "$JS.API.x", "_INBOX.a", "_GR.a", "$SYS.a", "$G"].map(
    (name) => ({
      name: `${name} is not reserved`,
      in: `${C}SUB > 1\r\nPUB ${name} ${name} 1\r\nx\r\n`,
      out: `MSG ${name} 1 ${name} 1\r\nx\r\n`,
    }),
  ),
];

const headers: Transcript[] = [
  {
    name: "HPUB becomes HMSG",
    in:
      `${H}SUB foo 1\r\nHPUB foo 22 25\r\nNATS/1.0\r\nFoo: Bar\r\n\r\nabc\r\nHPUB foo re.ply 12 12\r\nNATS/1.0\r\n\r\n\r\n`,
    out:
      "HMSG foo 1 22 25\r\nNATS/1.0\r\nFoo: Bar\r\n\r\nabc\r\nHMSG foo 1 re.ply 12 12\r\nNATS/1.0\r\n\r\n\r\n",
  },
  {
    name: "a header block may be anything",
    in: `${H}SUB foo 1\r\nHPUB foo 7 9\r\ngarbageab\r\n`,
    out: "HMSG foo 1 7 9\r\ngarbageab\r\n",
  },
  {
    name: "an empty header block makes a MSG",
    in:
      `${H}SUB foo 1\r\nHPUB foo 0 3\r\nabc\r\nHPUB foo 1 00 3\r\nabc\r\nPUB foo 3\r\nabc\r\n`,
    out: "MSG foo 1 3\r\nabc\r\nMSG foo 1 1 3\r\nabc\r\nMSG foo 1 3\r\nabc\r\n",
  },
  {
    name: "HPUB in odd spacing",
    in:
      `${H}SUB foo 1\r\nHPUB  foo   12\t14 \nNATS/1.0\r\n\r\nhi\r\nhpub foo  5  12  14\r\nNATS/1.0\r\n\r\nhi\r\n`,
    out:
      "HMSG foo 1 12 14\r\nNATS/1.0\r\n\r\nhi\r\nHMSG foo 1 5 12 14\r\nNATS/1.0\r\n\r\nhi\r\n",
  },
  ...[
    "HPUB foo 12\r\n",
    "HPUB foo a b 12 12\r\n",
    "HPUB foo 13 12\r\n",
    "HPUB foo x 12\r\n",
    "HPUB foo -1 12\r\n",
    "HPUB foo 12 x\r\n",
  ].map((text) => ({
    name: `bad arguments close silently: ${JSON.stringify(text)}`,
    in: H + text,
    out: "",
    closes: true,
  })),
  {
    name: "HPUB without headers in CONNECT closes silently",
    in: `${C}HPUB foo 12 12\r\nNATS/1.0\r\n\r\n\r\n`,
    out: "",
    closes: true,
  },
  {
    name: "header block and payload together obey the limit",
    in: `${H}HPUB foo 12 1048577\r\n`,
    out: "-ERR 'Maximum Payload Violation'\r\n",
    closes: true,
  },
];

const subscribe: Transcript[] = [
  {
    name: "sids are any token",
    in: `${C}SUB foo abc-XYZ\r\nSUB foo 0\r\nSUB foo ${
      x(40)
    }\r\nUNSUB 0\r\nUNSUB ${x(40)}\r\nPUB foo 1\r\nx\r\n`,
    out: "MSG foo abc-XYZ 1\r\nx\r\n",
  },
  {
    name: "a sid longer than two words",
    in: `${C}SUB foo 123456789\r\nPUB foo re.ply 1\r\nx\r\n`,
    out: "MSG foo 123456789 re.ply 1\r\nx\r\n",
  },
  {
    name: "a sid in use is left alone",
    in:
      'CONNECT {"pedantic":false}\r\nSUB foo 1\r\nSUB bar 1\r\nPUB bar 1\r\nx\r\nPUB foo 1\r\ny\r\n',
    out: "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\nMSG foo 1 1\r\ny\r\n",
  },
  ...["foo.", ".foo", "a..b", ">.a", "a.>.b", "."].map((subject) => ({
    name: `invalid subject ${subject}`,
    in: `CONNECT {"pedantic":false}\r\nSUB ${subject} 1\r\nSUB ok 1\r\n`,
    out: "+OK\r\n-ERR 'Invalid Subject'\r\n+OK\r\n",
  })),
  {
    name: "* is one token, > one or more",
    in:
      `${C}SUB foo.* 1\r\nPUB foo 1\r\na\r\nPUB foo.x 1\r\nb\r\nPUB foo.x.y 1\r\nc\r\nUNSUB 1\r\nSUB foo.> 2\r\nPUB foo 1\r\nd\r\nPUB foo.x 1\r\ne\r\nPUB foo.x.y 1\r\nf\r\n`,
    out: "MSG foo.x 1 1\r\nb\r\nMSG foo.x 2 1\r\ne\r\nMSG foo.x.y 2 1\r\nf\r\n",
  },
  {
    name: "* in the middle",
    in:
      `${C}SUB a.*.c 1\r\nPUB a.b.c 1\r\nx\r\nPUB a.b.d 1\r\nx\r\nPUB a.c 1\r\nx\r\nPUB a.b.c.d 1\r\nx\r\n`,
    out: "MSG a.b.c 1 1\r\nx\r\n",
  },
  ...["foo*", "f*o", "**", ">>", "foo.*bar", "foo.>bar"].map((subject) => ({
    name: `${subject} is literal`,
    in:
      `${C}SUB ${subject} 1\r\nPUB foo.xbar 1\r\nx\r\nPUB fooo 1\r\nx\r\nPUB foo 1\r\nx\r\nPUB ab 1\r\nx\r\nPUB ${subject} 1\r\ny\r\n`,
    out: `MSG ${subject} 1 1\r\ny\r\n`,
  })),
  {
    name: "every subscription gets a copy",
    in:
      `${C}SUB foo 1\r\nPUB foo 1\r\nx\r\nSUB f.> 2\r\nSUB f.a 3\r\nUNSUB 2\r\nPUB f.a 1\r\ny\r\n`,
    out: "MSG foo 1 1\r\nx\r\nMSG f.a 3 1\r\ny\r\n",
  },
  {
    name: "one member of a queue group gets it, plain subscriptions first",
    in: `${C}SUB foo q 1\r\nSUB foo 2\r\nPUB foo 1\r\nx\r\n`,
    out: "MSG foo 2 1\r\nx\r\nMSG foo 1 1\r\nx\r\n",
  },
  {
    name: "queue _sys_ is refused",
    in: `CONNECT {"pedantic":false}\r\nSUB foo _sys_ 1\r\n`,
    out:
      `+OK\r\n-ERR 'Permissions Violation for Subscription to "foo" using queue "_sys_"'\r\n`,
  },
  {
    name: "without echo a connection does not hear itself",
    in:
      'CONNECT {"verbose":false,"pedantic":false,"echo":false}\r\nSUB foo 1\r\nSUB foo q 2\r\nPUB foo 1\r\nx\r\n',
    out: "",
  },
];

const unsubscribe: Transcript[] = [
  {
    name: "an unknown sid is ignored",
    in: "CONNECT {}\r\nUNSUB 9\r\nUNSUB 9 3\r\n",
    out: "+OK\r\n+OK\r\n+OK\r\n",
  },
  {
    name: "UNSUB ends it",
    in: `${C}SUB foo 1\r\nPUB foo 1\r\nx\r\nUNSUB 1\r\nPUB foo 1\r\ny\r\n`,
    out: "MSG foo 1 1\r\nx\r\n",
  },
  {
    name: "max counts from the start",
    in:
      `${C}SUB foo 1\r\nPUB foo 1\r\n1\r\nUNSUB 1 3\r\nPUB foo 1\r\n2\r\nPUB foo 1\r\n3\r\nPUB foo 1\r\n4\r\n`,
    out: "MSG foo 1 1\r\n1\r\nMSG foo 1 1\r\n2\r\nMSG foo 1 1\r\n3\r\n",
  },
  {
    name: "a max already reached ends it at once",
    in:
      `${C}SUB foo 1\r\nPUB foo 1\r\n1\r\nPUB foo 1\r\n2\r\nUNSUB 1 2\r\nPUB foo 1\r\n3\r\n`,
    out: "MSG foo 1 1\r\n1\r\nMSG foo 1 1\r\n2\r\n",
  },
  ...["0", "abc", "-1", "1234567890"].map((max) => ({
    name: `max ${max} ends it at once`,
    in: `${C}SUB foo 1\r\nUNSUB 1 ${max}\r\nPUB foo 1\r\nx\r\n`,
    out: "",
  })),
  {
    name: "max can be raised and lowered, and the sid used again",
    in:
      `${C}SUB foo 1\r\nUNSUB 1 1\r\nUNSUB 1 3\r\nPUB foo 1\r\n1\r\nUNSUB 1 2\r\nPUB foo 1\r\n2\r\nPUB foo 1\r\n3\r\nSUB foo 1\r\nPUB foo 1\r\n4\r\n`,
    out: "MSG foo 1 1\r\n1\r\nMSG foo 1 1\r\n2\r\nMSG foo 1 1\r\n4\r\n",
  },
  {
    name: "max counts for a queue subscription too",
    in: `${C}SUB foo q 1\r\nUNSUB 1 1\r\nPUB foo 1\r\n1\r\nPUB foo 1\r\n2\r\n`,
    out: "MSG foo 1 1\r\n1\r\n",
  },
];

const noResponders: Transcript[] = [
  {
    name: "nobody is there",
    in: `${H}SUB inbox.* 7\r\nPUB foo.bar inbox.1 2\r\nhi\r\n`,
    out:
      "HMSG inbox.1 7 39 39\r\nNATS/1.0 503\r\nNats-Subject: foo.bar\r\n\r\n\r\n",
    before212: "HMSG inbox.1 7 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
  },
  {
    name: "somebody is there",
    in: `${H}SUB inbox 7\r\nSUB foo 8\r\nPUB foo inbox 2\r\nhi\r\n`,
    out: "MSG foo 8 inbox 2\r\nhi\r\n",
  },
  {
    name: "nobody waits on the reply",
    in:
      `${H}PUB foo inbox 2\r\nhi\r\nSUB inbox q 7\r\nPUB foo inbox 2\r\nhi\r\n`,
    out: "",
  },
  {
    name: "not asked for",
    in:
      'CONNECT {"verbose":false,"pedantic":false,"headers":true}\r\nSUB inbox 7\r\nPUB foo inbox 2\r\nhi\r\n',
    out: "",
  },
  {
    name: "own subscription without echo is nobody",
    in:
      'CONNECT {"verbose":false,"pedantic":false,"headers":true,"no_responders":true,"echo":false}\r\nSUB inbox 7\r\nSUB f 8\r\nPUB f inbox 2\r\nhi\r\n',
    out: "HMSG inbox 7 33 33\r\nNATS/1.0 503\r\nNats-Subject: f\r\n\r\n\r\n",
    before212: "HMSG inbox 7 16 16\r\nNATS/1.0 503\r\n\r\n\r\n",
  },
  {
    name: "it does not count towards max",
    in:
      `${H}SUB inbox 7\r\nUNSUB 7 1\r\nPUB foo inbox 0\r\n\r\nPUB inbox 1\r\nx\r\nPUB inbox 1\r\ny\r\n`,
    out:
      "HMSG inbox 7 35 35\r\nNATS/1.0 503\r\nNats-Subject: foo\r\n\r\n\r\nMSG inbox 7 1\r\nx\r\n",
    before212:
      "HMSG inbox 7 16 16\r\nNATS/1.0 503\r\n\r\n\r\nMSG inbox 7 1\r\nx\r\n",
  },
  {
    name: "a refused publish gets none",
    in: `${H}SUB inbox 7\r\nPUB _GR_.a inbox 0\r\n\r\n`,
    out: `-ERR 'Permissions Violation for Publish to "_GR_.a"'\r\n`,
  },
];

/** All of them by what they are about. */
export const TRANSCRIPTS: Readonly<Record<string, readonly Transcript[]>> = {
  connect,
  lexical,
  publish,
  headers,
  subscribe,
  unsubscribe,
  "no responders": noResponders,
};
