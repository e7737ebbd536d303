import { expect, test } from '@jest/globals';
import { sourcesText } from '../../../console/page/sourcesText.ts';

test('sourcesText names every source', () => {
  expect(sourcesText(['access-log', 'minute-lines'])).toBe('Counted from access logs and minute lines, in UTC.');
});
