/**
 * At most so many of the values that it is given, spread evenly over all of them: whenever it is full, it drops every second
 * one and from then on takes one where it took two. Which values those are depends on their order alone.
 */
export class SampledValues {
  readonly #capacity: number;
  readonly #values: number[] = [];
  #given = 0;
  #stride = 1;

  /** `capacity` is at least 1. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  add(value: number): void {
    const isTaken = this.#given++ % this.#stride === 0;
    if (!isTaken) return;
    this.#values.push(value);
    if (this.#values.length > this.#capacity) this.#thin();
  }

  /** What was taken since the last call. */
  takeAll(): readonly number[] {
    this.#given = 0;
    this.#stride = 1;
    return this.#values.splice(0);
  }

  #thin(): void {
    this.#stride *= 2;
    let kept = 0;
    for (let at = 0; at < this.#values.length; at += 2) this.#values[kept++] = this.#values[at] ?? 0;
    this.#values.length = kept;
  }
}
