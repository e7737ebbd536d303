/**
 * What `import … from 'latchkey'` gives: the registry and what it deals in, with no CDK behind it.
 *
 * @module latchkey
 */
export * from './keys/index.ts';
