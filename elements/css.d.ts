// The build replaces an imported style sheet with its bundled text.
declare module '*.css' {
  const text: string;
  export default text;
}
