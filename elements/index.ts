// The element `<latchkey-keys>`. Importing this module defines the element if there is a browser (docs/portal.md).
import { defineLatchkeyKeys } from './latchkeyKeys.tsx';

export * from './publicApi.ts';

defineLatchkeyKeys();
