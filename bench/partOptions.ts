/** How a part is run. */
export interface PartOptions {
  readonly rounds: number;
  /** The Node binary that what a part starts runs on; the part itself runs on it too. */
  readonly node: string;
  /** Where Lambda's runtime client is; what needs it is left out elsewhere. */
  readonly runtimeClient?: string | undefined;
}
