/** The English texts of the hosted page. Words in braces are values. */
const ENGLISH = {
  loading: 'Opening your keys…',
  account: 'Account {owner}',
  back: 'Back to the application',
  signOut: 'Sign out',
  signedOutTitle: 'You’re signed out',
  signedOutText: 'You can close this page.',
  endedTitle: 'Your session has ended',
  endedText: 'Open this page from your application again.',
  refusedTitle: 'This link doesn’t work',
  refusedText: 'A link works once, for 15 minutes. Open this page from your application again.',
  switchTitle: 'This link is for another account',
  switchText: 'You’re signed in to the account {owner}. If you continue, this browser leaves it.',
  continue: 'Continue with the other account',
  stay: 'Stay in {owner}',
  failedTitle: 'The server isn’t responding',
  failedText: 'Check your connection, and try again.',
  retry: 'Try again',
  keysOf: 'Show the keys of {owner}',
} as const;

/** The texts of the hosted page in one language. */
export type PortalTexts = Readonly<Record<keyof typeof ENGLISH, string>>;

const GERMAN: PortalTexts = {
  loading: 'Ihre Schlüssel werden geöffnet…',
  account: 'Konto {owner}',
  back: 'Zurück zur Anwendung',
  signOut: 'Abmelden',
  signedOutTitle: 'Sie sind abgemeldet',
  signedOutText: 'Sie können diese Seite schließen.',
  endedTitle: 'Ihre Sitzung ist beendet',
  endedText: 'Öffnen Sie diese Seite erneut aus Ihrer Anwendung.',
  refusedTitle: 'Dieser Link funktioniert nicht',
  refusedText: 'Ein Link funktioniert einmal, 15 Minuten lang. Öffnen Sie diese Seite erneut aus Ihrer Anwendung.',
  switchTitle: 'Dieser Link gehört zu einem anderen Konto',
  switchText: 'Sie sind im Konto {owner} angemeldet. Wenn Sie fortfahren, verlässt dieser Browser es.',
  continue: 'Mit dem anderen Konto fortfahren',
  stay: 'Im Konto {owner} bleiben',
  failedTitle: 'Der Server antwortet nicht',
  failedText: 'Prüfen Sie Ihre Verbindung, und versuchen Sie es erneut.',
  retry: 'Erneut versuchen',
  keysOf: 'Schlüssel von {owner} zeigen',
};

/** A language of the hosted page. */
export interface PortalLanguage {
  /** The value of the page's `lang`, which the element reads too. */
  readonly tag: string;
  readonly texts: PortalTexts;
}

/** Returns the first language of the browser's user that the page has, or English. */
export function choosePortalLanguage(tags: readonly string[]): PortalLanguage {
  const tag = tags.find((each) => /^(en|de)(-|$)/i.test(each)) ?? 'en';
  return { tag, texts: /^de/i.test(tag) ? GERMAN : ENGLISH };
}
