import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { IN_ENGLISH, type Language } from './language.ts';

/** The language of the components inside. */
export const LanguageContext = createContext(IN_ENGLISH);

/** Returns the language of the surrounding page. */
export function useLanguage(): Language {
  return useContext(LanguageContext);
}
