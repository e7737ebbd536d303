import { fileURLToPath } from 'node:url';
import base from '../jest.config.js';
import { part, testFilesOf } from './stryker.config.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const [{ globalSetup: _, globalTeardown: __, displayName: ___, ...inProcess }] = base.projects;

export default {
  ...inProcess,
  rootDir: ROOT,
  watchman: false,
  roots: [...part.sources, 'test'].map((folder) => `${ROOT}${folder}`),
  testMatch: testFilesOf(ROOT).map((file) => `${ROOT}${file}`),
  filter: `${ROOT}mutation/chosenTestFiles.cjs`,
};
