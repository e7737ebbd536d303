// Express 4 is installed under another name. Its types describe the same calls as those of Express 5.
declare module 'express-4' {
  export { default } from 'express';
}
