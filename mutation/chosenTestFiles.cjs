/**
 * A filter for Jest. It keeps the test files that fileByFileRunner.js lists in CHOSEN_TEST_FILES. If the variable isn't
 * set, it keeps all.
 */
module.exports = (paths) => {
  const chosen = process.env['CHOSEN_TEST_FILES']?.split('\n');
  return {
    filtered: chosen === undefined ? paths : paths.filter((path) => chosen.some((file) => path.endsWith(file))),
  };
};
