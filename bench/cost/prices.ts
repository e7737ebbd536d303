/** What AWS asks, in US dollars. */
export interface PriceList {
  readonly region: string;
  /** The day on which the list was put down. */
  readonly asOf: string;
  readonly source: string;
  readonly readUnit: number;
  readonly writeUnit: number;
  readonly lambdaRequest: number;
  readonly lambdaGbSecond: number;
  readonly logByte: number;
}

const MILLION = 1_000_000;

/**
 * List prices before what is free and before any discount. API Gateway is not in it: it asks the same whichever authorizer
 * is behind it.
 */
export const PRICES: PriceList = {
  region: 'us-east-1',
  asOf: '2026-11-25',
  source: "AWS's price pages of DynamoDB (on demand), Lambda (arm64, first tier) and CloudWatch (logs, standard class)",
  readUnit: 0.125 / MILLION,
  writeUnit: 0.625 / MILLION,
  lambdaRequest: 0.2 / MILLION,
  lambdaGbSecond: 0.0000133334,
  logByte: 0.5 / 1e9,
};
