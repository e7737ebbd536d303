import type { PartName } from '../parts.ts';

/** A part of the page, with a table and a chart of one group of results. */
export interface Section {
  readonly part: PartName;
  readonly group: string;
  readonly title: string;
  /** What was measured, without a figure. */
  readonly text: string;
  /** The case that the others are told as multiples of, round by round. */
  readonly base?: string;
  /** Of the chart, where one is drawn. */
  readonly chart?: string;
  /** Whether the part's counts are told here. */
  readonly hasCounts?: boolean;
}

/** In the order of the page. */
export const SECTIONS: readonly Section[] = [
  {
    part: 'cold',
    group: 'loaded',
    title: 'Cold start',
    text:
      'From the spawn of a process to the function loaded, each variant once a round in a process of its own, against a store on the ' +
      'loopback interface. The naive authorizer is the one that one writes first: the DocumentClient as it comes, esbuild as it comes, a ' +
      'read and a write on each request. What is primed has read once when it is loaded.',
    base: 'empty',
    chart: 'cold',
    hasCounts: true,
  },
  {
    part: 'cold',
    group: 'importAndLookupCpu',
    title: 'CPU of the import and the first look-up',
    text: 'Processor time without Node’s own start.',
    base: 'naive',
    chart: 'cold-cpu',
  },
  {
    part: 'cold',
    group: 'firstAnswer',
    title: 'The first answer of a loaded function',
    text: 'What the first request waits for once the function is loaded.',
    base: 'ours, not primed',
    chart: 'first-answer',
  },
  {
    part: 'cold',
    group: 'init',
    title: "Under Lambda's runtime client",
    text:
      "From the spawn of Lambda's own runtime client for Node to its asking for the first event, at a Runtime API on the loopback interface: " +
      'what Lambda calls the init. The client loads much of Node itself.',
    base: 'empty',
    chart: 'init',
  },
  {
    part: 'cold',
    group: 'firstInvocation',
    title: "The first event under Lambda's runtime client",
    text: 'From the Runtime API and back to it.',
    base: 'ours, not primed',
  },
  {
    part: 'warm',
    group: 'requests',
    title: 'Warm path',
    text:
      'One request, on events that were parsed from JSON before they were timed, as the runtime hands them over, of many keys and routes. The ' +
      'whole handler is as it is deployed, with metrics on; where only the decision is timed, the line says so.',
    base: 'one crypto.hash of a key',
    chart: 'warm',
  },
  {
    part: 'maps',
    group: 'operations',
    title: 'Maps',
    text:
      'New keys without end into maps of as many places as the record cache has, and into one without a bound; then keys that they hold. ' +
      'A new key is a look-up that finds nothing and an entry.',
    base: 'lru-cache, new key',
    chart: 'maps',
  },
  {
    part: 'maps',
    group: 'retained',
    title: 'Memory after a flood',
    text:
      'What is left on the heap after a million new keys, each round in a process of its own. The whole handler is asked by a million ' +
      'well-formed keys that the table lacks; the run fails if a record that it held before is read anew afterwards.',
    chart: 'retained',
  },
  {
    part: 'peers',
    group: 'verification',
    title: 'Peers',
    text:
      'One verification, in time on the processor. Ours is the whole handler, as it is deployed with metrics on, for a REST API event of a key that the record cache ' +
      'holds. Tokens are signed with keys made by the bench, the key set is given, and nothing is fetched. better-auth runs without its ' +
      'rate limit, which would refuse the bench. prefixed-api-key and bcryptjs compare with a hash at hand, and look nothing up.',
    base: 'Latchkey, from the record cache',
    chart: 'peers',
  },
  {
    part: 'store',
    group: 'cpuPerGetItem',
    title: 'CPU of a read',
    text:
      'What one GetItem takes of the CPU of the process that asks, in user and in system time, against a server of its own process that ' +
      'answers at once with a record. A verifier’s client finds its settings as the SDK does, the function’s is told them. The floor is a request signed by hand over `node:http`, without retries, a time limit or checks.',
    base: 'signed by hand, node:http',
    chart: 'store',
  },
  {
    part: 'store',
    group: 'cpuPerRequest',
    title: 'CPU of a request',
    text:
      'The same, of whole requests of a REST API. The naive authorizer is the one that one writes first: the DocumentClient as it comes, a ' +
      'read and a write on each request.',
    base: 'naive authorizer, a read and a write',
    chart: 'requests',
  },
  {
    part: 'gateway',
    group: 'throughput',
    title: 'The local gateway',
    text:
      'Requests a second through `npm start`, eight connections, on a key that is cached: gateway, authorizer and sample integration share ' +
      'the machine with the client. It says how quick tests against it are, and nothing about API Gateway.',
    chart: 'gateway',
  },
];
