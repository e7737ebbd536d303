import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { whileVisible } from '../../../components/whileVisible.ts';

describe('whileVisible', () => {
  const page = Object.assign(new EventTarget(), { hidden: false });
  const show = (hidden: boolean) => {
    page.hidden = hidden;
    page.dispatchEvent(new Event('visibilitychange'));
  };
  beforeEach(() => {
    jest.useFakeTimers();
    Object.assign(globalThis, { document: page });
    page.hidden = false;
  });
  afterEach(() => {
    jest.useRealTimers();
    Reflect.deleteProperty(globalThis, 'document');
  });

  test('reads at once and at each interval, until it is stopped', () => {
    const read = jest.fn();
    const stop = whileVisible(read, 1000);
    expect(read).toHaveBeenCalledTimes(1);
    jest.advanceTimersByTime(2000);
    expect(read).toHaveBeenCalledTimes(3);
    stop();
    jest.advanceTimersByTime(5000);
    show(false);
    expect(read).toHaveBeenCalledTimes(3);
  });

  test("doesn't read while the page is hidden, and reads as soon as the page is visible", () => {
    page.hidden = true;
    const read = jest.fn();
    const stop = whileVisible(read, 600_000);
    jest.advanceTimersByTime(1_200_000);
    expect(read).not.toHaveBeenCalled();
    show(false);
    expect(read).toHaveBeenCalledTimes(1);
    show(true);
    expect(read).toHaveBeenCalledTimes(1);
    stop();
  });
});
