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
}

/** In the order of the page. */
export const SECTIONS: readonly Section[] = [
  {
    part: 'peers',
    group: 'verification',
    title: 'Peers',
    text:
      'One verification. Ours is the whole handler, as it is deployed with metrics on, for a REST API event of a key that the record cache ' +
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
      'answers at once with a record. The floor is a request signed by hand over `node:http`, without retries, a time limit or checks.',
    base: 'signed by hand, node:http',
    chart: 'store',
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
