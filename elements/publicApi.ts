export { ENGLISH } from './english.ts';
export type { KeysTextName, KeysTexts } from './english.ts';
export { GERMAN } from './german.ts';
export type {
  LatchkeyKey,
  LatchkeyKeyDetail,
  LatchkeyKeysElement,
  LatchkeyKeysEventMap,
} from './latchkeyKeysElement.ts';
